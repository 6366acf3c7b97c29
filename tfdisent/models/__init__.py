"""Every model by its name; the tests run over this table."""

from tfdisent.models.beta_tcvae import BetaTCVAE
from tfdisent.models.beta_vae import BetaVAE
from tfdisent.models.vae import VAE

MODELS = {
    "vae": VAE,
    "beta_vae": BetaVAE,
    "beta_tcvae": BetaTCVAE,
}
