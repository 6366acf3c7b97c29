"""beta-VAE."""

import math

from tfdisent.errors import UsageError
from tfdisent.models.arguments import check_at_least
from tfdisent.models.vae import VAE


class BetaVAE(VAE):
    """Weighs the rate: more pressure, fewer and more independent latents.

    loss = distortion + beta * KL(q(z|x) || p(z))

    Args:
      beta: Weight of the rate, at least 0; 4 unless beta_norm is given.
      beta_norm: The weight as means over pixels and latents would have it,
        instead of beta: beta = beta_norm * N / D for N = H W C numbers an image
        and D latents (appendix A.6 of the paper).
      **kwargs: See `VAE`.

    Raises:
      UsageError: If a weight is out of range or given in both ways.

    References:
      Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a
      Constrained Variational Framework", 2017, eq. 4.
    """

    # beta is swept over 1, 2, 4, 6, 8, 16 in the study.
    PRESETS = {
        "quick": VAE.PRESETS["quick"],
        "paper": VAE.PRESETS["paper"],
        "study": VAE.PRESETS["study"],
    }

    def __init__(
        self,
        *,
        beta: float | None = None,
        beta_norm: float | None = None,
        **kwargs,
    ):
        if beta is not None and beta_norm is not None:
            raise UsageError(
                f"beta is {beta:g} and beta_norm is {beta_norm:g}; give one of "
                "them, they are two ways to say the same."
            )
        super().__init__(**kwargs)
        if beta_norm is not None:
            check_at_least("beta_norm", beta_norm, 0.0)
            beta = beta_norm * math.prod(self.image_shape) / self.num_latents
        self.beta = 4.0 if beta is None else beta
        self.beta_norm = None  # Said by beta from here on.
        check_at_least("beta", self.beta, 0.0)

    def regularizer(self, posterior, codes, step):
        return self.beta * self.rate(posterior), {}
