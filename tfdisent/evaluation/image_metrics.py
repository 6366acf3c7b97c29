"""Measures of a model's images, called like metrics."""

import pathlib

import numpy as np

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation.features.efficientnet_lite0 import efficientnet_lite0
from tfdisent.evaluation.features.extractor import FeatureExtractor
from tfdisent.evaluation.features.inception_v3 import inception_v3
from tfdisent.evaluation.generated_images import code_recovery, grey_pixels
from tfdisent.evaluation.image_quality import (
    NUM_IMAGES,
    image_quality,
    model_images,
)
from tfdisent.metrics.checks import check_at_least
from tfdisent.metrics.codes import CodeSampler


def frechet_distance_efficientnet_lite0(
    sampler: CodeSampler,
    rng: np.random.Generator,
    *,
    num_images: int = NUM_IMAGES,
    size: int = 128,
) -> dict:
    """Frechet and kernel distance in the features of EfficientNet-Lite0.

    A stand-in for FID where no Inception weights are at hand; never comparable
    with one. See `image_quality.image_quality` for what is compared, and
    `features.efficientnet_lite0` for the network.

    Args:
      sampler: A trained model's representation, which has images and decodes.
      rng: Source of randomness.
      num_images: Of each set; fewer than 5,000 give a warning with the bias.
      size: Side in pixels to which images are resized.

    Returns:
      "frechet_distance_efficientnet_lite0/reconstructions", ".../samples" and
      ".../floor", "kernel_distance_efficientnet_lite0/..." likewise, and
      "settings".

    Raises:
      NotApplicable: The representation has no decoder.
      UsageError: An argument is wrong, or the package with the weights is
        missing.
    """
    return _distances(
        sampler, rng, num_images, lambda: efficientnet_lite0(size)
    )


def fid(
    sampler: CodeSampler,
    rng: np.random.Generator,
    *,
    weights: str | None = None,
    num_images: int = NUM_IMAGES,
) -> dict:
    """Frechet and kernel Inception distance, with weights of your own.

    See `features.inception_v3` for the file, and for how its network differs
    from that of most published values.

    Args:
      sampler: A trained model's representation, which has images and decodes.
      rng: Source of randomness.
      weights: Path of the file; it has to be given.
      num_images: Of each set; fewer than 5,000 give a warning with the bias.

    Returns:
      "fid/reconstructions", "fid/samples" and "fid/floor", "kid/..." likewise,
      and "settings".

    Raises:
      NotApplicable: The representation has no decoder.
      UsageError: An argument is wrong, or the file is not that of the hash.
    """
    check_weights(weights)
    return _distances(sampler, rng, num_images, lambda: inception_v3(weights))


def check_weights(path: str | None) -> None:
    """Raises a UsageError unless a file for `fid` is there."""
    if path is None:
        raise UsageError(
            "fid needs Inception's weights, which are not shipped; give "
            "\"fid(weights='FILE')\"."
        )
    if not pathlib.Path(path).is_file():
        raise UsageError(
            f"There is no file {path} with Inception's weights; give "
            "\"fid(weights='FILE')\"."
        )


IMAGE_METRICS = {
    "frechet_distance_efficientnet_lite0": frechet_distance_efficientnet_lite0,
    "fid": fid,
    "grey_pixels": grey_pixels,
    "code_recovery": code_recovery,
}


def _distances(sampler, rng, num_images, make_extractor) -> dict:
    check_at_least(4, num_images=num_images)
    if not hasattr(sampler, "decode"):
        raise NotApplicable(
            "A distance between images needs the mean codes of a run with a "
            "decoder, which these codes are not."
        )
    extractor: FeatureExtractor = make_extractor()
    found = image_quality(
        *model_images(sampler, rng, num_images), extractor, rng
    )
    return {**found["values"], "settings": found["settings"]}
