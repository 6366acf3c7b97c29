"""Pictures of what the factors of the data do to the codes."""

import numpy as np
from matplotlib.figure import Figure

from tfdisent.errors import NotApplicable
from tfdisent.evaluation.draw_subject import Subject
from tfdisent.evaluation.figures.activation_means import activation_means
from tfdisent.evaluation.figures.interventional_effects import (
    effects_of,
    interventional_effects,
)
from tfdisent.evaluation.figures.latents_by_factors import latents_by_factors
from tfdisent.evaluation.figures.principal_components import (
    principal_components,
)
from tfdisent.evaluation.warned import warned
from tfdisent.metrics.codes import draw_table
from tfdisent.metrics.irs import irs

NUM_POINTS = 10_000  # Behind the effects, as those of the metric.
QUANTILE = 0.99  # As that of the metric.


def draw_latents_by_factors(subject: Subject) -> Figure:
    """Mean activation of each latent over each factor.

    Raises:
      NotApplicable: No factor is known.
    """
    dataset, shown = subject.dataset, subject.shown_factors
    mean, stddev = subject.posteriors
    if not shown:
        raise NotApplicable("No factor of the images is known.")
    return latents_by_factors(
        activation_means(
            mean,
            subject.factors[:, list(shown)],
            list(shown.values()),
            [dataset.factor_sizes[k] for k in shown],
        ),
        subject.kl,
        (stddev**2).mean(axis=0),
        dataset.value_names.get("shape"),
    )


def draw_pca(subject: Subject) -> Figure:
    """Walks through the factors in the plane in which codes vary most.

    Raises:
      NotApplicable: Not every combination of factors is among the images.
    """
    codes, _ = subject.posteriors
    whole = subject.dataset.whole
    if not whole.factor_names or not whole.is_product:
        raise NotApplicable(
            "Walks through one factor need images of every combination of "
            "factors."
        )
    start = whole.factors_of(np.array([subject.start]))
    walks = []
    for k, name in subject.shown_factors.items():
        if (size := whole.factor_sizes[k]) > 1:
            factors = np.tile(start, (size, 1))
            factors[:, k] = np.arange(size)
            codes_of = subject.whole.codes(whole.indices_of(factors))
            walks.append((name, codes_of))
    return principal_components(codes, walks, subject.start_image().code)


def draw_interventions(subject: Subject) -> Figure:
    """What each factor does to each active latent, on the IRS's own points."""
    latents = subject.active
    with warned():  # What the figure shows is no number to be warned of.
        found = irs(
            subject.whole,
            subject.rng(),
            num_points=NUM_POINTS,
            quantile=QUANTILE,
        )
        table = draw_table(subject.whole, NUM_POINTS, subject.rng())
    varies = np.ptp(table.factors, axis=0) > 0
    shown = {k: n for k, n in subject.shown_factors.items() if varies[k]}
    codes = table.codes[:, latents]
    return interventional_effects(
        [effects_of(codes, table.factors[:, k], QUANTILE) for k in shown],
        list(shown.values()),
        found["irs/matrix"][np.ix_(latents, list(shown))],
        np.abs(codes - codes.mean(axis=0)).max(axis=0),
        subject.kl[latents],
        latents=latents,
        quantile=QUANTILE,
    )
