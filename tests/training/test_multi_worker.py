"""Two real worker processes train together; one is killed and started again."""

import dataclasses
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from checkpoint_state import state_of

from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train

ROOT = pathlib.Path(__file__).parents[2]
# bin/train on the small data set, slow enough that a kill comes in time.
PROGRAM = """
import time
import tests.conftest
from tfdisent.cli import main, train
from tfdisent.training import trainer

class Slow(trainer.Safekeeping):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.05)
        super().on_train_batch_end(batch, logs)

def finish(config, dataset, model, workdir, metrics):
    time.sleep(1)  # The other worker has gone home.
    codes = model.encode(dataset.images(range(9)).astype("float32") / 255)
    print("evaluated", codes.mean().shape)

trainer.Safekeeping = Slow
train.build_dataset = lambda config, data_dir: tests.conftest.Squares()
train.finish = finish
train.summary.text = lambda workdir, evaluation: ""
main.run(train.main, train.help_text)
"""
FLAGS = (
    "--model=factor_vae",  # With two optimizers.
    "--architecture=burgess",
    "--discriminator_width=20",
    "--num_latents=2",
    "--steps=40",
    "--batch_size=16",
    "--strategy=multi_worker",
    "--checkpoint_seconds=0.5",
)


def free_addresses(number):
    sockets = [socket.socket() for _ in range(number)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return addresses


class Workers:
    """Starts processes and ends all of them."""

    def __init__(self, folder):
        self.folder = folder
        self.addresses = free_addresses(2)
        self.processes = []

    def start(self, index, *flags):
        task = {"type": "worker", "index": index}
        environment = {
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CONFIG": json.dumps(
                {"cluster": {"worker": self.addresses}, "task": task}
            ),
        }
        with self.output(index).open("a") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *FLAGS, *flags],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )
        self.processes.append(process)
        return process

    def output(self, index):
        return self.folder / f"worker{index}.txt"

    def wait(self, process):
        try:
            return process.wait(timeout=240)
        except subprocess.TimeoutExpired:
            pytest.fail("\n".join(self.output(i).read_text() for i in (0, 1)))


@pytest.fixture
def workers(tmp_path):
    workers = Workers(tmp_path)
    yield workers
    for process in workers.processes:
        process.kill()
        process.wait()


def last_step(workdir):
    path = tf.train.latest_checkpoint(workdir / "checkpoints")
    return int(path.rsplit("-", 1)[1]) if path else 0


def test_killed_worker_comes_back_and_no_bit_changes(
    squares, mirrored, workers, tmp_path
):
    workdir = tmp_path / "run"
    flags = (f"--workdir={workdir}",)
    chief, worker = workers.start(0, *flags), workers.start(1, *flags)
    while last_step(workdir) < 3:
        assert chief.poll() is None, workers.output(0).read_text()
        assert worker.poll() is None, workers.output(1).read_text()
        time.sleep(0.05)
    worker.kill()
    worker.wait()
    assert last_step(workdir) < 40
    worker = workers.start(1, *flags)
    assert workers.wait(chief) == 0, workers.output(0).read_text()
    assert workers.wait(worker) == 0, workers.output(1).read_text()

    said = workers.output(0).read_text()
    # On a busy machine a worker that answers late is taken for another one.
    assert "another worker is gone at step" in said
    assert "evaluated (9, 2)" in said
    assert "the chief evaluates" in workers.output(1).read_text()
    lines = (workdir / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [40]

    # Two numbers have one sum, in whatever order: so not only the rounding is
    # that of two replicas in one process that nobody killed.
    config = dataclasses.replace(
        ExperimentConfig.load(workdir / "config.json"), strategy="mirrored"
    )
    train(config, squares, tmp_path / "mirrored")
    expected, given = state_of(tmp_path / "mirrored"), state_of(workdir)
    assert expected.keys() == given.keys()
    assert len(expected) > 40
    for name, value in expected.items():
        np.testing.assert_array_equal(value, given[name], err_msg=name)
