"""The variational auto-encoder, and what its relatives inherit."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.errors import UsageError
from tfdisent.losses.likelihoods import LIKELIHOODS
from tfdisent.losses.rate import rate
from tfdisent.losses.schedules import warm_up
from tfdisent.models import replicas
from tfdisent.models.arguments import (
    check_at_least,
    check_choice,
    check_positive,
)
from tfdisent.models.base import LatentModel, Objective, draw
from tfdisent.models.networks import make_networks

tfd = tfp.distributions


class VAE(LatentModel):
    """Minimises the negative evidence lower bound.

    loss = E_q(z|x)[-log p(x|z)] + KL(q(z|x) || p(z))
         = distortion            + rate

    Both are sums over an image's pixels or latents (nats) and means over the
    batch. A relative overrides `regularizer`, the second term. With a warm-up
    that term has a weight w(t) = start^(1 - min(1, t / T)) at step t:

    loss = distortion + w(t) * regularizer

    Args:
      architecture: Networks: mlp, higgins, higgins_2x2, burgess, kim, kulkarni
        or kulkarni_faces (150x150); or, in Python, a function of your own, see
        `models.networks`.
      likelihood: Of the pixels: bernoulli, gaussian (of fixed sigma), laplace
        (likewise) or calibrated_gaussian (sigma is the batch's root mean
        squared error).
      sigma: Standard deviation of a pixel, gaussian likelihood, or the scale of
        its absolute error, laplace; 1 unless given. Of these two only.
      warmup_steps: Steps T until the regularizer has its full weight; 0 for no
        warm-up.
      warmup_start: The weight at step 0, above 0: below 1 to learn to
        reconstruct first, above 1 to learn the factors one after the other.
      **kwargs: See `LatentModel`.

    Raises:
      UsageError: If a value is unknown or out of range.

    References:
      Kingma and Welling, "Auto-Encoding Variational Bayes", 2014,
      https://arxiv.org/abs/1312.6114.
    """

    PRESETS = {
        "quick": {},
        # The VAE of Higgins et al., 2017, table 1, 2D shapes.
        "paper": {
            "architecture": "mlp",
            "optimizer": "adagrad",
            "learning_rate": 1e-2,
        },
        # Of all models of Locatello et al., 2019.
        "study": {
            "architecture": "higgins_2x2",
            "optimizer": "adam",
            "learning_rate": 1e-4,
            "batch_size": 64,
            "steps": 300_000,
        },
    }

    def __init__(
        self,
        *,
        architecture: str | Callable = "higgins",
        likelihood: str = "bernoulli",
        sigma: float | None = None,
        warmup_steps: int = 0,
        warmup_start: float = 0.01,
        **kwargs,
    ):
        check_choice("likelihood", likelihood, LIKELIHOODS)
        if sigma is not None:
            check_positive("sigma", sigma)
            if likelihood not in ("gaussian", "laplace"):
                raise UsageError(
                    "sigma is for the gaussian and the laplace likelihood; it "
                    f"was given with {likelihood}."
                )
        check_at_least("warmup_steps", warmup_steps, 0)
        check_positive("warmup_start", warmup_start)
        super().__init__(**kwargs)
        self.architecture = architecture
        self.likelihood = likelihood
        self.sigma = sigma
        self.warmup_steps = warmup_steps
        self.warmup_start = warmup_start
        self.encoder, self.decoder = make_networks(
            architecture, self.image_shape, self.num_latents, self.seed
        )

    def encode(self, images: tf.Tensor) -> tfd.Normal:
        # float32 whatever the layers compute in: exp and KL need it.
        outputs = tf.cast(self.encoder(images), tf.float32)  # [B, 2 D]
        mean, log_variance = tf.split(outputs, 2, axis=1)
        return tfd.Normal(mean, tf.exp(0.5 * log_variance))

    def decode(
        self, codes: tf.Tensor, images: tf.Tensor | None = None
    ) -> tfd.Independent:
        """p(x|z); `images` only calibrate a calibrated likelihood."""
        outputs = tf.cast(self.decoder(codes), tf.float32)  # [B, H, W, C]
        settings = {} if self.sigma is None else {"sigma": self.sigma}
        if self.likelihood == "calibrated_gaussian" and self.global_statistics:
            settings["over_replicas"] = replicas.mean
        return LIKELIHOODS[self.likelihood](outputs, images, **settings)

    def regularizer(
        self, posterior: tfd.Normal, codes: tf.Tensor, step: tf.Tensor
    ) -> tuple[tf.Tensor, dict]:
        """The term beside the distortion: the hook of the relatives.

        Args:
          posterior: q(z|x), batch `[B, D]`.
          codes: z ~ q(z|x), `[B, D]`.
          step: Updates so far, integer `[]`.

        Returns:
          The penalty in nats, `[B]` or `[]`, and scalars to log.
        """
        del codes, step
        return self.rate(posterior), {}

    def rate(self, posterior: tfd.Normal) -> tf.Tensor:
        """KL(q(z|x) || p(z)), `[B]`, in nats."""
        return rate(posterior, self.prior)

    def mismatch(
        self,
        images: tf.Tensor,
        likelihood: tfd.Distribution,
        distortion: tf.Tensor,
    ) -> tf.Tensor:
        """What the loss has of the reconstruction: the distortion, `[B]`.

        Args:
          images: x, `[B, H, W, C]`.
          likelihood: p(x|z) of their codes.
          distortion: -log p(x|z), `[B]`, in nats.
        """
        del images, likelihood
        return distortion

    def _of_the_batch(self, posterior, codes):
        """Posterior and codes that a regularizer sees; see `compile`."""
        if not self.global_statistics:
            return posterior, codes
        posterior = tfd.Normal(
            replicas.gather(posterior.loc), replicas.gather(posterior.scale)
        )
        return posterior, replicas.gather(codes)

    def elbo_loss(self, images, seed, step):
        """Mismatch + regularizer, `[]`, with what is worth a log."""
        return self.loss_of(self.encode(images), images, seed, step)

    def loss_of(self, posterior, images, seed, step):
        """`elbo_loss` with q(z|x) given, batch `[B, D]`."""
        codes = draw(posterior, seed)  # [B, D]
        likelihood = self.decode(codes, images)
        distortion = -likelihood.log_prob(images)  # [B]
        mismatch = self.mismatch(images, likelihood, distortion)  # [B]
        penalty, logs = self.regularizer(
            *self._of_the_batch(posterior, codes), step
        )
        weight = warm_up(step, self.warmup_start, self.warmup_steps)
        kl = posterior.kl_divergence(self.prior)  # [B, D]
        logs = {
            "distortion": tf.reduce_mean(distortion),
            "rate": tf.reduce_mean(tf.reduce_sum(kl, axis=1)),
            "kl_per_latent": tf.reduce_mean(kl, axis=0),
            "regularizer_weight": weight,
            **logs,
        }
        loss = tf.reduce_mean(mismatch) + weight * tf.reduce_mean(penalty)
        return loss, logs

    def objectives(self) -> tuple[Objective, ...]:
        variables = (
            self.encoder.trainable_variables + self.decoder.trainable_variables
        )
        return (Objective("vae", self.elbo_loss, variables),)
