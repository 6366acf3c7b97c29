"""DC-IGN: the deep convolutional inverse graphics network."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfdisent.data.one_factor_batches import check_ratios, one_factor_batches
from tfdisent.errors import UsageError
from tfdisent.models.arguments import check_at_least, check_choice
from tfdisent.models.base import Objective
from tfdisent.models.clamp import CENTRES, centre_of, clamp, spread
from tfdisent.models.factor_groups import parse_groups
from tfdisent.models.vae import VAE

tfd = tfp.distributions


class DCIGN(VAE):
    """Learns from batches in which a known group of factors varies alone.

    Only the latents of that group are left as they are; mean and log variance
    of every other latent are clamped: replaced by their mean over the batch,
    without a gradient. With m = 1 for the latents of the group and else 0,
    y = (mean, log variance) and c the mean of y over the batch,

    loss = distortion + rate + invariance * 0.5 sum (1 - m) (y - c)^2

    where distortion and rate are those of m y + (1 - m) c; the noise of all
    latents is drawn for each image. The last term draws the codes of a batch
    together where they should not differ: its gradient is the (y - c) that the
    paper puts in place of that of the distortion. As a term of the loss it has
    the scale of the loss, however the batch is split and in float16, too.

    As in the authors' code, and not said in the paper:
      * Mean and log variance are clamped, and not a draw.
      * A clamped latent has no gradient of the rate either, so latents of no
        group are never trained but for the last term.
    Deviations from the authors' code:
      * It clamps to the first image of the batch; so does clamp=first.
      * It has the last term off, and with a sign that drives codes apart.
    The optimizer is theirs, Adam with a beta_2 of 0.99, whatever --optimizer
    says; the learning rate is the run's.

    On several replicas the batch is the replica's part of it, unless
    --global_statistics.

    Args:
      groups: The groups and their latents, as FACTOR[+FACTOR...][:N] separated
        by commas; N is 1 unless given, * for all that the others leave. Unless
        given, each factor is a group, and * is for the first one.
      ratios: How often the batches are of each group, as 5,1,1; as often as
        each other unless given.
      clamp: What other latents are held at, mean or first (image) of the
        batch; none for a VAE on the same batches, the control.
      invariance: Weight of the term that draws the codes of a batch together,
        at least 0; 1/100 is the paper's.
      architecture: Networks, as for all models; kulkarni is the paper's for 2D
        shapes, kulkarni_faces that for faces of 150x150.
      **kwargs: See `VAE`.

    Raises:
      UsageError: If a value is unknown or out of range, or the groups do not
        fit the latents.

    References:
      Kulkarni et al., "Deep Convolutional Inverse Graphics Network", 2015,
      https://arxiv.org/abs/1503.03167.
      Higgins et al., "beta-VAE", 2017, which has it on 2D shapes.
    """

    PRESETS = {
        # Measured, see BUILD_NOTES.md: at 10 the latents are nearly deaf to the
        # factors of others, at 1 they are not.
        "quick": {"invariance": 10.0, "batch_size": 20, "steps": 12_000},
        # The factors of dSprites: Higgins et al., 2017, figure 7C; ratios as
        # for the intrinsic latents of faces. The number of steps is ours.
        "paper": {
            "groups": "scale,orientation,x_position,y_position,shape:5",
            "ratios": "1,1,1,1,10",
            "architecture": "kulkarni",
            "learning_rate": 5e-4,
            "batch_size": 20,
            "steps": 300_000,
        },
    }

    def __init__(
        self,
        *,
        groups: str | None = None,
        ratios: str | None = None,
        clamp: str = "mean",
        invariance: float = 0.01,
        **kwargs,
    ):
        check_choice("clamp", clamp, (*CENTRES, "none"))
        check_at_least("invariance", invariance, 0.0)
        if groups is None:
            raise UsageError(
                "groups is not given; name the factors, such as "
                "scale,x_position+y_position:2,shape:*."
            )
        super().__init__(**kwargs)
        self.groups, self.ratios = groups, ratios
        self.clamp = clamp
        self.invariance = invariance
        self._groups = parse_groups(groups, self.num_latents)
        self._ratios = _parse_ratios(ratios, len(self._groups))

    @classmethod
    def from_dataset(cls, dataset, groups=None, **hparams) -> "DCIGN":
        """For the images and factors of a `data.FactorDataset`."""
        if not dataset.factor_names:
            raise UsageError(
                "No factor of these images is known, and DC-IGN learns from "
                "batches in which one varies; give data with factors."
            )
        if groups is None:
            first, *others = dataset.factor_names
            groups = ",".join([f"{first}:*", *others])
        return super().from_dataset(dataset, groups=groups, **hparams)

    def batches(self, dataset, *, batch_size, **stream):
        """See `one_factor_batches`; elements are pairs (images, groups)."""
        return one_factor_batches(
            dataset,
            groups=[group.factors for group in self._groups],
            ratios=self._ratios,
            batch_size=batch_size,
            **stream,
        )

    def is_active(self, groups: tf.Tensor) -> tf.Tensor:
        """Which latents are not clamped, `[B, D]`, for groups `[B]`."""
        owners = [
            i for i, g in enumerate(self._groups) for _ in range(g.num_latents)
        ]
        owners += [-1] * (self.num_latents - len(owners))
        return tf.constant(owners, groups.dtype) == groups[:, None]

    def clamped(
        self, posterior: tfd.Normal, groups: tf.Tensor
    ) -> tuple[tfd.Normal, tf.Tensor]:
        """q(z|x) with all latents clamped that are not of the batch's group.

        Args:
          posterior: q(z|x), batch `[B, D]`.
          groups: The batch's group for each image, integers `[B]`.

        Returns:
          The clamped q(z|x), and half the squared distances of what was
          clamped from where it is held now, `[B]`.
        """
        if self.clamp == "none":
            return posterior, tf.zeros_like(posterior.loc[:, 0])
        log_variance = 2.0 * tf.math.log(posterior.scale)
        values = tf.stack([posterior.loc, log_variance], axis=1)  # [B, 2, D]
        is_active = self.is_active(groups)[:, None]  # [B, 1, D]
        centre = centre_of(values, self.clamp, self.global_statistics)
        mean, log_variance = tf.unstack(
            clamp(values, is_active, centre), axis=1
        )
        held = tfd.Normal(mean, tf.exp(0.5 * log_variance))
        return held, spread(values, is_active, centre)

    def elbo_loss(self, batch, seed, step):
        """The loss of a batch (images, groups), `[]`, with its parts."""
        if not isinstance(batch, tuple | list):
            raise UsageError(
                "dc_ign was given images alone; give pairs of images and the "
                "group that varies in their batch, as `batches` does."
            )
        images, groups = batch
        posterior, distance = self.clamped(self.encode(images), groups)
        loss, logs = self.loss_of(posterior, images, seed, step)
        distance = tf.reduce_mean(distance)
        return loss + self.invariance * distance, logs | {"spread": distance}

    def objectives(self) -> tuple[Objective, ...]:
        (vae,) = super().objectives()
        return (vae._replace(optimizer={"name": "adam", "beta_2": 0.99}),)


def _parse_ratios(text: str | None, num_groups: int) -> list[float]:
    if text is None:
        return [1.0] * num_groups
    try:
        ratios = [float(ratio) for ratio in text.split(",")]
    except ValueError:
        raise UsageError(
            f"ratios is {text!r}; it must be {num_groups} numbers above 0, "
            "separated by commas."
        ) from None
    check_ratios(ratios, num_groups)
    return ratios
