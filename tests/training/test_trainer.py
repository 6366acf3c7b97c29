import copy
import json
import os
import pathlib
import signal

import keras
import numpy as np
import pytest

from tfdisent.errors import Interrupted, RunError, UsageError
from tfdisent.files import locked
from tfdisent.training import trainer
from tfdisent.training.build import load_model
from tfdisent.training.checkpoints import Checkpoints
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train
from tfdisent.training.workdir import read_log


def make_config(**changes):
    settings = {
        "model": "beta_vae",
        "hparams": {"num_latents": 3},
        "steps": 60,
        "batch_size": 16,
        **changes,
    }
    return ExperimentConfig(**settings)


def records(workdir):
    lines = (workdir / "log.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()])


def test_log_has_what_a_person_follows(squares, tmp_path):
    train(make_config(), squares, tmp_path)
    log = records(tmp_path)
    assert [r["step"] for r in log] == [50, 60]
    last = log[-1]
    assert last["rate"] == pytest.approx(sum(last["kl_per_latent"]), rel=1e-3)
    assert last["active_latents"] <= 3
    assert last["images_per_second"] > 0
    assert last["distortion"] < log[0]["distortion"]


def test_each_phase_shows_what_it_has(squares, tmp_path, capsys):
    hparams = {"num_latents": 3, "dae_steps": 20}
    config = make_config(model="beta_vae_dae", hparams=hparams, steps=40)
    train(config, squares, tmp_path)
    first, last = records(tmp_path)
    assert (first["step"], last["step"]) == (20, 40)
    assert "dae_loss" in first and "distortion" not in first
    assert "dae_loss" not in last and "distortion" in last
    bars = [b for b in capsys.readouterr().err.split("\n") if "images/s" in b]
    assert any("dae_loss" in bar for bar in bars)
    assert any("distortion" in bar for bar in bars)


def test_trained_model_is_loaded_again(squares, tmp_path):
    config = make_config()
    model = train(config, squares, tmp_path)
    loaded, step = load_model(config, squares, tmp_path)
    assert step == 60
    np.testing.assert_array_equal(weights(model), weights(loaded))


def test_averages_that_there_are_not_yet_do_not_stand_for_the_weights(
    squares, tmp_path
):
    # The first steps in float16 are left out until the scale is found.
    config = make_config(steps=2, ema_decay=0.9, precision="mixed_float16")
    model = train(config, squares, tmp_path)
    (record,) = records(tmp_path)
    assert record["vae_loss_scale"] < 2.0**15
    untrained = trainer.build_model(config, squares)
    np.testing.assert_array_equal(weights(model), weights(untrained))


class Crash(Exception):
    pass


@pytest.mark.parametrize("strategy", ["default", "mirrored"])
def test_resumed_run_ends_with_the_same_bits(
    squares, tmp_path, monkeypatch, strategy
):
    config = make_config(
        strategy=strategy, learning_rate_schedule="last_quarter"
    )
    whole = train(config, squares, tmp_path / "whole")

    class Crashing(trainer.Safekeeping):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            if self._step == 55:
                raise Crash
            if self._step == 37:
                self._checkpoints.save(37)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "Safekeeping", Crashing)
        with pytest.raises(Crash):
            train(config, squares, tmp_path / "resumed")
    resumed = train(config, squares, tmp_path / "resumed")
    np.testing.assert_array_equal(weights(whole), weights(resumed))
    assert [r["step"] for r in records(tmp_path / "resumed")] == [50, 60]


def test_finished_run_is_not_trained_again(squares, tmp_path):
    config = make_config(steps=5)
    first = train(config, squares, tmp_path)
    log = (tmp_path / "log.jsonl").read_text()
    again = train(config, squares, tmp_path)
    np.testing.assert_array_equal(weights(first), weights(again))
    assert (tmp_path / "log.jsonl").read_text() == log


def test_another_configuration_is_refused_with_the_difference(
    squares, tmp_path
):
    train(make_config(steps=5), squares, tmp_path)
    with pytest.raises(UsageError, match="steps: 6 here, 5 there"):
        train(make_config(steps=6), squares, tmp_path)
    other = {"num_latents": 3, "beta": 8.0}
    with pytest.raises(UsageError, match="beta: 8.0 here, None there"):
        train(make_config(steps=5, hparams=other), squares, tmp_path)


def test_other_images_are_refused(squares, tmp_path):
    train(make_config(steps=2), squares, tmp_path)
    noted = json.loads((tmp_path / "data.json").read_text())
    assert noted == {
        "name": "squares",
        "provenance": "drawn for tests",
        "images": 75,
    }
    other = copy.copy(squares)
    other.provenance = "drawn anew"
    with pytest.raises(UsageError, match="drawn for tests, and now .* anew"):
        train(make_config(steps=2), other, tmp_path)
    train(make_config(steps=2), squares, tmp_path)


