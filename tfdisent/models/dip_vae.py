"""DIP-VAE, types I and II."""

import tensorflow as tf

from tfdisent.losses.moments import covariance, dip_penalty
from tfdisent.models.arguments import check_at_least
from tfdisent.models.vae import VAE


class DIPVAEI(VAE):
    """Draws the covariance of the mean codes towards the identity.

    loss = distortion + rate + lambda_od * sum_{i != j} C_ij^2
                             + lambda_d  * sum_i (C_ii - 1)^2
    C = Cov_x[mean(x)]

    The covariance is that of the batch (on several replicas: of the replica's
    part of it, unless --global_statistics).

    Args:
      lambda_od: Weight of the squared covariances, at least 0.
      lambda_d: Weight of the squared distances of the variances from 1, at
        least 0; 10 lambda_od unless given, as in the study of 2019.
      **kwargs: See `VAE`.

    Raises:
      UsageError: If a weight is out of range.

    References:
      Kumar et al., "Variational Inference of Disentangled Latent Concepts from
      Unlabeled Observations", 2018, eq. 6, https://arxiv.org/abs/1711.00848.
    """

    # lambda_d over lambda_od.
    RATIO = 10.0
    PRESETS = {
        # Of the paper's own settings no source was at hand.
        "quick": {},
        # lambda_od is swept over 1, 2, 5, 10, 20, 50 in the study.
        "study": VAE.PRESETS["study"],
    }

    def __init__(
        self,
        *,
        lambda_od: float = 10.0,
        lambda_d: float | None = None,
        **kwargs,
    ):
        check_at_least("lambda_od", lambda_od, 0.0)
        if lambda_d is not None:
            check_at_least("lambda_d", lambda_d, 0.0)
        super().__init__(**kwargs)
        self.lambda_od = lambda_od
        self.lambda_d = self.RATIO * lambda_od if lambda_d is None else lambda_d

    def code_covariance(self, posterior) -> tf.Tensor:
        """The covariance that is drawn to the identity, `[D, D]`."""
        return covariance(posterior.mean())

    def regularizer(self, posterior, codes, step):
        penalty = dip_penalty(
            self.code_covariance(posterior), self.lambda_od, self.lambda_d
        )  # []
        return self.rate(posterior) + penalty, {"covariance_penalty": penalty}


class DIPVAEII(DIPVAEI):
    """Draws the covariance of the codes themselves towards the identity.

    loss = distortion + rate + lambda_od * sum_{i != j} C_ij^2
                             + lambda_d  * sum_i (C_ii - 1)^2
    C = Cov_x[mean(x)] + E_x[diag(variance(x))]

    The covariance is that of the batch (on several replicas: of the replica's
    part of it, unless --global_statistics).

    Args:
      lambda_od: Weight of the squared covariances, at least 0.
      lambda_d: Weight of the squared distances of the variances from 1, at
        least 0; lambda_od unless given, as in the study of 2019.
      **kwargs: See `VAE`.

    Raises:
      UsageError: If a weight is out of range.

    References:
      Kumar et al., "Variational Inference of Disentangled Latent Concepts from
      Unlabeled Observations", 2018, eq. 7, https://arxiv.org/abs/1711.00848.
    """

    RATIO = 1.0

    def code_covariance(self, posterior):
        variance = tf.reduce_mean(posterior.variance(), axis=0)  # [D]
        return super().code_covariance(posterior) + tf.linalg.diag(variance)
