"""The matrices of an evaluation as heat maps."""

import pathlib

import numpy as np
from matplotlib.figure import Figure

from tfdisent.evaluation.figures.metric_matrices import metric_matrix
from tfdisent.evaluation.figures.save_figure import FORMATS, save_figure

BETWEEN = {"unfairness": "factors", "mean_pairwise_mi": "latents"}
"""What the rows and columns of a square matrix are."""


MOST = 200
"""Matrices with more rows are not drawn: nobody could look at them."""


def draw_matrices(evaluation: dict, folder: pathlib.Path) -> list[pathlib.Path]:
    """Draws the matrices of evaluation.json, and removes other pictures.

    Args:
      evaluation: What the file holds.
      folder: For the pictures, one for each matrix.

    Returns:
      Their paths.

    Raises:
      RunError: If they cannot be written.
    """
    paths = []
    for name, figure in matrices_of(evaluation).items():
        paths.append(folder / f"{name}.png")
        save_figure(figure, paths[-1])
    for ending in FORMATS:
        for stale in set(folder.glob(f"*.{ending}")) - set(paths):
            stale.unlink()
    return paths


def matrices_of(evaluation: dict) -> dict[str, Figure]:
    """The matrices of evaluation.json as figures, by names for files.

    Rows are latents and columns factors, but for the metrics of BETWEEN.
    """
    names = evaluation["data"].get("factor_names", [])
    factors = [name.replace("_", " ") for name in names]
    kl = evaluation.get("images", {}).get("kl_per_latent")
    figures = {}
    for key, entry in evaluation["metrics"].items():
        for name, matrix in entry.get("matrices", {}).items():
            matrix = np.array(matrix)
            if max(matrix.shape) > MOST:
                continue
            between = BETWEEN.get(name.partition("/")[0])
            latents = [f"z{d}" for d in range(len(matrix))]
            rows = factors if between == "factors" else latents
            columns = latents if between == "latents" else factors
            part = name.partition("/")[2]
            figures[f"{file_name(key)}-{part}"] = metric_matrix(
                matrix,
                f"{name.rsplit('/')[-1]} of {key}".replace("_", " "),
                rows,
                columns,
                unit="nats" if "mi_matrix" in name else "",
                kl=kl if rows is latents else None,
            )
    return figures


def file_name(key: str) -> str:
    """A name without what shells and file systems take amiss."""
    kept = [c if c.isalnum() or c in "_-=." else "-" for c in key]
    return "".join(kept).strip("-")
