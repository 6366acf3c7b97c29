"""InfoGAN."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.losses.code_information import (
    categorical_information,
    uniform_information,
)
from tfdisent.models import code_maps
from tfdisent.models.arguments import check_at_least
from tfdisent.models.base import Objective
from tfdisent.models.gan import GAN
from tfdisent.models.layers import Layers
from tfdisent.models.spectral_projection import SpectralProjection

tfd = tfp.distributions

_SLOPE = 0.01  # Of the leaky ReLU of Q.
_LEAST = 0.01  # Standard deviation of Q, for its bound has no upper end.


class InfoGAN(GAN):
    """A GAN whose images have to tell their codes.

    discriminator_loss = -E[log D(x)] - E[log(1 - D(G))] - lambda * L
    generator_loss     = -E[log D(G)]                    - lambda * L

    L = E[log Q(c|G(c))] + H(c) <= I(c; G), in nats, where Q reads codes from
    the features of D's trunk: FC 128, then classes and normal distributions. It
    is in the log as code_information, and of each kind of code as
    categorical_information (at most log K a code) and continuous_information
    (at most 4.4 a code, or -0.2 where Q's standard deviation is fixed). Codes c
    are uniform on (-1, 1) or one of K classes; for all else that asks the model
    they are N(0, 1), see `models.code_maps`, and so are Q's answers in
    `encode`. Both optimizers are Adam (0.5, 0.999), whatever the run's.

    With lambda = 0 Q learns all the same, but on features as they are: it moves
    neither D nor G, and L says what a plain GAN's images tell.

    Deviations from the paper's authors' code:
      * Noise is N(0, 1), and theirs uniform on (-1, 1).
      * Q has no batch normalisation of its own, and bounds its standard
        deviation from below, by 0.01.
      * Weights start as in all our networks.

    Args:
      categorical: Numbers of classes of the categorical codes, such as 10 or
        20,20; none unless given. A code of K classes takes K of the latents,
        the last ones; the rest are continuous codes.
      information: Weight lambda of L; 0 for a plain GAN that Q only watches.
      fixed_stddev: Whether Q's standard deviations are 1, and not learnt.
      instance_noise: Standard deviation of the noise on images, which are in
        [-1, 1] there, that D sees in training; 0 for none.
      spectral_norm: Whether kernels of D have spectral norm 1.
      **kwargs: See `GAN`.

    Raises:
      UsageError: If a value is out of range.

    References:
      Chen et al., "InfoGAN: Interpretable Representation Learning by
      Information Maximizing Generative Adversarial Nets", 2016,
      https://arxiv.org/abs/1606.03657.
    """

    PRESETS = {
        # dSprites in minutes. With a learnt deviation (and lambda 0.2, for 1
        # came near to divergence) the categorical code was not used.
        "quick": {
            "architecture": "lin",
            "num_latents": 8,
            "categorical": "3",
            "num_noise": 5,
            "fixed_stddev": True,
            "r1": 1.0,
            "discriminator_rate": 1e-3,
            "learning_rate": 1e-3,
            "steps": 3_000,
        },
        # The authors' MNIST; 50 times 100 updates.
        "mnist": {
            "architecture": "chen",
            "num_latents": 12,
            "categorical": "10",
            "num_noise": 62,
            "fixed_stddev": True,
            "discriminator_rate": 2e-4,
            "learning_rate": 1e-3,
            "batch_size": 128,
            "steps": 5_000,
        },
        # Of Higgins et al., 2017, table 1; batch and steps are not given there.
        "2dshapes": {
            "architecture": "chen_2dshapes",
            "num_latents": 5,
            "num_noise": 5,
            "instance_noise": 0.2,
            "discriminator_rate": 2e-4,
            "learning_rate": 1e-3,
        },
        # The "modified InfoGAN" of Lin et al., "InfoGAN-CR", 2020; 28 epochs of
        # dSprites.
        "dsprites_modified": {
            "architecture": "lin",
            "num_latents": 5,
            "num_noise": 5,
            "information": 0.05,
            "spectral_norm": True,
            "discriminator_rate": 2e-3,
            "learning_rate": 1e-3,
            "batch_size": 64,
            "steps": 322_560,
        },
    }

    def __init__(
        self,
        *,
        categorical: str = "",
        information: float = 1.0,
        fixed_stddev: bool = False,
        instance_noise: float = 0.0,
        spectral_norm: bool = False,
        **kwargs,
    ):
        check_at_least("information", information, 0.0)
        check_at_least("instance_noise", instance_noise, 0.0)
        super().__init__(**kwargs)
        self.categorical = categorical
        self.information = information
        self.fixed_stddev = fixed_stddev
        self.instance_noise = instance_noise
        self.spectral_norm = spectral_norm
        self._classes = code_maps.class_numbers(categorical, self.num_latents)
        self._num_continuous = self.num_latents - sum(self._classes)
        if spectral_norm:
            for variable in super().discriminator_variables():
                if len(variable.shape) > 1:
                    variable.constraint = SpectralProjection()
        layer = Layers(self.seed, first=700)
        num_scales = 0 if fixed_stddev else self._num_continuous
        self.recognition = keras.Sequential(
            [
                keras.Input(self.trunk.output_shape[1:]),
                layer.dense(128, None),
                keras.layers.LeakyReLU(_SLOPE),
                layer.dense(self.num_latents + num_scales, None),
            ],
            name="recognition",
        )

    def _split(self, codes: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The continuous latents, and the block of each categorical code."""
        first, *blocks = tf.split(
            codes, [self._num_continuous, *self._classes], axis=1
        )
        return first, blocks

    def generator_codes(self, codes):
        continuous, blocks = self._split(codes)
        return tf.concat(
            [
                code_maps.to_uniform(continuous),
                *(code_maps.to_one_hot(block) for block in blocks),
            ],
            axis=1,
        )

    def recognise(
        self, features: tf.Tensor
    ) -> tuple[tfd.Normal, list[tf.Tensor]]:
        """Q(c|x) of features `[B, F]`.

        Returns:
          Of the continuous codes in [-1, 1], batch `[B, C]`, and the logits
          `[B, K]` of each categorical one.
        """
        outputs = tf.cast(self.recognition(features), tf.float32)
        codes, scales = tf.split(outputs, [self.num_latents, -1], axis=1)
        means, logits = self._split(codes)
        if self.fixed_stddev:
            return tfd.Normal(means, tf.ones_like(means)), logits
        return tfd.Normal(means, _LEAST + tf.nn.softplus(scales)), logits

    def encode(self, images: tf.Tensor) -> tfd.Normal:
        """Q's belief, as one about the standard normal codes."""
        posterior, logits = self.recognise(self.features(2 * images - 1))
        parts = [
            code_maps.of_uniform(posterior),
            *(code_maps.of_class(tf.nn.softmax(block)) for block in logits),
        ]
        return tfd.Normal(
            tf.concat([part.loc for part in parts], axis=1),
            tf.concat([part.scale for part in parts], axis=1),
        )

    def seen(self, images, seed):
        images = super().seen(images, seed)
        if not self.instance_noise:
            return images
        noise = tf.random.stateless_normal(images.shape, seed)
        return images + self.instance_noise * noise

    def code_information(
        self, features: tf.Tensor, codes: tf.Tensor
    ) -> tuple[tf.Tensor, dict]:
        """L, `[]`, in nats, and what it is made of.

        Args:
          features: Of generated images, `[B, F]`.
          codes: Standard normal, that these were made from, `[B, D]`.
        """
        posterior, logits = self.recognise(features)
        continuous, blocks = self._split(self.generator_codes(codes))
        parts = {}
        if self._num_continuous:
            each = uniform_information(posterior, continuous)
            parts["continuous_information"] = tf.reduce_mean(each)
        if blocks:
            each = tf.add_n(list(map(categorical_information, logits, blocks)))
            parts["categorical_information"] = tf.reduce_mean(each)
        total = tf.add_n(list(parts.values()))
        return total, {"code_information": total, **parts}

    def discriminator_terms(self, features, codes):
        if self.information:
            total, logs = self.code_information(features, codes)
            return -self.information * total, logs
        total, logs = self.code_information(tf.stop_gradient(features), codes)
        return -total, logs

    def generator_terms(self, images, features, codes):
        del images
        if not self.information:
            return tf.zeros([]), {}
        total, _ = self.code_information(features, codes)
        return -self.information * total, {}

    def discriminator_variables(self):
        return [
            *super().discriminator_variables(),
            *self.recognition.trainable_variables,
        ]

    def objectives(self) -> tuple[Objective, ...]:
        adam = {"name": "adam", "beta_1": 0.5}
        return tuple(
            objective._replace(optimizer={**adam, **objective.optimizer})
            for objective in super().objectives()
        )
