"""The matrices of an evaluation as heat maps."""

import pathlib

import numpy as np

from tfdisent.evaluation.figures.metric_matrices import metric_matrix
from tfdisent.evaluation.figures.save_figure import save_figure


def draw_matrices(evaluation: dict, folder: pathlib.Path) -> list[pathlib.Path]:
    """Draws every matrix of evaluation.json.

    Rows and columns are latents or factors, whichever there are as many of.

    Args:
      evaluation: What the file holds.
      folder: For the pictures, one for each matrix.

    Returns:
      Their paths.

    Raises:
      RunError: If they cannot be written.
    """
    factors = evaluation["data"].get("factor_names", [])
    kl = evaluation.get("images", {}).get("kl_per_latent")
    paths = []
    for key, entry in evaluation["metrics"].items():
        for name, rows in entry.get("matrices", {}).items():
            matrix = np.array(rows)
            labels = [_labels(size, factors) for size in matrix.shape]
            of_latents = kl is not None and len(kl) == len(matrix)
            figure = metric_matrix(
                matrix,
                f"{name.rsplit('/')[-1]} of {key}".replace("_", " "),
                *labels,
                unit="nats" if "mi_matrix" in name else "",
                kl=kl if of_latents else None,
            )
            part = name.partition("/")[2]
            paths.append(folder / f"{_file_name(key)}-{part}.png")
            save_figure(figure, paths[-1])
    return paths


def _labels(size: int, factors: list[str]) -> list[str]:
    if size == len(factors):
        return [name.replace("_", " ") for name in factors]
    return [f"z{d}" for d in range(size)]


def _file_name(key: str) -> str:
    """A name without what shells and file systems take amiss."""
    kept = [c if c.isalnum() or c in "_-=." else "-" for c in key]
    return "".join(kept).strip("-")
