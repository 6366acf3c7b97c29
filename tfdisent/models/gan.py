"""Generative adversarial networks: what all of them share."""

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.losses import adversarial
from tfdisent.models.arguments import check_at_least, check_positive
from tfdisent.models.base import LatentModel, Objective, fold_in
from tfdisent.models.gan_networks import make_gan_networks
from tfdisent.models.layers import Layers

tfd = tfp.distributions


@contextlib.contextmanager
def _without_remapper() -> Iterator[None]:
    """Leaves out an optimisation that fails, and says so as an error.

    TensorFlow 2.21 fuses a convolution with the leaky ReLU behind it, finds
    that the gradient needs what was between, and gives the graph up.
    """
    options = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        yield
    finally:
        before = options.get("remapping", True)
        tf.config.optimizer.set_experimental_options({"remapping": before})


class GAN(LatentModel):
    """A generator G(noise, codes) and a discriminator D that shares its trunk.

    discriminator_loss = -E[log D(x)] - E[log(1 - D(G))]
    generator_loss     = -E[log D(G)]

    Codes are standard normal, here and for whoever asks the trained model; a
    relative may turn them into others in `generator_codes`. Noise is what no
    code says. `decode` has it at its mean, 0; `generate` is given it. A
    relative adds terms in `discriminator_terms` and `generator_terms`, and says
    in `encode` how codes are read from images.

    The log has the spread of generated images over that of true ones, each the
    standard deviation of a pixel over the batch, as `relative_spread`: near 0
    the generator makes one image of all codes.

    Args:
      architecture: Networks: resnet; chen or chen_2dshapes, with batch
        normalisation (not for a Wasserstein GAN); the decoder and the encoder
        of mlp, higgins, higgins_2x2, burgess or kim; or, in Python, a function
        of your own, see `models.gan_networks`.
      num_noise: Numbers of noise beside the codes; 0 for none.
      discriminator_rate: Learning rate of the discriminator and all that shares
        its trunk; the run's is the generator's.
      r1: Weight of the squared gradient of the logit at true images, which are
        in [-1, 1] there; 0 for none.
      **kwargs: See `LatentModel`.

    Raises:
      UsageError: If a value is unknown or out of range.
    """

    def __init__(
        self,
        *,
        architecture: str | Callable = "higgins",
        num_noise: int = 0,
        discriminator_rate: float = 1e-4,
        r1: float = 0.0,
        **kwargs,
    ):
        check_at_least("num_noise", num_noise, 0)
        check_positive("discriminator_rate", discriminator_rate)
        check_at_least("r1", r1, 0.0)
        super().__init__(**kwargs)
        self.architecture = architecture
        self.num_noise = num_noise
        self.discriminator_rate = discriminator_rate
        self.r1 = r1
        self.generator, self.trunk = make_gan_networks(
            architecture,
            self.image_shape,
            self.num_latents + num_noise,
            self.seed,
        )
        self.head = Layers(self.seed, first=600).dense(1, None)
        self.head.build(self.trunk.output_shape)

    def fit(self, x=None, **kwargs):
        """See `LatentModel.fit`."""
        with _without_remapper():
            return super().fit(x, **kwargs)

    def generator_codes(self, codes: tf.Tensor) -> tf.Tensor:
        """What the generator gets for standard normal codes, `[B, D]`."""
        return codes

    def generate(
        self, codes: tf.Tensor, noise: tf.Tensor, training: bool = False
    ) -> tf.Tensor:
        """Images in [0, 1], `[B, H, W, C]`.

        Args:
          codes: `[B, D]`.
          noise: `[B, num_noise]`.
          training: Whether layers that tell it apart are in training.
        """
        inputs = tf.concat([self.generator_codes(codes), noise], axis=1)
        logits = self.generator(inputs, training=training)
        return tf.sigmoid(tf.cast(logits, tf.float32))

    def decode(
        self, codes: tf.Tensor, images: tf.Tensor | None = None
    ) -> tfd.Independent:
        """Around G(codes, 0), with a standard deviation of 1 a pixel.

        A generator has no likelihood of its own; with this one, the distortion
        is half the squared error and a constant.
        """
        del images
        noise = tf.zeros([tf.shape(codes)[0], self.num_noise])
        return tfd.Independent(
            tfd.Normal(self.generate(codes, noise), 1.0),
            reinterpreted_batch_ndims=3,
        )

    def features(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The trunk's, `[B, F]`, of images in [-1, 1]."""
        return self.trunk(images, training=training)

    def logits(self, features: tf.Tensor) -> tf.Tensor:
        """Of "real", `[B]`, of features."""
        return tf.cast(self.head(features), tf.float32)[:, 0]

    def draw_codes(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Codes to generate from, `[B, D]`, one for each image."""
        return tf.random.stateless_normal(
            [images.shape[0], self.num_latents], seed
        )

    def fakes(
        self, images: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """As many generated images in [0, 1], and the codes they are from."""
        codes = self.draw_codes(images, fold_in(seed, 0))
        shape = [images.shape[0], self.num_noise]
        noise = tf.random.stateless_normal(shape, fold_in(seed, 1))
        return self.generate(codes, noise, training=True), codes

    def discriminator_terms(
        self, features: tf.Tensor, codes: tf.Tensor
    ) -> tuple[tf.Tensor, dict]:
        """What else the discriminator minimises: the hook of the relatives.

        Args:
          features: Of generated images, `[B, F]`.
          codes: That these were made from, `[B, D]`.

        Returns:
          A term `[]`, and scalars to log.
        """
        del features, codes
        return tf.zeros([]), {}

    def generator_terms(
        self, images: tf.Tensor, features: tf.Tensor, codes: tf.Tensor
    ) -> tuple[tf.Tensor, dict]:
        """What else the generator minimises; `images` are the generated."""
        del images, features, codes
        return tf.zeros([]), {}

    def seen(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Images in [0, 1] as the trunk gets them in training."""
        del seed
        return 2 * images - 1

    def discriminator_loss(self, images, seed, step):
        """How well real and generated images are told apart, `[]`."""
        del step
        made, codes = self.fakes(images, fold_in(seed, 0))
        made = tf.stop_gradient(made)
        real = self.seen(images, fold_in(seed, 1))
        shown = self.seen(made, fold_in(seed, 2))
        features = self.features(shown, training=True)
        true = self.logits(self.features(real, training=True))
        fake = self.logits(features)
        loss = self.of_the_discriminator(true, fake)
        terms, logs = self.discriminator_terms(features, codes)
        penalty, penalty_logs = self.penalty(real, shown, fold_in(seed, 3))
        return loss + terms + penalty, {
            "real_logit": tf.reduce_mean(true),
            "fake_logit": tf.reduce_mean(fake),
            "relative_spread": spread(made) / (spread(images) + 1e-8),
            **logs,
            **penalty_logs,
        }

    def generator_loss(self, images, seed, step):
        """How well the discriminator is deceived, `[]`."""
        del step
        made, codes = self.fakes(images, fold_in(seed, 0))
        features = self.features(
            self.seen(made, fold_in(seed, 1)), training=True
        )
        loss = self.of_the_generator(self.logits(features))
        terms, logs = self.generator_terms(made, features, codes)
        return loss + terms, logs

    def of_the_discriminator(self, true, fake) -> tf.Tensor:
        """Its loss, `[]`, of the logits `[B]` of true and generated images."""
        return adversarial.discriminator_loss(true, fake)

    def of_the_generator(self, fake) -> tf.Tensor:
        """Its loss, `[]`, of the logits `[B]` of generated images."""
        return adversarial.generator_loss(fake)

    def penalty(self, real, fake, seed) -> tuple[tf.Tensor, dict]:
        """On the slope of the discriminator, `[]`, and scalars to log."""
        del fake, seed
        if not self.r1:
            return tf.zeros([]), {}
        penalty = adversarial.r1_penalty(self._score, real)
        return self.r1 * penalty, {"r1_penalty": penalty}

    def _score(self, images):
        return self.logits(self.features(images))

    def discriminator_variables(self) -> list:
        """What the discriminator's objective moves."""
        return [*self.trunk.trainable_variables, *self.head.trainable_variables]

    def objectives(self) -> tuple[Objective, ...]:
        return (
            Objective(
                "discriminator",
                self.discriminator_loss,
                self.discriminator_variables(),
                optimizer={"learning_rate": self.discriminator_rate},
                is_watched=True,
            ),
            Objective(
                "generator",
                self.generator_loss,
                self.generator.trainable_variables,
                is_watched=True,
            ),
        )


def spread(images: tf.Tensor) -> tf.Tensor:
    """The standard deviation of pixels over a batch, root mean square, `[]`."""
    return tf.sqrt(tf.reduce_mean(tf.math.reduce_variance(images, axis=0)))
