"""Write a figure to a file."""

import io
import os
from pathlib import Path

from matplotlib.figure import Figure

from tfdisent.errors import RunError
from tfdisent.files import whole_file


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write `figure` as a PNG file, whole or not at all.

    Equal figures give equal bytes: neither date nor version is written.

    Args:
      figure: What to write.
      path: The file, which is replaced if it exists. Missing folders are
        made.

    Raises:
      RunError: The file cannot be written.
    """
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    try:
        with whole_file(Path(path)) as file:
            file.write(picture.getbuffer())
    except OSError as error:
        raise RunError(
            f"The figure {path} cannot be written ({error.strerror}); "
            "free the disk or choose a folder that can be written."
        ) from error
