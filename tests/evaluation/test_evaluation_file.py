import pytest

from tfdisent.evaluation import evaluation_file
from tfdisent.training.config import ExperimentConfig

CONFIG = ExperimentConfig(model="vae", batch_size=16, seed=5)


def numbers(images=75, **values):
    return {
        "data": {"name": "squares", "images": images},
        "seed": 0,
        "images": {},
        "metrics": {name: {"values": {name: v}} for name, v in values.items()},
        "left_out": {},
    }


def test_a_run_says_what_the_training_cost(tmp_path):
    (tmp_path / "log.jsonl").write_text(
        '{"step": 9, "seconds": 12.5, "device": "an abacus"}\n'
        '{"step": 20, "seconds": 30.0, "device": "a slide rule"}\n'
    )
    written = evaluation_file.write_run(tmp_path, CONFIG, 9, numbers(mig=0.5))
    assert evaluation_file.read(tmp_path) == written
    training = written["training"]
    assert (training["step"], training["images_seen"]) == (9, 144)
    assert (training["seconds"], training["seed"]) == (12.5, 5)
    assert training["device"] == "an abacus"
    evaluated = written["evaluated_with"]["device"]
    assert "CPU" in evaluated or "GPU" in evaluated


def test_metrics_of_the_same_run_stay(tmp_path):
    evaluation_file.write_run(tmp_path, CONFIG, 9, numbers(mig=0.5, sap=0.1))
    first = numbers(mig=0.7)
    first["left_out"] = {"dci": "no factors"}
    evaluation_file.write_run(tmp_path, CONFIG, 9, first)
    written = evaluation_file.write_run(tmp_path, CONFIG, 9, numbers(dci=0.2))
    values = {k: v["values"][k] for k, v in written["metrics"].items()}
    assert values == {"mig": 0.7, "sap": 0.1, "dci": 0.2}
    assert written["left_out"] == {}


@pytest.mark.parametrize(
    "step, images, model",
    [(10, 75, "vae"), (9, 74, "vae"), (9, 75, "beta_vae")],
)
def test_metrics_of_something_else_go(tmp_path, step, images, model):
    evaluation_file.write_run(tmp_path, CONFIG, 9, numbers(mig=0.5))
    config = ExperimentConfig(model=model, batch_size=16, seed=5)
    written = evaluation_file.write_run(
        tmp_path, config, step, numbers(images, sap=0.1)
    )
    assert set(written["metrics"]) == {"sap"}


def test_metrics_that_stay_keep_the_device_they_came_from(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(evaluation_file, "device_name", lambda: "an abacus")
    evaluation_file.write(tmp_path, {}, numbers(mig=0.5))
    monkeypatch.setattr(evaluation_file, "device_name", lambda: "a slide rule")
    written = evaluation_file.write(tmp_path, {}, numbers(sap=0.1))
    assert written["evaluated_with"]["device"] == "a slide rule"
    kept = written["metrics"]["mig"]["evaluated_with"]
    assert kept["device"] == "an abacus"
    assert "evaluated_with" not in written["metrics"]["sap"]


@pytest.mark.parametrize("content", [b'{"model": ', b"\xff", b"{}", b"[]"])
def test_broken_evaluation_is_none(tmp_path, content):
    (tmp_path / "evaluation.json").write_bytes(content)
    assert evaluation_file.read(tmp_path) is None
