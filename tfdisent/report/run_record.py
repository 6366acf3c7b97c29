"""All files of a run that a report shows."""

import json
import pathlib
from typing import NamedTuple

from tfdisent.errors import RunError
from tfdisent.evaluation import evaluation_file
from tfdisent.export.contract import CARD_FILE
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.workdir import read_log


class RunRecord(NamedTuple):
    """What a folder holds.

    Attributes:
      workdir: The folder.
      config: Of the run.
      data: data.json, which names the images; None if it is missing.
      log: Records of log.jsonl.
      evaluation: evaluation.json; None if it is missing.
      card: The model card of the newest export; None if there is none.
      figures: The pictures in figures/.
    """

    workdir: pathlib.Path
    config: ExperimentConfig
    data: dict | None
    log: list[dict]
    evaluation: dict | None
    card: dict | None
    figures: list[pathlib.Path]

    @property
    def step(self) -> int:
        """Steps that are logged."""
        return self.log[-1]["step"] if self.log else 0


def read_run(workdir: pathlib.Path) -> RunRecord:
    """Reads a run, of which only config.json has to be there.

    Raises:
      RunError: If it is no run, or a file cannot be read.
    """
    config = ExperimentConfig.load(workdir / "config.json")
    return RunRecord(
        workdir=workdir,
        config=config,
        data=_json(workdir / "data.json"),
        log=read_log(workdir / "log.jsonl"),
        evaluation=evaluation_file.read(workdir),
        card=_card(workdir),
        figures=sorted((workdir / "figures").glob("*.png")),
    )


def _card(workdir: pathlib.Path) -> dict | None:
    versions = [
        path for path in (workdir / "export").glob("*") if path.name.isdecimal()
    ]
    if not versions:
        return None
    newest = max(versions, key=lambda path: int(path.name))
    return _json(newest / CARD_FILE)


def _json(path: pathlib.Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}.") from error
