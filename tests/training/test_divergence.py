import pytest
import tensorflow as tf

from tfdisent.errors import RunError
from tfdisent.models import MODELS
from tfdisent.models.vae import VAE
from tfdisent.training import divergence
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.divergence import PATIENCE, DivergenceCheck
from tfdisent.training.trainer import train

GOOD = {"relative_spread": 0.9, "generator_gradient_norm": 3.0}
COLLAPSED = {**GOOD, "relative_spread": 0.01}
BURST = {**GOOD, "generator_gradient_norm": 1e6}


def see(check, *steps):
    for logs, count in steps:
        for _ in range(count):
            check.on_train_batch_end(0, logs)


@pytest.mark.parametrize(
    ("logs", "words"),
    [
        (COLLAPSED, "one image of all codes.*1.0%"),
        (BURST, r"generator_gradient_norm is 1.0e\+06"),
    ],
)
def test_a_long_fault_is_told_with_the_last_good_checkpoint(logs, words):
    check = DivergenceCheck(500, lambda: "ckpt-480")
    see(check, (GOOD, 3), (logs, PATIENCE - 1))
    assert check.is_in_doubt
    with pytest.raises(RunError, match=f"{words}.*1,503.*ckpt-480"):
        see(check, (logs, 1))


def test_a_run_that_gets_over_it_goes_on():
    check = DivergenceCheck(0, lambda: None)
    for _ in range(3):
        see(check, (COLLAPSED, PATIENCE - 1), (GOOD, 1))
        assert not check.is_in_doubt


def test_other_models_are_left_alone():
    check = DivergenceCheck(0, lambda: None)
    see(check, ({"vae_loss": 1e9}, 2 * PATIENCE))
    assert not check.is_in_doubt


class Collapsed(VAE):
    """Says from step 3 on that it makes one image of all codes."""

    def regularizer(self, posterior, codes, step):
        penalty, _ = super().regularizer(posterior, codes, step)
        spread = tf.where(step < 3, 1.0, 0.0)
        return penalty, {"relative_spread": spread}


def test_the_checkpoint_from_before_stays(squares, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "collapsed", Collapsed)
    monkeypatch.setattr(divergence, "PATIENCE", 4)
    hparams = {"num_latents": 2, "architecture": "burgess"}
    config = ExperimentConfig(
        model="collapsed", hparams=hparams, steps=20, batch_size=16
    )
    with pytest.raises(RunError, match="diverged.*-3"):
        train(config, squares, tmp_path, checkpoint_seconds=0)
