"""How far a model's images are from the originals, in a network's features."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

import numpy as np
import tensorflow as tf
import tqdm

from tfdisent.errors import UsageError
from tfdisent.evaluation.features.extractor import FeatureExtractor
from tfdisent.metrics.frechet_distance import frechet_distance
from tfdisent.metrics.kernel_distance import kernel_distance

NUM_IMAGES = 5_000
"""With fewer images the Frechet distance says little."""

_SUBSETS, _SUBSET_SIZE = 100, 1_000  # of the kernel distance
_BATCH_SIZE = 64


class ImageModel(Protocol):
    """What `model_images` asks of a `representation.Representation`.

    Attributes:
      num_points: how many originals there are.
      model: has `num_latents` and `prior`, a Normal of batch [] or [D].
    """

    num_points: int
    model: object

    def images(self, points: np.ndarray) -> np.ndarray:
        """Returns the originals [n, H, W, C] in [0, 1] of points [n]."""
        ...

    def codes(self, points: np.ndarray) -> np.ndarray:
        """Returns the codes [n, D] of points [n]."""
        ...

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Returns the images [n, H, W, C] in [0, 1] of codes [n, D]."""
        ...

    def generate(
        self, codes: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Returns the same, with the model's noise drawn if it takes some."""
        ...


def model_images(
    representation: ImageModel,
    rng: np.random.Generator,
    num_images: int = NUM_IMAGES,
) -> tuple[Iterator[np.ndarray], dict[str, Iterator[np.ndarray]]]:
    """Draws what `image_quality` compares, in batches, none made before asked.

    Args:
      representation: a model and its data.
      rng: source of randomness.
      num_images: of each set, drawn without replacement; all if the data has
        fewer.

    Returns:
      Batches of originals [64, H, W, C], and of "reconstructions" (the means
      p(x|z) at the codes of these very originals) and "samples" (the means
      p(x|z) at codes from the prior).
    """
    num_images = min(num_images, representation.num_points)
    points = rng.choice(representation.num_points, num_images, replace=False)
    prior = representation.model.prior
    noise = tf.random.stateless_normal(
        [num_images, representation.model.num_latents],
        rng.integers(2**31, size=2),
    )
    drawn = np.asarray(prior.loc + prior.scale * noise)

    def batches(values, images_of):
        for start in range(0, num_images, _BATCH_SIZE):
            yield images_of(values[start : start + _BATCH_SIZE])

    return batches(points, representation.images), {
        "reconstructions": batches(
            points, lambda p: representation.decode(representation.codes(p))
        ),
        "samples": batches(drawn, lambda z: representation.generate(z, rng)),
    }


def image_quality(
    originals: Iterable[np.ndarray],
    others: Mapping[str, Iterable[np.ndarray]],
    extractor: FeatureExtractor,
    rng: np.random.Generator,
) -> dict[str, dict]:
    """Frechet and kernel distance of sets of images from the originals.

    Both are lower for better images, and tell blur from variety in neither.
    The floor is the Frechet distance between two random halves of the
    originals: what half as many perfect samples score. The bias of all images
    is about half of it. Reconstructions of the very originals share the noise
    of their draw and may lie below the floor; perfect ones score 0.

    Images are compared as they come, not rounded to 8 bits. The kernel
    distance takes 100 subsets of 1,000 images, or of half the images if there
    are fewer than 2,000.

    With EfficientNet-Lite0 at 128 pixels three sets of 5,000 images take about
    2 minutes on 2 idle cores: 70 s for their features, the rest for 100 subsets
    of each of the two other sets.

    Args:
      originals: batches of images [n, H, W, 1 or 3] in [0, 1].
      others: such batches of as many images, by the name of the set.
      extractor: from `tfdisent.evaluation.features`; it names the distances.
      rng: source of randomness, for halves and subsets.

    Returns:
      "values": for each set "<Frechet name>/<set>", "<kernel name>/<set>" and
      "<kernel name>/<set>_std" (over subsets); "<Frechet name>/floor".
      "settings": what defines them: network, size, resize, hash of the
      weights, number of images, subsets and their size.

    Raises:
      UsageError: images of another form, fewer than 4, or sets of different
        numbers of images.
    """
    sets = {"originals": originals, **others}
    features = _extract_all(sets, extractor)
    real = features.pop("originals")
    for name, fake in features.items():
        if len(fake) != len(real):
            raise UsageError(
                f"There are {len(real)} originals and {len(fake)} {name}; give "
                "equally many, since the distance depends on their number."
            )
    frechet, kernel = extractor.frechet_name, extractor.kernel_name
    halves = np.array_split(rng.permutation(real), 2)
    floor = frechet_distance(*halves)
    subset_size = min(_SUBSET_SIZE, len(real) // 2)
    values = {}
    for name, fake in features.items():
        values[f"{frechet}/{name}"] = frechet_distance(real, fake)
        mean, std = kernel_distance(
            real, fake, rng, subsets=_SUBSETS, subset_size=subset_size
        )
        values[f"{kernel}/{name}"] = mean
        values[f"{kernel}/{name}_std"] = std
    values[f"{frechet}/floor"] = floor
    if len(real) < NUM_IMAGES:
        warnings.warn(
            f"{frechet}: {len(real)} images, fewer than {NUM_IMAGES:,}, make "
            f"the distance too large; two halves of the originals are "
            f"{floor:.4g} apart.",
            stacklevel=2,
        )
    return {"values": values, "settings": _settings(extractor, len(real))}


def _settings(extractor: FeatureExtractor, num_images: int) -> dict:
    return {
        "extractor": extractor.name,
        "size": extractor.size,
        "resize": extractor.resize,
        "weights": extractor.weights,
        "num_images": num_images,
        "kernel_subsets": _SUBSETS,
        "kernel_subset_size": min(_SUBSET_SIZE, num_images // 2),
    }


def _extract_all(
    sets: Mapping[str, Iterable[np.ndarray]], extractor: FeatureExtractor
) -> dict[str, np.ndarray]:
    """Features [n, F] of all images of each set."""
    features = {}
    with tqdm.tqdm(unit=" images", leave=False, disable=None) as bar:
        for name, batches in sets.items():
            bar.set_description(f"features of {name}")
            parts = []
            for images in batches:
                parts.append(extractor.extract(images))
                bar.update(len(images))
            if sum(map(len, parts)) < 4:
                raise UsageError(
                    f"There are {sum(map(len, parts))} {name}; give 4 images "
                    "or more, two for each half."
                )
            features[name] = np.concatenate(parts)
    return features
