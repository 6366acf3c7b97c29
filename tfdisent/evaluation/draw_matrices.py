"""The matrices of an evaluation as heat maps."""

import pathlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from tfdisent.evaluation.figures.metric_matrices import metric_matrix
from tfdisent.evaluation.figures.save_figure import FORMATS, save_figure
from tfdisent.evaluation.file_names import file_name

BETWEEN = {"unfairness": "factors", "mean_pairwise_mi": "latents"}
"""What the rows and columns of a square matrix are."""


MOST = 200
"""Matrices with more rows are not drawn: nobody could look at them."""


class NamedMatrix(NamedTuple):
    """A matrix of evaluation.json.

    Attributes:
      file: Name of its picture, without an ending.
      key: Of its metric, options included.
      part: Its name among the metric's matrices.
      matrix: `[R, C]`.
      rows: R names.
      columns: C names.
      are_rows_factors: Whether rows are factors, and not latents.
    """

    file: str
    key: str
    part: str
    matrix: np.ndarray
    rows: list[str]
    columns: list[str]
    are_rows_factors: bool


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
    """The matrices of evaluation.json as figures, by names for files."""
    kl = evaluation.get("images", {}).get("kl_per_latent")
    return {
        named.file: metric_matrix(
            named.matrix,
            f"{named.part} of {named.key}".replace("_", " "),
            named.rows,
            named.columns,
            unit="nats" if "mi_matrix" in named.part else "",
            kl=None if named.are_rows_factors else kl,
        )
        for named in named_matrices(evaluation)
    }


def named_matrices(evaluation: dict) -> Iterator[NamedMatrix]:
    """The matrices of evaluation.json that are drawn.

    Rows are latents and columns factors, but for the metrics of BETWEEN.
    """
    names = evaluation["data"].get("factor_names", [])
    factors = [name.replace("_", " ") for name in names]
    for key, entry in evaluation["metrics"].items():
        for name, matrix in entry.get("matrices", {}).items():
            matrix = np.array(matrix, np.float64)
            if max(matrix.shape) > MOST:
                continue
            metric, _, part = name.partition("/")
            between = BETWEEN.get(metric)
            latents = [f"z{d}" for d in range(len(matrix))]
            yield NamedMatrix(
                f"{file_name(key)}-{part}",
                key,
                part,
                matrix,
                factors if between == "factors" else latents,
                latents if between == "latents" else factors,
                are_rows_factors=between == "factors",
            )
