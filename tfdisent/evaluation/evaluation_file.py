"""evaluation.json: the numbers of a representation beside what made them."""

import json
import pathlib

import keras
import numpy
import scipy
import sklearn
import tensorflow

import tfdisent
from tfdisent.errors import UsageError
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.device import device_name
from tfdisent.training.workdir import (
    make_directory,
    read_log,
    write_atomically,
)

NAME = "evaluation.json"


def write_run(
    workdir: pathlib.Path,
    config: ExperimentConfig,
    step: int,
    evaluation: dict,
    folder: pathlib.Path | None = None,
) -> dict:
    """Adds what the run cost and writes its evaluation.

    Args:
      workdir: Of the run.
      config: Of the run.
      step: Of the checkpoint that was measured.
      evaluation: What `evaluate` gave.
      folder: Where evaluation.json goes; workdir by default.

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
    return write(folder or workdir, what, evaluation)


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
        "evaluated_with": evaluated_with(),
        **evaluation,
    }
    earlier = read(workdir)
    if earlier and all(earlier.get(k) == whole[k] for k in (*what, "data")):
        _keep(earlier, whole)
    write_atomically(workdir / NAME, json.dumps(whole, indent=2) + "\n")
    return whole


def evaluated_with() -> dict:
    """The device, and the versions of what the numbers depend on."""
    packages = (tfdisent, tensorflow, keras, numpy, scipy, sklearn)
    versions = {package.__name__: package.__version__ for package in packages}
    return {"device": device_name(), **versions}


def check_folder(folder: pathlib.Path, name: str, data: dict) -> None:
    """Makes a folder for numbers, before they are computed.

    Args:
      folder: Where `write` shall put them.
      name: Of the codes, or of a run's model.
      data: That of the evaluation.

    Raises:
      UsageError: If the numbers of something else are there.
      RunError: If the folder cannot be written.
    """
    earlier = read(folder)
    if earlier:
        measured = earlier.get("codes", {}).get("name", earlier.get("model"))
        provenance = earlier["data"].get("provenance")
        if (measured, provenance) != (name, data["provenance"]):
            raise UsageError(
                f"{folder} holds numbers of {measured} on {provenance}; give "
                "--output another folder."
            )
    make_directory(folder)


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
