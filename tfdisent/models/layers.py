"""The layers that the networks of the literature are made of."""

import itertools

import keras

from tfdisent.errors import UsageError


class Layers:
    """Makes layers whose weights are a function of (seed, place in the net).

    Args:
      seed: Of the weights.
      first: Place of the first layer, below 1000, so that networks of one
        model do not start alike.
    """

    def __init__(self, seed: int, first: int = 0):
        self._seeds = (seed * 1000 + i for i in itertools.count(first))

    def _initializer(self, activation):
        # He et al. for ReLU and ELU, Glorot & Bengio elsewhere. Of the same
        # fan as the study of 2019, in which all are Glorot's; see
        # BUILD_NOTES.md.
        is_rectified = activation in ("relu", "elu")
        kind = "HeUniform" if is_rectified else "GlorotUniform"
        return getattr(keras.initializers, kind)(seed=next(self._seeds))

    def dense(self, units, activation="relu"):
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )

    def conv(self, filters, kernel, activation=None):
        """Convolution that keeps height and width."""
        return keras.layers.Conv2D(
            filters,
            kernel,
            padding="same",
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )

    def down(self, filters, kernel=4, activation="relu"):
        """Convolution that halves height and width."""
        return keras.layers.Conv2D(
            filters,
            kernel,
            strides=2,
            padding="same",
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )

    def up(self, filters, activation="relu"):
        """Transposed 4x4 convolution that doubles height and width."""
        return keras.layers.Conv2DTranspose(
            filters,
            4,
            strides=2,
            padding="same",
            activation=activation,
            kernel_initializer=self._initializer(activation),
        )


def halved(
    image_shape: tuple[int, int, int], times: int, architecture: str
) -> tuple[int, int, int]:
    """Height and width of the feature maps after so many halvings; channels.

    Raises:
      UsageError: If the sizes cannot be halved so often.
    """
    height, width, channels = image_shape
    divisor = 2**times
    if times < 1 or height % divisor or width % divisor:
        raise UsageError(
            f"architecture={architecture} got images of {height}x{width}; "
            f"height and width must be multiples of {max(8, divisor)}."
        )
    return height // divisor, width // divisor, channels
