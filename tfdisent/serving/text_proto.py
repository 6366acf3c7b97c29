"""Files that hold a message in protobuf's text form."""

from pathlib import Path
from typing import TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from tfdisent.errors import UsageError

T = TypeVar("T", bound=Message)


def read_text_proto(
    path: Path, message: type[T], name: str, *, is_secret: bool = False
) -> T:
    """Reads a file into a message.

    Args:
      path: of the file, in UTF-8.
      message: its class.
      name: what errors call the file.
      is_secret: let errors tell the place of a fault, but not what is there.

    Returns:
      The message.

    Raises:
      UsageError: the file cannot be read, or is no such message; with the
        line.
    """
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), message())
    except OSError as error:
        raise UsageError(
            f"{name} {path} cannot be read: {error.strerror}."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} {path} is not UTF-8 at byte {error.start}."
        ) from None
    except text_format.ParseError as error:
        if is_secret:
            raise UsageError(
                f"{name} {path} is no {message.DESCRIPTOR.name} in text form"
                f" (line {error.GetLine() or '?'})."
            ) from None
        raise UsageError(f"{name} {path}, line {error}") from error
