import json
import os

import numpy as np
import pytest

from tfdisent.cli import results
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.metrics import DEFAULT_METRICS
from tfdisent.training.config import ExperimentConfig

WHOLE = {
    "model": "vae",
    "training": {"step": 9},
    "data": {},
    "seed": 0,
    "images": {},
    "evaluated_with": {},
    "metrics": dict.fromkeys(DEFAULT_METRICS[1:], {}),
    "left_out": {DEFAULT_METRICS[0]: "has no factors"},
}
CONFIG = ExperimentConfig(model="vae", steps=9)


@pytest.fixture
def done(monkeypatch, tmp_path):
    """Names of the stages that ran; each leaves its file behind."""
    names = []

    def stage(name, path):
        def run(*arguments):
            names.append(name)
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(json.dumps(WHOLE))
            return WHOLE

        return run

    monkeypatch.setattr(results, "evaluate", lambda model, dataset, metrics: {})
    monkeypatch.setattr(
        results.evaluation_file,
        "write_run",
        stage("evaluate", "evaluation.json"),
    )
    monkeypatch.setattr(
        results, "draw_run", stage("draw", "figures/curves.png")
    )
    monkeypatch.setattr(results, "export_run", stage("export", "export/1"))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "checkpoint").write_text("")
    return names


DATASET = RowsDataset(
    np.zeros((1, 1, 1, 1), np.uint8), np.zeros((1, 0)), name="", provenance=""
)


def finish(workdir):
    return results.finish(CONFIG, DATASET, None, workdir)


def test_does_what_is_missing_and_nothing_twice(done, tmp_path):
    assert finish(tmp_path) == WHOLE
    assert done == ["evaluate", "draw", "export"]
    (tmp_path / "figures" / "curves.png").unlink()
    finish(tmp_path)
    assert done == ["evaluate", "draw", "export", "draw"]


@pytest.mark.parametrize(
    "part",
    [
        {"training": {"step": 5}},
        {"training": None},
        {"left_out": {}},
        {"metrics": {"mig_histogram": {}}},
        {"evaluated_with": None},
    ],
)
def test_only_a_whole_evaluation_counts(done, tmp_path, part):
    finish(tmp_path)
    partial = {k: v for k, v in {**WHOLE, **part}.items() if v is not None}
    (tmp_path / "evaluation.json").write_text(json.dumps(partial))
    assert finish(tmp_path) == WHOLE
    assert done == ["evaluate", "draw", "export", "evaluate"]


def test_pictures_and_exports_of_an_earlier_checkpoint_are_made_anew(
    done, tmp_path
):
    finish(tmp_path)
    after = (tmp_path / "export" / "1").stat().st_mtime + 10
    os.utime(tmp_path / "checkpoints" / "checkpoint", (after, after))
    finish(tmp_path)
    assert done == ["evaluate", "draw", "export", "draw", "export"]


def test_metrics_that_are_there_are_not_computed_again(done, tmp_path):
    finish(tmp_path)
    results.finish(CONFIG, DATASET, None, tmp_path, "dci, mig_histogram")
    assert done == ["evaluate", "draw", "export"]
    results.finish(CONFIG, DATASET, None, tmp_path, "dci(num_train=9)")
    assert done == ["evaluate", "draw", "export", "evaluate"]
