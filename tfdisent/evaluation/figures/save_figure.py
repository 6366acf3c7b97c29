"""Write a figure to a file."""

import io
import os
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from tfdisent.errors import RunError
from tfdisent.files import whole_file

# Format -> what matplotlib would write of itself and the date.
FORMATS = {
    "png": {"Software": None},
    "svg": {"Creator": None, "Date": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
_SAME_BYTES = {"svg.hashsalt": "tfdisent"}
_WHOLE_FONTS = {"pdf.fonttype": 42}  # Publishers refuse the default, type 3.


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write `figure` as PNG, SVG or PDF, whole or not at all.

    Equal figures give equal bytes: neither date nor version is written.

    Args:
      figure: What to write.
      path: The file, which is replaced if it exists. Its ending is its format,
        PNG unless it is one of `FORMATS`. Missing folders are made.

    Raises:
      RunError: The file cannot be written.
    """
    ending = Path(path).suffix[1:]
    kind = ending if ending in FORMATS else "png"
    picture = io.BytesIO()
    with matplotlib.rc_context(_SAME_BYTES | _WHOLE_FONTS):
        figure.savefig(picture, format=kind, metadata=FORMATS[kind])
    write_picture(picture.getbuffer(), path)


def write_picture(
    content: bytes | memoryview, path: str | os.PathLike[str]
) -> None:
    """Write the bytes of a picture, as `save_figure` does.

    Raises:
      RunError: The file cannot be written.
    """
    try:
        with whole_file(Path(path)) as file:
            file.write(content)
    except OSError as error:
        raise RunError(
            f"The figure {path} cannot be written ({error.strerror}); "
            "free the disk or choose a folder that can be written."
        ) from error
