"""The stream of training batches: a function of the seed and the step."""

import numpy as np
import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError

# Of the cipher behind the shuffle. TensorFlow's default of 4 leaves epochs
# whose orders are correlated and batches that are too even; 16 does not.
_ROUNDS = 16


def training_batches(
    dataset: FactorDataset,
    *,
    batch_size: int,
    seed: int,
    first_step: int = 0,
    num_replicas: int = 1,
    replicas: range | None = None,
    with_factors: bool = False,
) -> tf.data.Dataset:
    """Returns an endless stream of shuffled batches.

    With B = batch_size, R = num_replicas and n = len(dataset), image i of
    replica r in step s is that at

        position = s B + r B / R + i
        epoch    = position // n
        index    = shuffle[seed, epoch](position mod n)

    where shuffle[seed, epoch] is a permutation of all n indices. So each
    epoch shows each image exactly once, also where a batch spans two
    epochs, and the stream from step s on is the same whether the stream
    was started there or at step 0.

    Let go of its iterators before the program ends: TensorFlow's threads that
    still read images then may keep it from ending.

    Args:
      dataset: where the images come from.
      batch_size: B, images per step over all replicas.
      seed: of the order; a non-negative integer below 2^63.
      first_step: the step that the first element is for.
      num_replicas: R; the elements are for replica 0 .. R - 1 of the
        first step, then of the next step, and so on.
      replicas: those of them that the elements are for; all unless given.
      with_factors: whether the elements are pairs of images and factors.

    Returns:
      Elements float32 [B / R, H, W, C] in [0, 1], or pairs of these and the
      images' factors, int64 [B / R, K]; of static shape.

    Raises:
      UsageError: the images are not uint8, the batch is larger than the data,
        or R does not divide
        it, or a number is out of range.
    """
    n = len(dataset)
    check_stream(n, batch_size, seed, first_step, num_replicas)
    check_pixels(dataset)
    per_replica = batch_size // num_replicas
    own = replicas or range(num_replicas)

    def load(count: tf.Tensor):
        step, replica = count // len(own), own.start + count % len(own)
        element = (first_step + step) * num_replicas + replica
        positions = element * per_replica + tf.range(per_replica, dtype="int64")
        indices = _shuffle(positions, n, seed)
        images = tf.numpy_function(dataset.images, [indices], tf.uint8)
        images = tf.ensure_shape(images, (per_replica, *dataset.image_shape))
        images = tf.cast(images, tf.float32) / 255.0
        if not with_factors:
            return images
        factors = tf.numpy_function(dataset.factors_of, [indices], tf.int64)
        num_factors = len(dataset.factor_sizes)
        return images, tf.ensure_shape(factors, (per_replica, num_factors))

    return (
        tf.data.Dataset.counter()
        .map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def _shuffle(positions: tf.Tensor, n: int, seed: int) -> tf.Tensor:
    """Returns the indices [m] for at most n consecutive positions [m]."""
    epochs = positions // n
    # The shuffle uses only the low 8 to 12 bits of each word of its key, so
    # seed and epoch are hashed into all three. There are two epochs at most.
    keys = tf.stack(
        [
            tf.random.stateless_uniform(
                shape=[3],
                seed=tf.stack([tf.constant(seed, tf.int64), epoch]),
                minval=None,
                maxval=None,
                dtype=tf.uint32,
                alg="philox",
            )
            for epoch in (epochs[0], epochs[0] + 1)
        ]
    )
    # tf.random.experimental.index_shuffle, which wraps this operation, takes
    # neither a key per index nor the number of rounds.
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % n,
        seed=tf.gather(keys, epochs - epochs[0]),
        max_index=tf.constant(n - 1, tf.int64),
        rounds=_ROUNDS,
    )


def check_pixels(dataset: FactorDataset) -> None:
    """Raises a UsageError unless the images are uint8."""
    images = np.asarray(dataset.images(np.arange(min(len(dataset), 8))))
    if images.dtype != np.uint8:
        raise UsageError(
            f"{dataset.name} gives images of {images.dtype} from "
            f"{images.min():g} to {images.max():g}; they must be uint8 from 0 "
            "to 255."
        )


def check_stream(
    n: int, batch_size: int, seed: int, first_step: int, num_replicas: int
) -> None:
    """Raises a UsageError unless a stream of n images can be as asked for."""
    if not 1 <= batch_size <= n:
        raise UsageError(
            f"A batch of {batch_size} images is not possible; this data set "
            f"has {n}, so give a batch size from 1 to {n}."
        )
    if num_replicas < 1 or batch_size % num_replicas:
        raise UsageError(
            f"A batch of {batch_size} images cannot be shared evenly by "
            f"{num_replicas} replicas; give a multiple of their number."
        )
    if not 0 <= seed <= np.iinfo(np.int64).max or first_step < 0:
        raise UsageError(
            f"The seed {seed} and the first step {first_step} must be whole "
            "numbers from 0 to 2^63 - 1."
        )
