"""The whole command, and what it says to bad input."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from absl import flags
from absl.testing import flagsaver

from tfdisent.cli import main as cli_main
from tfdisent.cli import train
from tfdisent.errors import UsageError

ROOT = pathlib.Path(__file__).parents[2]
SMALL = ("--model=beta_tcvae", "--architecture=burgess", "--batch_size=16")


@pytest.fixture(scope="module")
def data_dir(load_kept, drawn_dir):
    """Where drawn images are."""
    load_kept("dsprites")
    return drawn_dir


def command(name, *arguments, **kwargs):
    return subprocess.Popen(
        [sys.executable, "-m", f"tfdisent.cli.{name}", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )


def finished(process):
    stdout, stderr = process.communicate(timeout=400)
    return process.returncode, stdout, stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory, data_dir):
    """A short run of the first command, with what it printed."""
    workdir = tmp_path_factory.mktemp("run") / "w"
    flags = (*SMALL, "--steps=60", f"--workdir={workdir}")
    metrics = "--metrics=mig_histogram,higgins_score(num_pairs=4)"
    flags += (f"--data_dir={data_dir}", metrics)
    code, stdout, stderr = finished(command("train", *flags))
    assert code == 0, stderr
    return workdir, flags, stdout, stderr


def test_leaves_numbers_pictures_and_an_export(run):
    workdir, _, stdout, stderr = run
    evaluation = json.loads((workdir / "evaluation.json").read_text())
    assert evaluation["training"]["images_seen"] == 960
    assert "rendered" in evaluation["data"]["provenance"]
    entries = evaluation["metrics"]
    assert set(entries) == {"mig_histogram", "higgins_score(num_pairs=4)"}
    scores = entries["higgins_score(num_pairs=4)"]["values"]
    assert set(scores) == {"higgins_score", "higgins_score_without_shape"}
    assert {p.name for p in (workdir / "figures").iterdir()} == {
        "samples.png",
        "reconstructions.png",
        "traversals.png",
        "latents_by_factors.png",
        "curves.png",
        "metrics",
    }
    matrix = workdir / "figures" / "metrics" / "mig_histogram-mi_matrix.png"
    assert matrix.exists() and str(matrix.parent) in stdout
    assert (workdir / "export" / "1" / "saved_model.pb").exists()
    assert "docker run" in stdout and "bin/serve --workdir=" in stdout
    assert "traversals.png" in stdout
    assert "active" in stderr  # The bar.
    # Not one line of TensorFlow's own.
    assert "0000 00:00" not in stderr and "oneDNN" not in stderr
    assert "INFO" not in stderr and "I1" not in stderr


def test_same_command_again_shows_the_run_and_trains_nothing(run):
    workdir, flags, stdout, _ = run
    before = {p: p.stat().st_mtime_ns for p in workdir.rglob("*")}
    code, again, _ = finished(command("train", *flags))
    assert code == 0
    assert again.splitlines()[-15:] == stdout.splitlines()[-15:]
    assert before == {p: p.stat().st_mtime_ns for p in workdir.rglob("*")}


@pytest.mark.parametrize(
    ("name", "flags", "changed"),
    [
        ("evaluate", ["--metrics=irs"], "evaluation.json"),
        ("traverse", ["--grid=-1:1:2", "--latents=0,2"], "figures/grid.png"),
        ("export", [], "export/2/saved_model.pb"),
    ],
)
def test_commands_on_their_own(run, data_dir, name, flags, changed):
    workdir = run[0]
    start = time.time()
    code, stdout, stderr = finished(
        command(name, f"--workdir={workdir}", f"--data_dir={data_dir}", *flags)
    )
    assert code == 0, stderr
    assert "WARNING" not in stderr
    assert str(workdir) in stdout
    assert (workdir / changed).stat().st_mtime >= start - 1


def test_stopped_by_a_signal_it_goes_on_with_the_same_command(
    tmp_path, data_dir
):
    flags = (*SMALL, "--steps=2000", f"--workdir={tmp_path / 'w'}")
    process = command("train", *flags, f"--data_dir={data_dir}")
    log = tmp_path / "w" / "log.jsonl"
    while not (log.exists() and log.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    code, _, stderr = finished(process)
    assert code == 130
    assert "stopped by SIGINT at step" in stderr
    assert "the same command goes on" in stderr
    assert "Traceback" not in stderr
    assert tf.train.latest_checkpoint(tmp_path / "w" / "checkpoints")


def spoken(monkeypatch, capsys, *arguments):
    """Exit code and words of bin/train, run in this process."""
    monkeypatch.setattr(sys, "argv", ["bin/train", *map(str, arguments)])
    with flagsaver.flagsaver(), pytest.raises(SystemExit) as end:
        cli_main.run(train.main, train.help_text)
    return end.value.code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--model=gan"], "model is 'gan'; it must be one of vae"),
        (["--dataset=mnist"], "dsprites"),
        (["--betta=6"], "Unknown command line flag 'betta'"),
        (["--beta=high"], "high"),
        (["--model=vae", "--beta=6"], "vae does not take --beta; it takes"),
        (["--model=beta_vae", "--beta=-1"], "beta is -1"),
        (["--beta=nan"], "beta is nan"),
        (["--num_latents=0"], "num_latents is 0"),
        (["--batch_size=1000000"], "1000000"),
        (["--batch_size=1"], "batches of 1 images"),
        (["--learning_rate=inf"], "learning_rate is inf"),
        (["--checkpoint_seconds=nan"], "checkpoint_seconds is nan"),
        (["--model=beta_vae", "--preset=paper", "--beta_norm=-1"], "beta_norm"),
        (["--preset=thesis"], "no preset 'thesis'; it has quick, paper, study"),
        (["--epochs=1", "--steps=9"], "give one of them"),
        (["--subset=x_position<=99"], "99"),
        (["extra"], "extra is not understood"),
    ],
)
def test_bad_input_is_one_sentence(
    monkeypatch, capsys, tmp_path, data_dir, flags, message
):
    workdir = tmp_path / "w"
    code, _, stderr = spoken(
        monkeypatch,
        capsys,
        f"--workdir={workdir}",
        f"--data_dir={data_dir}",
        *flags,
    )
    assert code == 2
    last = stderr.strip().splitlines()[-1]
    assert message in last and last.startswith("error: ")
    assert "Traceback" not in stderr
    assert not list(tmp_path.rglob("*.*"))


def test_broken_data_file_is_one_sentence(monkeypatch, capsys, tmp_path):
    path = tmp_path / "dsprites.npz"
    np.savez(path, imgs=np.zeros((3, 64, 64), np.uint8))
    code, _, stderr = spoken(
        monkeypatch,
        capsys,
        f"--workdir={tmp_path / 'w'}",
        f"--data_file={path}",
    )
    assert code == 1
    assert "dsprites.npz" in stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("flag", ["--model", "--steps=x", "--model=gan"])
def test_help_beside_a_bad_flag_is_one_sentence(monkeypatch, capsys, flag):
    code, _, stderr = spoken(monkeypatch, capsys, flag, "--help")
    assert code == 2
    assert stderr.startswith("error: ") and "Traceback" not in stderr


def test_help_shows_common_flags_and_those_of_a_model(monkeypatch, capsys):
    code, common, _ = spoken(monkeypatch, capsys, "--help")
    assert code == 0
    assert "--learning_rate" in common and "--workdir" in common
    assert "Weight of" not in common
    _, text, _ = spoken(monkeypatch, capsys, "--model=beta_tcvae", "--help")
    assert "Weight of the total correlation" in text
    assert "--estimator" in text and "--preset=paper" in text
    assert "--beta_norm" not in text


@pytest.fixture
def quick_finish(monkeypatch):
    """Ends runs without evaluation; says how often that was."""
    done = []

    def finish(config, dataset, model, workdir, metrics):
        done.append(workdir)
        images = {"distortion": 1.0, "rate": 2.0, "active_latents": 3}
        return {"images": images, "metrics": {}}

    monkeypatch.setattr(train, "finish", finish)
    monkeypatch.setattr(train.summary, "text", lambda *_: "done")
    return done


def test_several_seeds_go_on_after_a_crash(
    quick_finish, tmp_path, data_dir, monkeypatch, capsys
):
    arguments = (
        "--model=vae --architecture=burgess --batch_size=4 --steps=3 "
        f"--seeds=1,0,2 --workdir={tmp_path / 'w'} --data_dir={data_dir}"
    )
    trained = []

    def crashing(config, dataset, workdir, **kwargs):
        trained.append(config.seed)
        if trained == [1, 0]:
            raise KeyboardInterrupt
        return whole_train(config, dataset, workdir, **kwargs)

    whole_train = train.train
    monkeypatch.setattr(train, "train", crashing)
    with flagsaver.flagsaver():
        flags.FLAGS(["bin/train", *arguments.split()])
        with pytest.raises(KeyboardInterrupt):
            train.main(["bin/train"])
        train.main(["bin/train"])
        log = (tmp_path / "w" / "seed1" / "log.jsonl").read_text()
        train.main(["bin/train"])
    assert quick_finish[-3:] == [tmp_path / f"w/seed{s}" for s in (1, 0, 2)]
    # What is done is not trained again.
    assert (tmp_path / "w" / "seed1" / "log.jsonl").read_text() == log
    out = capsys.readouterr().out
    assert "seed 2 (3 of 3)" in out and "over 3 seeds" in out


def test_seed_and_seeds_exclude_each_other():
    with flagsaver.flagsaver():
        flags.FLAGS(["bin/train", "--seed=1", "--seeds=0-3"])
        with pytest.raises(UsageError, match="--seed=1 and --seeds=0-3"):
            train.main(["bin/train"])
