"""A run as TensorBoard shows it."""

import contextlib
import os
import pathlib

import keras
import tensorflow as tf

from tfdisent.errors import RunError
from tfdisent.training.pictures import Pictures

NUM_PICTURES = 20  # times that pictures are drawn in a run

_FRAME = 16  # bytes that TFRecord puts around a record
_REFUSALS = (tf.errors.OpError, OSError)


class EventFiles(keras.callbacks.Callback):
    """Writes scalars and pictures into event files.

    Pictures come at NUM_PICTURES steps that depend on the number of steps
    alone, the last one among them. A run that goes on first drops the events
    after its checkpoint, as `workdir.truncate_log` does: those steps are done
    again.

    Args:
      folder: Of the event files.
      pictures: What draws the pictures.
      first_step: Steps done before.
      num_steps: Steps of the whole run.

    Raises:
      RunError: Then and in training, when the disk refuses.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        pictures: Pictures,
        *,
        first_step: int,
        num_steps: int,
    ):
        super().__init__()
        self._folder = folder
        self._pictures = pictures
        self._step = first_step
        self._num_steps = num_steps
        try:
            truncate_events(folder, first_step)
            self._writer = tf.summary.create_file_writer(str(folder))
        except _REFUSALS as error:
            raise self._refused(error) from error

    def on_train_batch_end(self, batch, logs=None):
        self._step += 1
        if is_due(self._step, self._num_steps):
            pictures = self._pictures.draw()
            self._write(lambda: _write_pictures(pictures, self._step))

    def write_scalars(self, record: dict) -> None:
        """Writes the numbers of a record of log.jsonl."""
        self._write(lambda: _write_scalars(record))

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()

    def _write(self, write) -> None:
        try:
            with self._writer.as_default():
                write()
                self._writer.flush()  # Whoever watches sees it now.
        except tf.errors.OpError as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> RunError:
        reason = str(error).splitlines()[0].rstrip(".")
        return RunError(f"{self._folder} cannot be written: {reason}.")


def is_due(step: int, num_steps: int) -> bool:
    """Whether pictures are drawn after so many steps."""
    done = step * NUM_PICTURES // num_steps
    return done > (step - 1) * NUM_PICTURES // num_steps


def truncate_events(folder: pathlib.Path, last_step: int) -> None:
    """Drops the events after a step, and what a crash has cut short.

    Raises:
      OSError: If the disk refuses.
    """
    for path in sorted(folder.glob("events.out.tfevents.*")):
        kept = [r for r in _read_records(path) if _step_of(r) <= last_step]
        if sum(len(r) + _FRAME for r in kept) == path.stat().st_size:
            continue
        temporary = path.with_name(f".{path.name}")
        with tf.io.TFRecordWriter(str(temporary)) as file:
            for record in kept:
                file.write(record)
        os.replace(temporary, path)


def _read_records(path: pathlib.Path) -> list[bytes]:
    records = []
    with contextlib.suppress(tf.errors.DataLossError):  # The last is cut short.
        for record in tf.data.TFRecordDataset(str(path)):
            records.append(record.numpy())
    return records


def _step_of(record: bytes) -> int:
    return tf.compat.v1.Event.FromString(record).step


def _write_scalars(record: dict) -> None:
    for name, value in record.items():
        if isinstance(value, str) or name == "step":
            continue
        values = {name: value}
        if isinstance(value, list):
            group = name.removesuffix("_per_latent")
            values = {f"{group}/z{i}": v for i, v in enumerate(value)}
        for tag, number in values.items():
            tf.summary.scalar(tag, number, step=record["step"])


def _write_pictures(pictures: dict, step: int) -> None:
    for name, picture in pictures.items():
        tag = f"pictures/{name}"
        tf.summary.image(
            tag, picture.pixels[None], step=step, description=picture.meaning
        )
        if picture.rows:
            tf.summary.text(f"{tag}_rows", picture.rows, step=step)
