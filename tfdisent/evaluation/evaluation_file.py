"""evaluation.json: the numbers of a representation beside what made them."""

import json
import pathlib

import keras
import numpy as np
import tensorflow as tf

from tfdisent.training.config import ExperimentConfig
from tfdisent.training.device import device_name
from tfdisent.training.workdir import read_log, write_atomically

NAME = "evaluation.json"


def write_run(
    workdir: pathlib.Path, config: ExperimentConfig, step: int, evaluation: dict
) -> dict:
    """Adds what the run cost and writes its evaluation.

    Returns:
      What was written.

    Raises:
      RunError: If it cannot be written.
    """
    log = read_log(workdir / "log.jsonl")
    trained = [record for record in log if record["step"] <= step]
    last = trained[-1] if trained else {}
    what = {
        "model": config.model,
        "hparams": config.hparams,
        "training": {
            "step": step,
            "batch_size": config.batch_size,
            "images_seen": step * config.batch_size,
            "seconds": last.get("seconds"),
            "seed": config.seed,
            "device": last.get("device"),
        },
    }
    return write(workdir, what, evaluation)


def write(workdir: pathlib.Path, what: dict, evaluation: dict) -> dict:
    """Writes an evaluation; metrics of the same thing that are there stay.

    Args:
      workdir: Folder of evaluation.json.
      what: What was measured; metrics of anything else are forgotten.
      evaluation: What `evaluate` gave.

    Returns:
      What was written.

    Raises:
      RunError: If it cannot be written.
    """
    whole = {
        **what,
        "evaluated_with": {
            "device": device_name(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        **evaluation,
    }
    earlier = read(workdir)
    if earlier and all(earlier.get(k) == whole[k] for k in (*what, "data")):
        _keep(earlier, whole)
    write_atomically(workdir / NAME, json.dumps(whole, indent=2) + "\n")
    return whole


def _keep(earlier: dict, whole: dict) -> None:
    """Adds the metrics of an earlier evaluation of the same thing."""
    if earlier["evaluated_with"] != whole["evaluated_with"]:
        for entry in earlier["metrics"].values():
            entry.setdefault("evaluated_with", earlier["evaluated_with"])
    for part in ("metrics", "left_out"):
        whole[part] = earlier.get(part, {}) | whole[part]
    for key in whole["metrics"]:
        whole["left_out"].pop(key, None)


def read(workdir: pathlib.Path) -> dict | None:
    """What was written; None if it is missing or damaged."""
    try:
        evaluation = json.loads((workdir / NAME).read_text())
    except (OSError, ValueError):
        return None
    parts = {"evaluated_with", "data", "metrics"}
    is_whole = isinstance(evaluation, dict) and parts <= set(evaluation)
    return evaluation if is_whole else None
