import json

import pytest
import tensorflow as tf

from tfdisent.errors import RunError, UsageError
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.strategy import make_strategy
from tfdisent.training.trainer import train


def test_workers_that_come_too_late_in_a_process_are_told(monkeypatch):
    tf.zeros([])  # TensorFlow is at work.
    task = {"type": "worker", "index": 0}
    cluster = {"worker": ["localhost:1", "localhost:2"]}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": task})
    )
    with pytest.raises(RunError, match="before TensorFlow computes"):
        make_strategy("multi_worker")


def test_batch_that_replicas_cannot_share_is_refused(
    squares, mirrored, tmp_path
):
    config = ExperimentConfig(
        model="beta_vae", steps=5, batch_size=15, strategy="mirrored"
    )
    with pytest.raises(UsageError, match="15 images .* by 2 replicas"):
        train(config, squares, tmp_path)
