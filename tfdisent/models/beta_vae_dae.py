"""beta-VAE on the features of a denoising auto-encoder."""

import tensorflow as tf

from tfdisent.models.arguments import (
    check_at_least,
    check_choice,
    check_positive,
)
from tfdisent.models.base import Objective
from tfdisent.models.beta_vae import BetaVAE
from tfdisent.models.denoising_autoencoder import denoising_autoencoder

SPACES = ("features", "pixels")


class BetaVAEDAE(BetaVAE):
    """Reconstructs what a denoising auto-encoder (DAE) sees in an image.

    First the DAE learns to fill a rectangle that was cut out of the images,
    then the beta-VAE learns while the DAE stays as it is:

    dae_loss = 0.5 ||x - DAE(x with a hole)||^2          steps 0 to dae_steps
    loss     = 0.5 ||J(x) - J(x')||^2 + beta * rate      from there on

    x' is the mean of p(x|z). J gives the DAE's features, or with space "pixels"
    the image that the DAE makes of them: the paper says the one in section 4
    and the other in appendix A. The distortion in the log is -log p(x|z) of the
    pixels, as for all models, and is not in the loss. Images are decoded by the
    beta-VAE alone; the paper shows them after a further pass through the DAE.

    Args:
      dae_steps: Steps in which the DAE learns, at least 1 and fewer than those
        of the run.
      dae_rate: Its learning rate (Adam).
      num_features: Units of its innermost layer.
      space: Of the reconstruction: features or pixels.
      **kwargs: See `BetaVAE`.

    Raises:
      UsageError: If a value is unknown or out of range.

    References:
      Higgins et al., "SCAN: Learning Hierarchical Compositional Visual
      Concepts", 2018, https://arxiv.org/abs/1707.03389.
      Higgins et al., "DARLA: Improving Zero-Shot Transfer in Reinforcement
      Learning", 2017, https://arxiv.org/abs/1707.08475.
    """

    PRESETS = {
        "quick": {"steps": 12_000, "dae_steps": 4_000, "beta": 0.5},
        # 12,288 rooms in batches of 100, 3,000 epochs for each of the two. The
        # printed beta of 53 goes with the space of pixels.
        "paper": {
            "space": "pixels",
            "beta": 53.0,
            "num_latents": 32,
            "dae_rate": 1e-4,
            "dae_steps": 368_640,
            "optimizer": "adam",
            "learning_rate": 1e-4,
            "batch_size": 100,
            "steps": 737_280,
        },
    }

    def __init__(
        self,
        *,
        dae_steps: int = 4_000,
        dae_rate: float = 1e-4,
        num_features: int = 100,
        space: str = "features",
        **kwargs,
    ):
        check_at_least("dae_steps", dae_steps, 1)
        check_positive("dae_rate", dae_rate)
        check_at_least("num_features", num_features, 1)
        check_choice("space", space, SPACES)
        super().__init__(**kwargs)
        self.dae_steps = dae_steps
        self.dae_rate = dae_rate
        self.num_features = num_features
        self.space = space
        self.dae_encoder, self.dae_decoder = denoising_autoencoder(
            self.image_shape, num_features, self.seed
        )

    def features(self, images: tf.Tensor) -> tf.Tensor:
        """J of images `[B, H, W, C]`: `[B, num_features]`, or images again."""
        features = self.dae_encoder(images)
        if self.space == "pixels":
            features = self.dae_decoder(features)
        return tf.cast(features, tf.float32)

    def mismatch(self, images, likelihood, distortion):
        return half_squared_distance(
            self.features(images), self.features(likelihood.mean())
        )

    def dae_loss(self, images, seed, step):
        """How badly the DAE fills the holes, `[]`."""
        del step
        filled = self.dae_decoder(self.dae_encoder(with_holes(images, seed)))
        distances = half_squared_distance(images, tf.cast(filled, tf.float32))
        return tf.reduce_mean(distances), {}

    def objectives(self):
        (vae,) = super().objectives()
        variables = (
            self.dae_encoder.trainable_variables
            + self.dae_decoder.trainable_variables
        )
        dae = Objective(
            "dae",
            self.dae_loss,
            variables,
            optimizer={"name": "adam", "learning_rate": self.dae_rate},
            stop=self.dae_steps,
        )
        return dae, vae._replace(start=self.dae_steps)


def half_squared_distance(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """0.5 ||a - b||^2 of `[B, ...]`, as `[B]`."""
    axes = list(range(1, a.shape.rank))
    return 0.5 * tf.reduce_sum(tf.square(a - b), axes)


def with_holes(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Sets one rectangle of each image `[B, H, W, C]` to 0.

    Two opposite corners are uniform over the area of the image; the pixels
    whose centres are inside are set, a ninth of all on average, at times none.
    """
    size, height, width, _ = images.shape
    shape = [size, 2, 2, 1]
    corners = tf.random.stateless_uniform(shape, seed)  # [B, (y, x), 2, 1]
    low, high = tf.reduce_min(corners, 2), tf.reduce_max(corners, 2)
    y = (tf.range(height, dtype=tf.float32) + 0.5) / height  # [H]
    x = (tf.range(width, dtype=tf.float32) + 0.5) / width  # [W]
    rows = (low[:, 0] < y) & (y < high[:, 0])  # [B, H]
    columns = (low[:, 1] < x) & (x < high[:, 1])  # [B, W]
    hole = rows[:, :, None, None] & columns[:, None, :, None]
    return tf.where(hole, 0.0, images)
