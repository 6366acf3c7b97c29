"""Pictures of a run as files."""

import pathlib
from collections.abc import Sequence

from matplotlib.figure import Figure

from tfdisent.evaluation.figures.animation import Animation
from tfdisent.evaluation.figures.save_figure import save_figure, write_picture

Picture = Figure | Animation | dict[str, Figure]


def save(
    drawn: Picture, stem: pathlib.Path, formats: Sequence[str]
) -> list[pathlib.Path]:
    """Writes a picture in several formats.

    Args:
      drawn: What is written; several figures by name into a folder.
      stem: Path without an ending.
      formats: Of figures, see `save_figure.FORMATS`; an animation is WebP.

    Returns:
      The paths.

    Raises:
      RunError: If it cannot be written.
    """
    if isinstance(drawn, dict):
        return [
            path
            for name, figure in drawn.items()
            for path in save(figure, stem / name, formats)
        ]
    if isinstance(drawn, Animation):
        path = stem.with_name(f"{stem.name}.webp")
        write_picture(drawn.encoded(), path)
        return [path]
    paths = [stem.with_name(f"{stem.name}.{ending}") for ending in formats]
    for path in paths:
        save_figure(drawn, path)
    return paths
