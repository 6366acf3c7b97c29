"""The figures of a trained run."""

import pathlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation import evaluation_file
from tfdisent.evaluation.draw_comparison import draw_comparison
from tfdisent.evaluation.draw_factors import (
    draw_interventions,
    draw_latents_by_factors,
    draw_pca,
)
from tfdisent.evaluation.draw_files import Picture, save
from tfdisent.evaluation.draw_matrices import matrices_of
from tfdisent.evaluation.draw_subject import MANY_FACTORS, Subject, Walk
from tfdisent.evaluation.draw_walks import draw_animation, draw_traversals
from tfdisent.evaluation.figures.capacity_curves import capacity_curves
from tfdisent.evaluation.figures.code_grid import code_grid
from tfdisent.evaluation.figures.curves import loss_curves
from tfdisent.evaluation.figures.reconstructions import reconstructions
from tfdisent.evaluation.figures.samples import samples
from tfdisent.models.base import LatentModel

NUM_IMAGES = 30_000  # behind the mean activations
NUM_RECONSTRUCTIONS = 8
NUM_SAMPLES = 72


class Drawn(NamedTuple):
    """A figure of a run: what it shows, and what draws it.

    The function raises NotApplicable if it cannot be made of a run.
    """

    meaning: str
    draw: Callable[[Subject], Picture]


def draw_run(
    model: LatentModel,
    dataset: FactorDataset,
    workdir: pathlib.Path,
    *,
    figures: Sequence[str] | None = None,
    walk: Walk | None = None,
    formats: Sequence[str] = ("png",),
    seed: int = 0,
) -> list[pathlib.Path]:
    """Draws figures of a run into workdir/figures.

    Args:
      model: The trained model.
      dataset: What it was trained on.
      workdir: Of the run.
      figures: Names of `FIGURES`; None for those of `USUAL` that can be made
        of this run.
      walk: How traversals go.
      formats: Of `save_figure.FORMATS`, a file each; animations are WebP.
      seed: Of the images that are shown and averaged over.

    Returns:
      The paths of the pictures.

    Raises:
      UsageError: If a figure that was named cannot be made of this run; the
        others are drawn before.
      RunError: If they cannot be written.
    """
    subject = Subject(
        model, dataset, workdir, num_images=NUM_IMAGES, walk=walk, seed=seed
    )
    names = USUAL if figures is None else figures
    paths, refused = [], []
    for name in names:
        try:
            drawn = FIGURES[name].draw(subject)
        except NotApplicable as reason:
            refused.append(f"{name} cannot be drawn: {reason}")
            continue
        paths += save(drawn, workdir / "figures" / name, formats)
    if refused and figures is not None:
        count = f"{len(names) - len(refused)} of {len(names)} are drawn."
        raise UsageError(" ".join([*refused, count]))
    return paths


def draw_runs(
    runs: Sequence[tuple[LatentModel, FactorDataset, pathlib.Path]],
    *,
    walk: Walk | None = None,
    formats: Sequence[str] = ("png",),
) -> list[pathlib.Path]:
    """Draws runs side by side, as figures/comparison of the first.

    Args:
      runs: Model, data and folder of each; two or more, of the same data. They
        are named after their folders.
      walk: How traversals go.
      formats: As for `draw_run`.

    Returns:
      The paths of the picture.

    Raises:
      UsageError: If they are not of the same data, or one is there twice.
      RunError: If it cannot be written.
    """
    paths = [workdir for *_, workdir in runs]
    names = [path.resolve().name for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    if len(set(names)) < len(names):
        raise UsageError(f"A run is there twice; give each of {names} once.")
    subjects = [Subject(*run, num_images=NUM_IMAGES, walk=walk) for run in runs]
    figure = draw_comparison(dict(zip(names, subjects, strict=True)))
    return save(figure, paths[0] / "figures" / "comparison", formats)


def draw_grid(
    model: LatentModel,
    dataset: FactorDataset,
    workdir: pathlib.Path,
    values: Sequence[float],
    latents: Sequence[int] | None = None,
    *,
    formats: Sequence[str] = ("png",),
) -> list[pathlib.Path]:
    """Draws all combinations of values of some latents; the others are 0.

    Args:
      model: The trained model.
      dataset: What it was trained on.
      workdir: Of the run; the figure is workdir/figures/grid.
      values: In standard deviations of the prior.
      latents: The last one changes fastest; None for those that are active.
      formats: As for `draw_run`.

    Returns:
      The paths of the picture.

    Raises:
      UsageError: If they are too many, or there is no such latent.
      RunError: If it cannot be written.
    """
    walk = Walk(latents=latents)
    subject = Subject(model, dataset, workdir, num_images=NUM_IMAGES, walk=walk)
    if latents is None and not model.encode:
        raise UsageError(
            "Which latents are active is not known without an encoder; give "
            "--latents."
        )
    figure = code_grid(
        subject.representation.decode,
        np.zeros(model.num_latents),
        subject.active,
        values,
    )
    return save(figure, workdir / "figures" / "grid", formats)


def _draw_samples(subject: Subject) -> Figure:
    return samples(
        subject.representation.draw_images(NUM_SAMPLES, subject.rng())
    )


def _draw_reconstructions(subject: Subject) -> Figure:
    shown = subject.points[:NUM_RECONSTRUCTIONS]
    representation = subject.representation
    codes = representation.codes(shown)
    return reconstructions(
        representation.images(shown), representation.decode(codes)
    )


def _draw_metrics(subject: Subject) -> dict[str, Figure]:
    evaluation = evaluation_file.read(subject.workdir)
    figures = matrices_of(evaluation) if evaluation else {}
    if not figures:
        raise NotApplicable(
            f"{subject.workdir / evaluation_file.NAME} holds no matrices; "
            "bin/evaluate makes them."
        )
    return figures


FIGURES = {
    "samples": Drawn("images of codes of the prior", _draw_samples),
    "reconstructions": Drawn(
        "images, and what becomes of them", _draw_reconstructions
    ),
    "traversals": Drawn(
        "a row of images for each latent, the largest KL first",
        draw_traversals,
    ),
    "latents_by_factors": Drawn(
        "mean activation of each latent over each factor, or of more than "
        f"{MANY_FACTORS} factors over those that a latent follows most",
        draw_latents_by_factors,
    ),
    "curves": Drawn(
        "distortion, rate and active latents while it trained",
        lambda subject: loss_curves(subject.records),
    ),
    "capacity": Drawn(
        "KL of each latent, rate with its capacity, and loss while it trained",
        lambda subject: capacity_curves(subject.records),
    ),
    "animation": Drawn(
        "animation.webp: all latents move at once, there and back",
        draw_animation,
    ),
    "pca": Drawn(
        "walks through each factor on the principal components of the codes",
        draw_pca,
    ),
    "interventions": Drawn(
        "what a factor does to a latent: the effects behind the IRS",
        draw_interventions,
    ),
    "metrics": Drawn(
        "the matrices of evaluation.json, in figures/metrics", _draw_metrics
    ),
}
USUAL = list(FIGURES)[:5]
"""What is drawn after training."""
