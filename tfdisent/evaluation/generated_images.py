"""How sharp a model's images are, and how well they follow their codes."""

import numpy as np

from tfdisent.errors import NotApplicable
from tfdisent.metrics.checks import check_at_least
from tfdisent.metrics.codes import CodeSampler

GREY = (0.1, 0.9)
"""Between these a pixel of a picture in black and white is neither."""

_SPREAD = 1e-6


def grey_pixels(
    sampler: CodeSampler,
    rng: np.random.Generator,
    *,
    num_images: int = 1_000,
) -> dict:
    """The share of pixels in (0.1, 0.9): of images in black and white, blur.

    Args:
      sampler: A trained model's representation, which has images and decodes.
      rng: Source of randomness.
      num_images: Of each set.

    Returns:
      "grey_pixels/data", "grey_pixels/reconstructions" and
      "grey_pixels/samples" (codes and noise of the prior), each in [0, 1].

    Raises:
      NotApplicable: The representation has no decoder.
      UsageError: An argument is wrong.
    """
    check_at_least(1, num_images=num_images)
    _check_decodes(sampler)
    points = sampler.sample(num_images, rng)
    sets = {
        "data": sampler.images(points),
        "reconstructions": sampler.decode(sampler.codes(points)),
        "samples": sampler.draw_images(num_images, rng),
    }
    return {f"grey_pixels/{n}": _grey_share(x) for n, x in sets.items()}


def code_recovery(
    sampler: CodeSampler,
    rng: np.random.Generator,
    *,
    num_images: int = 2_000,
) -> dict:
    """The correlation of the code that an image is made from with its own.

    For each latent: Pearson's r of c and of the mean of q(c|G(c)), over codes
    c ~ q(c|x) of images x of the data.

    Args:
      sampler: A trained model's representation with posteriors, which decodes.
      rng: Source of randomness.
      num_images: That are generated, at least 3.

    Returns:
      "code_recovery/latent_0" and so on, in [-1, 1], 0 for a latent whose
      codes or means do not vary; and "code_recovery", their mean weighted by
      the part of each latent's variance that is of its mean and not of its
      noise, so that unused latents do not count.

    Raises:
      NotApplicable: The representation has no decoder or no posteriors.
      UsageError: An argument is wrong.

    References:
      The information term of Lee et al., "High-Fidelity Synthesis with
      Disentangled Representation", 2020, as a correlation.
    """
    check_at_least(3, num_images=num_images)
    _check_decodes(sampler)
    mean, stddev = sampler.posteriors(sampler.sample(num_images, rng))
    given = mean + stddev * rng.standard_normal(mean.shape, np.float32)
    read = sampler.encode(sampler.decode(given))
    values = [_correlation(a, b) for a, b in zip(given.T, read.T, strict=True)]
    signal = mean.var(axis=0)
    weights = signal / (signal + np.mean(stddev**2, axis=0))
    return {
        "code_recovery": float(np.average(values, weights=weights + _SPREAD)),
        **{f"code_recovery/latent_{d}": v for d, v in enumerate(values)},
    }


def _check_decodes(sampler) -> None:
    if not hasattr(sampler, "decode"):
        raise NotApplicable(
            "Images can be made of the mean codes of a run with a decoder, "
            "which these codes are not."
        )


def _grey_share(images: np.ndarray) -> float:
    low, high = GREY
    return float(np.mean((images > low) & (images < high)))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    if min(a.std(), b.std()) < _SPREAD:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
