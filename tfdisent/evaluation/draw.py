"""The figures of a trained run."""

import pathlib

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.evaluation.figures.activation_means import activation_means
from tfdisent.evaluation.figures.curves import loss_curves
from tfdisent.evaluation.figures.factor_of_latents import factor_of_latents
from tfdisent.evaluation.figures.latents_by_factors import latents_by_factors
from tfdisent.evaluation.figures.reconstructions import reconstructions
from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.evaluation.figures.traversals import traversals, traverse
from tfdisent.evaluation.representation import Representation
from tfdisent.models.base import LatentModel
from tfdisent.training.workdir import read_log

NUM_IMAGES = 30_000  # behind the mean activations
NUM_RECONSTRUCTIONS = 8
TRAVERSED = np.linspace(-3, 3, 13)  # standard deviations of the prior


def draw_run(
    model: LatentModel,
    dataset: FactorDataset,
    workdir: pathlib.Path,
    *,
    seed: int = 0,
) -> list[pathlib.Path]:
    """Draws reconstructions, traversals, activations and loss curves.

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
    rng = np.random.default_rng(seed)
    representation = Representation(model, dataset)
    points = representation.sample(NUM_IMAGES, rng)
    factors = representation.factors(points)
    terms = representation.terms(points, seed)
    figures = {
        "reconstructions": _reconstructions(representation, points),
        "traversals": _traversals(dataset, representation, factors, terms),
        "latents_by_factors": latents_by_factors(
            activation_means(
                terms.mean, factors, dataset.factor_names, dataset.factor_sizes
            ),
            terms.kl.mean(axis=0),
            terms.variance.mean(axis=0),
            dataset.value_names.get("shape"),
        ),
    }
    records = read_log(workdir / "log.jsonl")
    if records:
        figures["curves"] = loss_curves(records)
    paths = []
    for name, figure in figures.items():
        paths.append(workdir / "figures" / f"{name}.png")
        save_figure(figure, paths[-1])
    return paths


def _reconstructions(representation, points):
    shown = points[:NUM_RECONSTRUCTIONS]
    codes = representation.codes(shown)
    return reconstructions(
        representation.images(shown), representation.decode(codes)
    )


def _traversals(dataset, representation, factors, terms):
    """From the image whose factors have their middle values."""
    product = dataset.product
    middle = np.array([product.factor_sizes]) // 2
    whole = Representation(representation.model, product)
    start = whole.codes(product.indices_of(middle))[0]
    latents = range(len(start))
    return traversals(
        traverse(start, representation.decode, latents, TRAVERSED),
        latents,
        TRAVERSED,
        terms.kl.mean(axis=0),
        factor_of_latents(terms.mean, factors, dataset.factor_names),
    )
