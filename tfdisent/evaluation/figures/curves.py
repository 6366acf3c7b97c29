"""How a training run went."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from tfdisent.evaluation.figures.step_panels import (
    draw_curve,
    new_step_panels,
    say_missing,
    steps_of,
    values_of,
)

# Key in the log -> title and unit of its panel, and whether it starts at zero.
Panels = Mapping[str, tuple[str, str, bool]]
PANELS: Panels = {
    "distortion": ("Distortion", "nats per image", False),
    "rate": ("Rate", "nats per image", True),
    "active_latents": ("Active latents", "number", True),
}
# Of a generator and its discriminator, which have none of these.
GAN_PANELS: Panels = {
    "discriminator_loss": ("Loss of the discriminator", "loss", False),
    "generator_loss": ("Loss of the generator", "loss", False),
    "relative_spread": ("Spread of its images", "of the data's", True),
}


def loss_curves(records: Sequence[Mapping[str, float]]) -> Figure:
    """Draw distortion, rate and the number of active latents over steps.

    Of a generator and its discriminator it is their losses, and how much the
    generated images differ from each other.

    Args:
      records: The lines of log.jsonl. Values that a record lacks, or that
        are not finite, leave a gap.

    Returns:
      The figure. Where the distortion falls tenfold or more its axis is
      logarithmic.

    Raises:
      UsageError: There are no records, or one lacks its step.
    """
    steps = steps_of(records)
    panels = GAN_PANELS if "generator_loss" in records[-1] else PANELS
    titles = [(title, unit) for title, unit, _ in panels.values()]
    figure, row = new_step_panels(titles, steps)
    for axes, (key, (*_, from_zero)) in zip(row, panels.items(), strict=True):
        values = values_of(records, key)
        if np.isnan(values).all():
            say_missing(axes)
        else:
            draw_curve(axes, steps, values, from_zero=from_zero)
    return figure
