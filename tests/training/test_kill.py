"""A real process, killed at random moments, ends with the same weights."""

import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from checkpoint_state import state_of

ROOT = pathlib.Path(__file__).parents[2]
STEPS = 250
PROGRAM = f"""
import pathlib, sys, time
import tests.conftest
from tfdisent.training.config import ExperimentConfig
from tfdisent.training import trainer

class Slow(trainer.Safekeeping):
    # Long enough that a kill comes in time.
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.01)
        super().on_train_batch_end(batch, logs)

trainer.Safekeeping = Slow
config = ExperimentConfig(
    model="beta_tcvae", hparams={{"warmup_steps": 100, "num_latents": 3}},
    steps={STEPS}, batch_size=16, learning_rate_schedule="last_quarter", seed=3)
trainer.train(config, tests.conftest.Squares(), pathlib.Path(sys.argv[1]),
    checkpoint_seconds=float(sys.argv[2]))
"""


def start(workdir, checkpoint_seconds):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, workdir, str(checkpoint_seconds)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )


def finish(process):
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr.decode()


def last_checkpoint(workdir):
    return tf.train.latest_checkpoint(workdir / "checkpoints")


def wait_for_a_checkpoint_after(before, process, workdir):
    while last_checkpoint(workdir) == before and process.poll() is None:
        time.sleep(0.01)


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_kills_change_no_bit(tmp_path, kills):
    random.seed(0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(start(whole, 1000))

    steps_at_kills = []
    for kill in range(kills):
        before = last_checkpoint(killed)
        process = start(killed, 0.05)
        if kill % 3 == 0:
            time.sleep(random.uniform(0, 8))  # At start-up, too.
        else:
            wait_for_a_checkpoint_after(before, process, killed)
            time.sleep(random.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        steps_at_kills.append(last_checkpoint(killed))
    finish(start(killed, 0.05))

    assert len(set(steps_at_kills)) >= kills / 2  # The kills came in training.
    expected, given = state_of(whole), state_of(killed)
    assert len(expected) > 40  # Weights, their two moments, iterations.
    assert expected.keys() == given.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(value, given[name], err_msg=name)
    assert last_checkpoint(killed).endswith(f"step-{STEPS}")


def test_sigterm_saves_and_stops(tmp_path):
    process = start(tmp_path, 1000)
    while not (tmp_path / "log.jsonl").exists():
        time.sleep(0.01)
    while not (tmp_path / "log.jsonl").read_text():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert b"Interrupted: SIGTERM at step" in stderr
    step = int(last_checkpoint(tmp_path).rsplit("-", 1)[1])
    assert 50 <= step < STEPS
