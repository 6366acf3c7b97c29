"""Pictures in which one latent after another is moved."""

import numpy as np
from matplotlib.figure import Figure

from tfdisent.evaluation.draw_subject import Subject
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.animation import Animation, animation
from tfdisent.evaluation.figures.traversals import traversals, traverse

VALUES = 13  # Of a row of images.
FRAMES_THERE = 25  # From one end to the other.
QUANTILES = (0.01, 0.99)


def draw_traversals(subject: Subject) -> Figure:
    """A row of images for each latent, from one image."""
    start, latents = subject.start_image(), subject.latents
    values = values_of(subject, VALUES)
    decode = subject.representation.decode
    return traversals(
        traverse(start.code, decode, latents, values),
        latents,
        values,
        subject.kl,
        subject.follows,
        start=start,
        note=note_of(subject),
    )


def draw_animation(subject: Subject) -> Animation:
    """All latents at once, there and back, from one image."""
    start, latents = subject.start_image(), subject.latents
    values = values_of(subject, FRAMES_THERE)
    decode = subject.representation.decode
    images = traverse(start.code, decode, latents, values)
    return animation(
        images, latents, subject.kl, subject.follows, note_of(subject)
    )


def note_of(subject: Subject) -> str:
    """From where to where the latents move."""
    reach = subject.walk.reach
    if reach is None:
        ends = "the 1 % to the 99 % quantile of q(z)"
    else:
        ends = f"{style.number(-reach)} to {style.number(reach)}"
    return f"{ends}, in standard deviations of the prior"


def values_of(subject: Subject, count: int) -> np.ndarray:
    """What latents are set to, evenly spaced.

    Args:
      subject: Says from where to where.
      count: Of the values.

    Returns:
      `[count]`, the same for all; between quantiles of q(z), the mean of
      q(z|x) over images, `[L, count]`.
    """
    reach = subject.walk.reach
    if reach is not None:
        return np.linspace(-reach, reach, count)
    mean, stddev = subject.posteriors
    draws = mean + stddev * subject.rng().standard_normal(mean.shape)
    ends = np.quantile(draws[:, subject.latents], QUANTILES, axis=0)
    return np.linspace(*ends, count, axis=-1)
