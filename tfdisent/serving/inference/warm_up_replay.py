"""The requests that a version brings along, to be run before clients' own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import google_crc32c
from google.protobuf.message import DecodeError

from tfdisent.export.contract import WARM_UP_FILE
from tfdisent.export.messages import PredictionLog, PredictRequest
from tfdisent.serving.status import Code, ServingError

MAX_RECORDS = 1000


def replay_warm_up(
    directory: Path, run: Callable[[PredictRequest], None]
) -> None:
    """Runs the warm-up requests of a version, if it has any.

    Args:
      directory: of the version.
      run: runs one request.

    Raises:
      ServingError: the file is damaged or too long, or a request failed.

    References:
      tensorflow_serving/servables/tensorflow/saved_model_warmup.cc;
      tensorflow/core/lib/io/record_writer.h for the file's format.
    """
    path = directory / WARM_UP_FILE
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            for number, content in enumerate(_records(file), 1):
                try:
                    run(_request(content, number))
                except ServingError as error:
                    raise ServingError(
                        error.code,
                        f"warm-up request {number} failed: {error.message}",
                    ) from error
    except OSError as error:
        raise ServingError(
            Code.DATA_LOSS, f"the warm-up file: {error.strerror}."
        ) from error


def _request(content: bytes, number: int) -> PredictRequest:
    if number > MAX_RECORDS:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"Number of warmup records exceeds the maximum ({MAX_RECORDS}).",
        )
    try:
        log = PredictionLog.FromString(content)
    except DecodeError as error:
        raise ServingError(Code.DATA_LOSS, "it is no PredictionLog.") from error
    if not log.HasField("predict_log"):
        raise ServingError(Code.UNIMPLEMENTED, "it is no predict_log.")
    return log.predict_log.request


def _records(file: BinaryIO) -> Iterator[bytes]:
    """The records of a TFRecord file: length, its sum, content, its sum."""
    left = os.fstat(file.fileno()).st_size
    while left:
        length = int.from_bytes(_checked(file.read(12)), "little")
        left -= 16 + length
        if left < 0:
            raise _damaged()
        yield _checked(file.read(length + 4))


def _checked(framed: bytes) -> bytes:
    content, stored = framed[:-4], framed[-4:]
    crc = google_crc32c.value(content)
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32
    if stored != masked.to_bytes(4, "little"):
        raise _damaged()
    return content


def _damaged() -> ServingError:
    return ServingError(Code.DATA_LOSS, "the warm-up file is damaged.")
