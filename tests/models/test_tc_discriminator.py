import numpy as np

from tfdisent.models.factor_vae import FactorVAE
from tfdisent.models.tc_discriminator import tc_discriminator


def count(network):
    return sum(int(np.prod(w.shape)) for w in network.trainable_variables)


def test_discriminator_has_the_parameters_of_the_study():
    assert count(tc_discriminator(10)) == 5_018_002
    assert count(tc_discriminator(10, width=7, num_layers=2)) == (
        10 * 7 + 7 + 7 * 7 + 7 + 7 * 2 + 2
    )


def test_networks_of_a_model_do_not_start_alike():
    model = FactorVAE(image_shape=(16, 16, 1), num_latents=3, seed=2)
    kernels = [w for w in model.get_weights() if w.ndim > 1]
    starts = [tuple(np.sign(w).ravel()[:48]) for w in kernels]
    assert len(set(starts)) == len(starts)
