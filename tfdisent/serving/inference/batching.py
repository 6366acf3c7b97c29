"""How requests that wait are put together: TensorFlow Serving's text file."""

from pathlib import Path
from typing import NamedTuple

from tfdisent.errors import UsageError
from tfdisent.export.messages import BatchingParameters
from tfdisent.serving.text_proto import read_text_proto
from tfdisent.training.processors import num_processors

_NUMBERS = ("max_batch_size", "max_enqueued_batches", "num_batch_threads")


class Batching(NamedTuple):
    """How one signature's requests run together.

    On 2 cores, a convolutional VAE for 64 x 64 pixels takes 0.24 ms of a
    processor alone and 0.085 ms in a batch of 16 or 32; at 64, its activations
    leave the cache and it takes longer again. Runs of one thread each, one per
    processor, answer more than one run which uses all of them: 23,000 images/s
    in batches of 32 against 18,500.

    Attributes:
      max_batch_size: rows of requests that run together; 1 runs every request
        alone and uncut, whatever the others say.
      max_execution_batch_size: rows of one run; a larger request runs in
        parts, on several threads.
      allowed_batch_sizes: rows of a run, increasing; it is padded to the next
        of them. Empty for any.
      num_batch_threads: runs of one signature at a time.
      max_enqueued_batches: batches of `max_batch_size` that may wait, within
        the server's limit; None for that limit alone.
      timeout_seconds: that rows wait at most for others to run with, while
        others can be expected and a thread is free.
    """

    max_batch_size: int = 32
    max_execution_batch_size: int = 32
    allowed_batch_sizes: tuple[int, ...] = ()
    num_batch_threads: int = num_processors()
    max_enqueued_batches: int | None = None
    timeout_seconds: float = 0.002


DEFAULT_BATCHING = Batching()


def read_batching(path: Path) -> Batching:
    """Reads the file of `--batching_parameters_file`.

    `thread_pool_name` and `pad_variable_length_inputs` are read and change
    nothing: rows of different lengths run apart.

    Args:
      path: of a `BatchingParameters` message in text form. What it leaves out
        is as in `DEFAULT_BATCHING`.

    Returns:
      What the file says.

    Raises:
      UsageError: the file cannot be read, or is wrong; with the line or the
        field.
    """
    given = read_text_proto(path, BatchingParameters, "batching parameters")
    fault = _fault(given)
    if fault:
        raise UsageError(f"batching parameters {path}: {fault}.")
    return _batching(given)


def _is_split(given) -> bool:
    return given.enable_large_batch_splitting.value and given.HasField(
        "max_execution_batch_size"
    )


def _fault(given: BatchingParameters) -> str | None:
    """Which field is wrong, and what it must be."""
    for field in (*_NUMBERS, "max_execution_batch_size"):
        value = getattr(given, field).value
        if given.HasField(field) and value < 1:
            return f"{field} must be at least 1, not {value}"
    if given.batch_timeout_micros.value < 0:
        return (
            "batch_timeout_micros must be at least 0, not"
            f" {given.batch_timeout_micros.value}"
        )
    rows = _batching(given)
    if _is_split(given) and given.HasField("max_batch_size"):
        most = given.max_batch_size.value
        if rows.max_execution_batch_size > most:
            return (
                "max_execution_batch_size must be at most max_batch_size,"
                f" {most}"
            )
    sizes, last = rows.allowed_batch_sizes, rows.max_execution_batch_size
    if sizes and (list(sizes) != sorted({*sizes}) or sizes[0] < 1):
        return (
            "allowed_batch_sizes must be positive and increasing, not"
            f" {[*sizes]}"
        )
    if sizes and sizes[-1] != last:
        return f"allowed_batch_sizes must end with {last}, not {sizes[-1]}"
    return None


def _batching(given) -> Batching:
    values = {
        field: getattr(given, field).value
        for field in _NUMBERS
        if given.HasField(field)
    }
    if _is_split(given):
        values["max_batch_size"] = given.max_execution_batch_size.value
    if given.HasField("batch_timeout_micros"):
        values["timeout_seconds"] = given.batch_timeout_micros.value / 1e6
    if "max_batch_size" in values:
        values["max_execution_batch_size"] = values["max_batch_size"]
    return Batching(
        **values, allowed_batch_sizes=tuple(given.allowed_batch_sizes)
    )
