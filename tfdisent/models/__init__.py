"""Every model by its name; the tests run over this table."""

from tfdisent.models.beta_tcvae import BetaTCVAE
from tfdisent.models.beta_vae import BetaVAE
from tfdisent.models.beta_vae_dae import BetaVAEDAE
from tfdisent.models.capacity_vae import CapacityVAE
from tfdisent.models.dc_ign import DCIGN
from tfdisent.models.dip_vae import DIPVAEI, DIPVAEII
from tfdisent.models.factor_vae import FactorVAE
from tfdisent.models.ground_truth_generator import GroundTruthGenerator
from tfdisent.models.id_gan import IDGAN
from tfdisent.models.info_gan import InfoGAN
from tfdisent.models.info_wgan_gp import InfoWGANGP
from tfdisent.models.vae import VAE
from tfdisent.models.wgan_gp import WGANGP

MODELS = {
    "vae": VAE,
    "beta_vae": BetaVAE,
    "beta_tcvae": BetaTCVAE,
    "capacity_vae": CapacityVAE,
    "factor_vae": FactorVAE,
    "dip_vae_i": DIPVAEI,
    "dip_vae_ii": DIPVAEII,
    "beta_vae_dae": BetaVAEDAE,
    "dc_ign": DCIGN,
    "id_gan": IDGAN,
    "info_gan": InfoGAN,
    "info_wgan_gp": InfoWGANGP,
    "wgan_gp": WGANGP,
}

# What is trained to measure something and not to represent images: it takes
# the true factors and has no encoder, so it is never evaluated or served.
INSTRUMENTS = {"ground_truth_generator": GroundTruthGenerator}
