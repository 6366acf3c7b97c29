"""The figures of a trained run."""

import pathlib
from collections.abc import Sequence

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.evaluation.figures.activation_means import activation_means
from tfdisent.evaluation.figures.code_grid import code_grid
from tfdisent.evaluation.figures.curves import loss_curves
from tfdisent.evaluation.figures.factor_of_latents import factor_of_latents
from tfdisent.evaluation.figures.latents import is_inactive
from tfdisent.evaluation.figures.latents_by_factors import latents_by_factors
from tfdisent.evaluation.figures.reconstructions import reconstructions
from tfdisent.evaluation.figures.samples import samples
from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.evaluation.figures.traversals import traversals, traverse
from tfdisent.evaluation.representation import Representation
from tfdisent.models.base import LatentModel
from tfdisent.training.workdir import read_log

NUM_IMAGES = 30_000  # behind the mean activations
NUM_RECONSTRUCTIONS = 8
NUM_SAMPLES = 72
MANY_FACTORS = 12
LONG_NAME = 16
TRAVERSED = np.linspace(-3, 3, 13)  # standard deviations of the prior


def draw_run(
    model: LatentModel,
    dataset: FactorDataset,
    workdir: pathlib.Path,
    *,
    seed: int = 0,
) -> list[pathlib.Path]:
    """Draws samples, reconstructions, traversals, activations and loss curves.

    Of a model without an encoder these are samples and loss curves.

    Activations by factor need factors; without any that picture is left out,
    and of more than 12 it shows those that a latent follows most.

    Args:
      model: The trained model.
      dataset: What it was trained on.
      workdir: Of the run; the figures go into workdir/figures.
      seed: Of the images that are shown and averaged over.

    Returns:
      The paths of the pictures.

    Raises:
      RunError: If they cannot be written.
    """
    representation = Representation(model, dataset)
    rng = np.random.default_rng(seed)
    drawn = representation.draw_images(NUM_SAMPLES, rng)
    figures = {"samples": samples(drawn)}
    if model.encode:
        figures |= _figures_of_codes(representation, dataset, seed)
    records = read_log(workdir / "log.jsonl")
    if records:
        figures["curves"] = loss_curves(records)
    paths = []
    for name, figure in figures.items():
        paths.append(workdir / "figures" / f"{name}.png")
        save_figure(figure, paths[-1])
    return paths


def _figures_of_codes(representation, dataset, seed: int) -> dict:
    """Those that show what an encoder makes of images, by name."""
    points = representation.sample(NUM_IMAGES, np.random.default_rng(seed))
    factors = representation.factors(points)
    terms = representation.terms(points, seed)
    follows = factor_of_latents(terms.mean, factors, dataset.factor_names)
    figures = {
        "reconstructions": _reconstructions(representation, points),
        "traversals": _traversals(representation, terms, follows),
    }
    shown = _shown_factors(dataset, follows)
    if shown:
        figures["latents_by_factors"] = latents_by_factors(
            activation_means(
                terms.mean,
                factors[:, shown],
                [_short(dataset.factor_names[k]) for k in shown],
                [dataset.factor_sizes[k] for k in shown],
            ),
            terms.kl.mean(axis=0),
            terms.variance.mean(axis=0),
            dataset.value_names.get("shape"),
        )
    return figures


def draw_grid(
    model: LatentModel,
    dataset: FactorDataset,
    workdir: pathlib.Path,
    values: Sequence[float],
    latents: Sequence[int] | None = None,
) -> pathlib.Path:
    """Draws all combinations of values of some latents; the others are 0.

    Args:
      model: The trained model.
      dataset: What it was trained on.
      workdir: Of the run; the figure is workdir/figures/grid.png.
      values: In standard deviations of the prior.
      latents: The last one changes fastest; None for those that are active.

    Returns:
      The path of the picture.

    Raises:
      UsageError: If they are too many, or there is no such latent.
      RunError: If it cannot be written.
    """
    representation = Representation(model, dataset)
    if latents is None and not model.encode:
        raise UsageError(
            "Which latents are active is not known without an encoder; give "
            "--grid_latents."
        )
    if latents is None:
        points = representation.sample(NUM_IMAGES, np.random.default_rng(0))
        kl = representation.kl(points).mean(axis=0)
        latents = [z for z, nats in enumerate(kl) if not is_inactive(nats)]
        if not latents:
            raise UsageError("No latent is active; give --grid_latents.")
    figure = code_grid(
        representation.decode, np.zeros(model.num_latents), latents, values
    )
    path = workdir / "figures" / "grid.png"
    save_figure(figure, path)
    return path


def _reconstructions(representation, points):
    shown = points[:NUM_RECONSTRUCTIONS]
    codes = representation.codes(shown)
    return reconstructions(
        representation.images(shown), representation.decode(codes)
    )


def _shown_factors(dataset, follows) -> list[int]:
    """Columns of the factors; of many, those that some latent follows."""
    names = dataset.factor_names
    if len(names) <= MANY_FACTORS:
        return list(range(len(names)))
    followed = {factor[0] for factor in follows if factor}
    return [k for k, name in enumerate(names) if name in followed]


def _short(name: str) -> str:
    """What fits beside a row of panels."""
    return name if len(name) <= LONG_NAME else f"{name[: LONG_NAME - 1]}…"


def _traversals(representation, terms, follows):
    """From the image whose factors have their middle values, or any image."""
    whole = representation.dataset.whole
    start = terms.mean[0]
    if whole.is_product:
        middle = whole.indices_of(np.array([whole.factor_sizes]) // 2)
        start = Representation(representation.model, whole).codes(middle)[0]
    latents = range(len(start))
    return traversals(
        traverse(start, representation.decode, latents, TRAVERSED),
        latents,
        TRAVERSED,
        terms.kl.mean(axis=0),
        follows,
    )