def test_a_run_that_did_not_note_its_images_goes_on(squares, tmp_path):
    train(make_config(steps=2), squares, tmp_path)
    (tmp_path / "data.json").unlink()
    train(make_config(steps=2), squares, tmp_path)
    assert not (tmp_path / "data.json").exists()


def test_bad_configuration_leaves_nothing_behind(squares, tmp_path):
    for bad in (
        make_config(hparams={"beta": -1.0}),
        make_config(batch_size=76),
        make_config(model="beta_tcvae", hparams={}, batch_size=1),
    ):
        with pytest.raises(UsageError):
            train(bad, squares, tmp_path)
        assert not (tmp_path / "config.json").exists()
    train(make_config(steps=5), squares, tmp_path)


def test_nan_stops_the_run_and_names_the_last_good_checkpoint(
    squares, tmp_path
):
    config = make_config(learning_rate=1e30, optimizer="rmsprop")
    with pytest.raises(RunError, match="at step [12].*checkpoint is none"):
        train(config, squares, tmp_path)
    assert not list((tmp_path / "checkpoints").glob("step-*"))


def test_checkpoint_of_another_architecture_is_refused(squares, tmp_path):
    config = make_config(steps=5)
    train(config, squares, tmp_path)
    other = make_config(
        steps=5, hparams={"num_latents": 3, "architecture": "burgess"}
    )
    other.save(tmp_path / "config.json")
    with pytest.raises(RunError, match="does not fit the model"):
        train(other, squares, tmp_path)
    with pytest.raises(RunError, match="does not fit the model"):
        load_model(other, squares, tmp_path)


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


def two_checkpoints(squares, tmp_path):
    """A finished run with checkpoints of the steps 4 and 5."""
    config = make_config(steps=5)
    whole = train(config, squares, tmp_path, checkpoint_seconds=0)
    return config, whole


def test_damaged_checkpoint_is_replaced_by_the_one_before(
    squares, tmp_path, caplog
):
    config, whole = two_checkpoints(squares, tmp_path)
    (data,) = (tmp_path / "checkpoints").glob("step-5.data-*")
    cut(data)
    _, step = load_model(config, squares, tmp_path)
    assert step == 4
    assert "step-5" in caplog.text and "Going back" in caplog.text
    np.testing.assert_array_equal(
        weights(train(config, squares, tmp_path)), weights(whole)
    )


def test_list_of_checkpoints_cut_short_costs_nothing(squares, tmp_path):
    config, whole = two_checkpoints(squares, tmp_path)
    (tmp_path / "checkpoints" / "checkpoint").write_text("")
    model, step = load_model(config, squares, tmp_path)
    assert step == 5
    np.testing.assert_array_equal(weights(model), weights(whole))


def test_odd_lines_end_the_log(squares, tmp_path):
    path = tmp_path / "log.jsonl"
    good = b'{"step": 1, "seconds": 2.0}\n'
    for odd in (b"12", b"\xff\xfe", b'{"step": 2}', b'{"step": 2, "sec'):
        path.write_bytes(good + odd + b"\n" + good)
        assert read_log(path) == [{"step": 1, "seconds": 2.0}]


def test_damaged_checkpoint_is_named(squares, tmp_path):
    config = make_config(steps=5)
    train(config, squares, tmp_path)
    (data,) = (tmp_path / "checkpoints").glob("step-5.data-*")
    cut(data)
    with pytest.raises(RunError, match="step-5 does not fit .* or is damaged"):
        load_model(config, squares, tmp_path)


def test_weights_that_are_not_finite_are_not_saved(squares, tmp_path):
    model = trainer.build_model(make_config(), squares)
    model.compile({"vae": keras.optimizers.Adam()})
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    with pytest.raises(RunError, match="no longer finite at step 3"):
        Checkpoints(model, tmp_path).save(3)


def test_unwritable_folder_is_one_clear_line(squares, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be made: Not a directory"):
        train(make_config(), squares, tmp_path / "file" / "run")


def test_second_process_in_a_workdir_is_refused(squares, tmp_path):
    with locked(tmp_path, ""), pytest.raises(RunError, match="Another process"):
        train(make_config(), squares, tmp_path)


def test_signal_at_the_end_is_not_lost(squares, tmp_path, monkeypatch):
    save = Checkpoints.save

    def interrupted_save(self, step):
        save(self, step)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Checkpoints, "save", interrupted_save)
    with pytest.raises(Interrupted, match="SIGTERM at step 5"):
        train(make_config(steps=5), squares, tmp_path)
    assert (tmp_path / "checkpoints" / "step-5.index").exists()


def test_full_disk_under_the_log_is_one_sentence(squares, tmp_path):
    class Full(trainer.Progress):
        def __init__(self, path, **kwargs):
            super().__init__(pathlib.Path("/dev/full"), **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "Progress", Full)
        with pytest.raises(RunError, match="No space left on device"):
            train(make_config(steps=5), squares, tmp_path)
