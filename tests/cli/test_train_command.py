"""The command of a report makes the same run."""

import shlex

import pytest
from absl import flags
from absl.testing import flagsaver

from tfdisent.cli import run_flags, train  # noqa: F401  train defines them
from tfdisent.cli.train_command import train_command
from tfdisent.models import MODELS
from tfdisent.training.config import ExperimentConfig


def configured(words):
    with flagsaver.flagsaver():
        flags.FLAGS(words)
        return run_flags.config_from_flags()


@pytest.mark.parametrize("model", MODELS)
def test_presets_are_named(model):
    for preset in MODELS[model].PRESETS:
        words = ["bin/train", f"--model={model}", f"--preset={preset}"]
        config = configured(words)
        again = shlex.split(train_command(config))
        assert configured(again).differences(config) == []
        assert len(again) <= 4  # and --dataset, of what builds on a run


@pytest.mark.parametrize(
    "line",
    [
        "--model=beta_vae --beta=2.5 --steps=77 --seed=3 --ema_decay=0.9",
        "--model=beta_tcvae --preset=paper --steps=900 --jit_compile=off",
        "--model=beta_tcvae --warmup_steps=12 --global_statistics",
        "--model=capacity_vae --steps=120",
        "--model=vae --dataset='folder:/a b/it'\"'s\" --image_size=32"
        " --subset='x<=3' --subset=random=50@0",
        "--model=info_gan --preset=mnist --nofixed_stddev --categorical=3,4",
        "--model=id_gan --encoder=/runs/vae --dataset=dsprites",
        "--model=beta_vae_dae --steps=9000 --dae_steps=4000",
    ],
)
def test_flags_that_were_given_are_given_again(line):
    config = configured(["bin/train", *shlex.split(line)])
    command = train_command(config)
    assert configured(shlex.split(command)).differences(config) == []
    assert len(shlex.split(command)) <= len(shlex.split(line)) + 4


def test_what_no_flags_give_has_no_command():
    config = ExperimentConfig(
        model="id_gan", hparams={"encoder": "/runs/vae"}, ema_decay=None
    )
    assert train_command(config) is None
