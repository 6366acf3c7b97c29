"""The pictures of a run, for a page that holds all it shows."""

import base64
import pathlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfdisent.evaluation.draw import FIGURES
from tfdisent.evaluation.draw_matrices import NamedMatrix, named_matrices
from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl
from tfdisent.report.run_record import RunRecord


class Figure(NamedTuple):
    """A picture in a page.

    Attributes:
      source: A data URI.
      width: In pixels.
      height: In pixels.
      caption: For all readers.
      alt: For those who do not see it: what it shows.
    """

    source: str
    width: int
    height: int
    caption: str
    alt: str


MEANINGS = {
    **{name: drawn.meaning for name, drawn in FIGURES.items()},
    "grid": "all combinations of values of some latents",
    "comparison": "what this run and others make of the same images",
}
"""Of the pictures that are known, in the order of a report."""


def run_figures(run: RunRecord) -> list[Figure]:
    """The pictures in figures/, those of MEANINGS first."""
    names = {path.stem: path for path in run.figures}
    order = [*MEANINGS, *sorted(set(names) - set(MEANINGS))]
    return [_run_figure(names[name], run) for name in order if name in names]


def matrix_figures(run: RunRecord) -> list[Figure]:
    """The heat maps of the matrices of evaluation.json that were drawn."""
    folder = run.workdir / "figures" / "metrics"
    figures = []
    for named in named_matrices(run.evaluation) if run.evaluation else ():
        path = folder / f"{named.file}.png"
        if path.exists():
            what = named.part.replace("mi_", "mutual information ")
            title = f"{what.replace('_', ' ')} of {named.key}"
            caption = f"{title[0].upper()}{title[1:]}."
            figures.append(_figure(path, caption, _matrix_alt(title, named)))
    return figures


def _figure(path: pathlib.Path, caption: str, alt: str) -> Figure:
    with Image.open(path) as image:
        width, height = image.size
    data = base64.b64encode(path.read_bytes()).decode()
    return Figure(f"data:image/png;base64,{data}", width, height, caption, alt)


def _run_figure(path: pathlib.Path, run: RunRecord) -> Figure:
    name = path.stem
    meaning = MEANINGS.get(name, name.replace("_", " "))
    title = f"{meaning[0].upper()}{meaning[1:]}."
    alts = {
        "reconstructions": "Two rows of images: originals of "
        f"{run.config.dataset} above, their reconstructions below.",
        "samples": "A grid of images that the model makes of random codes.",
        "traversals": _traversals_alt(run),
        "latents_by_factors": _latents_alt(run),
        "curves": _curves_alt(run),
        "capacity": f"Curves over {run.step:,} steps: the KL of each latent, "
        "rate and capacity, and the loss.",
        "pca": "Codes on their first two principal components, with a "
        "line through the values of each factor.",
        "interventions": "A panel for each factor and latent: how far the "
        "latent moves while other factors change.",
        "grid": "A grid of images, each of another combination of values of "
        "some latents.",
        "comparison": "Rows of images: the same originals and codes as several "
        "runs show them.",
    }
    return _figure(path, title, alts.get(name, title))


def _kl(run: RunRecord) -> list[float]:
    images = (run.evaluation or {}).get("images", {})
    return images.get("kl_per_latent", [])


def _traversals_alt(run: RunRecord) -> str:
    start = "A row of images for each latent, decoded while it moves"
    kl = _kl(run)
    if not kl:
        return f"{start}."
    order = order_by_kl(kl)
    active = [
        f"z{z} ({kl[z]:.2f} nats)" for z in order if not is_inactive(kl[z])
    ]
    rest = len(kl) - len(active)
    return (
        f"{start}. Active latents: {', '.join(active) or 'none'}; "
        f"the other {rest} are inactive."
    )


def _latents_alt(run: RunRecord) -> str:
    factors = (run.evaluation or {}).get("data", {}).get("factor_names", [])
    over = ", ".join(name.replace("_", " ") for name in factors)
    start = "A row of panels for each latent: its mean over the values of "
    return f"{start}{over or 'the factors'}."


def _curves_alt(run: RunRecord) -> str:
    last = run.log[-1] if run.log else {}
    ends = [
        f"{name.replace('_', ' ')} ends at {last[name]:.4g}"
        for name in last
        if name in ("distortion", "rate") or name.endswith("_loss")
    ]
    return f"Curves over {run.step:,} steps; {', '.join(ends)}."


def _matrix_alt(title: str, named: NamedMatrix) -> str:
    """The size of a matrix, and where its largest entry is."""
    matrix = named.matrix
    size = f"{matrix.shape[0]} rows and {matrix.shape[1]} columns"
    if not np.isfinite(matrix).any():
        return f"Heat map of the {title}, {size}."
    row, column = np.unravel_index(np.nanargmax(matrix), matrix.shape)
    return (
        f"Heat map of the {title}, {size}; the largest entry, "
        f"{matrix[row, column]:.3g}, is that of {named.rows[row]} and "
        f"{named.columns[column]}."
    )
