"""Batches in which a few factors vary and all others are the same."""

from collections.abc import Sequence
from math import inf

import numpy as np
import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.pipeline import check_pixels, check_stream
from tfdisent.errors import UsageError


def one_factor_batches(
    dataset: FactorDataset,
    *,
    groups: Sequence[Sequence[str]],
    ratios: Sequence[float],
    batch_size: int,
    seed: int,
    first_step: int = 0,
    num_replicas: int = 1,
    replicas: range | None = None,
) -> tf.data.Dataset:
    """Returns an endless stream of batches, in each of which one group varies.

    The batch of step s is a function of (seed, s): its group is drawn with
    probabilities proportional to the ratios; each factor of the group is drawn
    for every image, each other factor once for the whole batch, all uniform.
    Replica r of R gets the images from r B / R up to (r + 1) B / R.

    Let go of its iterators before the program ends, see
    `pipeline.training_batches`.

    Args:
      dataset: Where the images come from; has every combination of factors.
      groups: The names of the factors in each of the G groups.
      ratios: G weights of the groups, above 0.
      batch_size: B, images per step over all replicas.
      seed: Of all draws; a non-negative integer below 2^63.
      first_step: The step that the first element is for.
      num_replicas: R; the elements are for replica 0 .. R - 1 of the first
        step, then of the next step, and so on.
      replicas: Those of them that the elements are for; all unless given.

    Returns:
      Pairs: images float32 [B / R, H, W, C] in [0, 1], and the index of the
      batch's group for each image, int64 [B / R]; of static shape.

    Raises:
      UsageError: The data set has no such factor or lacks combinations, the
        images are not uint8, R does not divide B, or a number is out of range.
    """
    check_stream(len(dataset), batch_size, seed, first_step, num_replicas)
    check_pixels(dataset)
    _check(dataset, groups, ratios)
    columns = [[dataset.factor_names.index(n) for n in g] for g in groups]
    shares = np.asarray(ratios, float) / sum(ratios)
    per_replica = batch_size // num_replicas
    own = replicas or range(num_replicas)

    def images_and_group(step: np.int64, replica: np.int64):
        rng = np.random.default_rng((seed, step))
        group = rng.choice(len(groups), p=shares)
        factors = np.tile(_uniform(dataset, rng, 1), (batch_size, 1))
        drawn = _uniform(dataset, rng, batch_size)
        factors[:, columns[group]] = drawn[:, columns[group]]
        part = factors[replica * per_replica :][:per_replica]
        images = dataset.images(dataset.indices_of(part))
        return images, np.full(per_replica, group)

    def load(count: tf.Tensor):
        step, replica = count // len(own), own.start + count % len(own)
        images, group = tf.numpy_function(
            images_and_group, [first_step + step, replica], (tf.uint8, tf.int64)
        )
        images = tf.ensure_shape(images, (per_replica, *dataset.image_shape))
        images = tf.cast(images, tf.float32) / 255.0
        return images, tf.ensure_shape(group, (per_replica,))

    return (
        tf.data.Dataset.counter()
        .map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def _uniform(dataset, rng, n: int) -> np.ndarray:
    """The factors [n, K] int64 of n images."""
    sizes = dataset.factor_sizes
    return rng.integers(sizes, size=(n, len(sizes)))


def _check(dataset, groups, ratios) -> None:
    if not dataset.is_product:
        raise UsageError(
            f"{dataset.provenance} lacks combinations of its factors, so a "
            "batch cannot vary some and fix all others; give a whole data set "
            "that has every combination."
        )
    for name in (name for group in groups for name in group):
        if name not in dataset.factor_names:
            raise UsageError(
                f"{dataset.name} has no factor {name!r}; it has "
                f"{', '.join(dataset.factor_names) or 'none'}."
            )
    check_ratios(ratios, len(groups))


def check_ratios(ratios: Sequence[float], num_groups: int) -> None:
    """Raises a UsageError unless each group has a finite number above 0."""
    are_weights = all(0 < ratio < inf for ratio in ratios)
    if not ratios or len(ratios) != num_groups or not are_weights:
        raise UsageError(
            f"ratios is {','.join(f'{r:g}' for r in ratios)!r}; it must be "
            f"{num_groups} numbers above 0, one for each group of factors."
        )
