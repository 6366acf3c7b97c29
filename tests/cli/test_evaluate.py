"""What bin/evaluate does with runs, baselines and codes, and says to errors."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
FAST = '--metrics="mig_histogram(num_points=400), irs(num_points=400)"'
GOOD = {
    "run": f"--workdir=runs/seed0 {FAST} --data_dir=data",
    "noisy": f"--workdir=runs/seed0 {FAST} --data_dir=data "
    "--subset=scale/5 --subset=flip=0.1@0",
    "noisy again": "--workdir=runs/seed0 --metrics=active_units "
    "--data_dir=data --subset=scale/5 --subset=flip=0.1@0",
    "more": "--workdir=runs/seed0 --metrics=active_units --data_dir=data "
    "--representation=sampled --evaluation_seeds=0-2",
    "baseline": f"--baseline=ground_truth {FAST} --data_dir=data",
    "several": '--baseline="fast_ica_pairwise(num_images=300)" --data_dir=data '
    '--metrics="zdiff_corr(num_points=300)"',
    "file": f"--codes=codes.npz {FAST} --intervals=20 --mask=variance",
    "function": f"--codes=mine.py:codes_of {FAST} --data_dir=data --output=f",
    "runs": "--runs=runs/seed* --metrics=udr_lasso --data_dir=data",
    "runs again": "--runs=runs/seed* --metrics=udr_spearman --data_dir=data",
    "before": "--codes=changing.npz --metrics=irs,sap_correlation",
    "after": "--codes=changing.npz --metrics=zdiff_corr",
    "no factors": "--codes=bare.npz --output=bare",
}
BAD = {
    "": "None were given; give one of --workdir, --baseline, --codes, --runs",
    "--codes=codes.npz --baseline=pca": "--baseline and --codes were given",
    "--workdir=missing": "missing",
    "--codes=missing.npz": "missing.npz cannot be read",
    "--codes=codes.npz --metrics=zdiff": "'zdiff' (did you mean zdiff_corr?)",
    "--codes=codes.npz --metrics=irs(bins=3)": "irs takes no bins",
    "--codes=codes.npz --metrics=irs(": "is no list of metrics",
    "--codes=codes.npz --metrics=irs(num_points=-1)": "num_points is -1",
    "--codes=codes.npz --metrics=fid": "fid needs Inception's weights",
    "--codes=codes.npz --metrics=mig_analytic": "mig_analytic needs q(z|x)",
    "--codes=bare.npz --metrics=irs": "irs needs the factors",
    "--codes=short.npz": "one row of each",
    "--codes=halves.npz": "not all whole numbers",
    "--codes=negative.npz": "number each factor's values from 0",
    "--codes=nan.npz": "1 of 500 rows",
    "--codes=still.npz --mask=variance": "keeps none of 3 latents",
    "--codes=codes.npz --mask=kl": "needs q(z|x)",
    "--codes=codes.npz --representation=sampled": "Only codes with posteriors",
    "--codes=codes.npz --evaluation_seeds=5-0": "--evaluation_seeds=5-0",
    "--codes=codes.npz --dataset=dsprites": "--dataset does not go",
    "--codes=codes.npz --output=runs/seed0": "runs/seed0 holds numbers of vae",
    "--codes=codes.npz --output=f": "f holds numbers of mine.py:codes_of",
    "--codes=codes.npz --output=mine.py": "mine.py cannot be made",
    "--codes=mine.py:fails": "ZeroDivisionError: division by zero",
    "--codes=mine.py:missing": "has no function 'missing'",
    "--codes=codes.npz --metrics=irs,fid(weights='no')": "There is no file no",
    "--codes=nowhere.py:f": "nowhere.py",
    "--baseline=kpca": "no baseline 'kpca'",
    "--baseline=pca(latents=3)": "pca takes no latents",
    "--baseline=pca,random": "names 2",
    "--workdir=runs/seed0 --output=x": "--output does not go with --workdir",
    "--workdir=runs/seed0 --subset=size<=3": "no factor 'size'",
    "--runs=runs/seed* --subset=scale<=3": "--subset does not go with --runs",
    "--baseline=random --subset=random=50@0": "leave --subset out",
    "--runs=nothing*": "finds 0 folders",
    "--runs=runs/seed* --metrics=irs": "no score 'irs'",
    "--runs=runs/seed* --intervals=9": "--intervals does not go with --runs",
}
# In one process, for TensorFlow takes seconds to start.
SCRIPT = """
import contextlib, io, json, pathlib, shlex, sys
from absl import flags
from tfdisent.cli import evaluate, main
from tfdisent.data.load import load_dataset
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train

dataset = load_dataset("dsprites", data_dir="data")
for seed in range(2):
    config = ExperimentConfig(
        model="vae",
        hparams={"architecture": "burgess"},
        steps=3,
        batch_size=8,
        seed=seed,
    )
    train(config, dataset, pathlib.Path(f"runs/seed{seed}"))

def files():
    paths = [p for p in pathlib.Path().rglob("*") if p.is_file()]
    return {p: p.read_bytes() for p in paths if p.parts[0] != "data"}

good, others = json.loads(sys.argv[1])
for line in good + others:
    if line == others[0]:
        before = files()
    if line == "--codes=changing.npz --metrics=zdiff_corr":
        pathlib.Path("better.npz").replace("changing.npz")
    sys.argv = ["bin/evaluate", *shlex.split(line)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main.run(evaluate.main, evaluate.help_text)
        except SystemExit as end:
            code = end.code
    print("said", json.dumps([code, out.getvalue(), err.getvalue()]))
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
print("untouched", files() == before)
"""


def write_codes(folder):
    rng = np.random.default_rng(0)
    factors = rng.integers((3, 6, 8), size=(500, 3))
    codes = factors + rng.normal(0, 0.1, (500, 3))
    nan = codes.copy()
    nan[3, 1] = np.nan
    for name, arrays in {
        "codes": {"codes": codes, "factors": factors},
        "bare": {"codes": codes},
        "short": {"codes": codes, "factors": factors[:9]},
        "halves": {"codes": codes, "factors": factors / 2},
        "negative": {"codes": codes, "factors": factors - 1},
        "nan": {"codes": nan, "factors": factors},
        "still": {"codes": codes * 1e-3, "factors": factors},
        "changing": {"codes": rng.normal(size=(500, 3)), "factors": factors},
        "better": {"codes": codes, "factors": factors},
    }.items():
        np.savez(folder / f"{name}.npz", **arrays)
    (folder / "mine.py").write_text(
        "def codes_of(f):\n    return f * 1.0\n\n"
        "def fails(f):\n    return 1 / 0\n"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("evaluate")


@pytest.fixture(scope="module")
def said(folder, load_kept, drawn_dir):
    """Exit code, stdout and stderr by command line."""
    load_kept("dsprites")
    (folder / "data").symlink_to(drawn_dir)
    write_codes(folder)
    others = [*BAD, "--help", "--help --metrics=dci"]
    lines = [*GOOD.values(), *others]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            SCRIPT,
            json.dumps([list(GOOD.values()), others]),
        ],
        cwd=folder,
        env={
            **os.environ,
            "CUDA_VISIBLE_DEVICES": "-1",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert "untouched True" in done.stdout
    answers = [
        json.loads(line.removeprefix("said "))
        for line in done.stdout.splitlines()
        if line.startswith("said ")
    ]
    return dict(zip(lines, answers, strict=True))


@pytest.fixture
def good(said):
    def of(name):
        code, out, err = said[GOOD[name]]
        assert code in (0, None), err
        return out

    return of


def evaluation(folder, name):
    return json.loads((folder / name / "evaluation.json").read_text())


def test_a_run_is_measured_into_its_folder(good, folder):
    out = good("run")
    assert "vae on dsprites, rendered" in out and "mig_histogram(" in out
    written = evaluation(folder, "runs/seed0")
    entry = written["metrics"]["irs(num_points=400)"]
    assert 0 <= entry["values"]["irs"] <= 1
    assert entry["settings"]["quantile"] == 0.99
    picture = (
        folder / "runs/seed0/figures/metrics/irs-num_points=400-matrix.png"
    )
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"pictures  {picture.parent.relative_to(folder)} (2 heat" in out


def test_metrics_add_up(good, folder):
    good("more")
    written = evaluation(folder, "runs/seed0")
    assert set(written["metrics"]) == {
        "mig_histogram(num_points=400)",
        "irs(num_points=400)",
        "active_units of sampled codes",
    }
    entry = written["metrics"]["active_units of sampled codes"]
    assert entry["statistics"]["active_units"]["n"] == 3
    assert entry["representation"] == "sampled"


def test_ground_truth_is_perfect(good, folder):
    assert "ground_truth of dsprites" in good("baseline")
    written = evaluation(folder, "evaluations/ground_truth-dsprites")
    values = written["metrics"]["irs(num_points=400)"]["values"]
    assert values["irs"] == pytest.approx(1)
    assert written["codes"]["name"] == "ground_truth"


def test_several_representations_are_averaged(good, folder):
    good("several")
    name = "evaluations/fast_ica_pairwise-num_images=300--dsprites"
    [entry] = evaluation(folder, name)["metrics"].values()
    each = [values["zdiff_corr"] for values in entry["values_of_each"]]
    assert len(each) == 3 and len(set(each)) == 3
    assert entry["values"]["zdiff_corr"] == pytest.approx(np.mean(each))


def test_codes_in_a_file_have_intervals(good, folder):
    assert "95 %" in good("file")
    written = evaluation(folder, "evaluations/codes.npz")
    entry = written["metrics"]["mig_histogram(num_points=400)"]
    low, high = entry["intervals"]["values"]["mig_histogram"]
    assert low < entry["values"]["mig_histogram"] < high
    assert entry["values"]["mig_histogram"] > 0.7
    assert "masked" not in entry  # all vary


def test_a_function_is_asked_for_codes_of_the_factors(good, folder):
    assert "mine.py:codes_of of dsprites" in good("function")
    [_, entry] = evaluation(folder, "f")["metrics"].values()
    assert entry["values"]["irs"] == pytest.approx(1)


def test_without_factors_the_rest_is_given(good, folder):
    out = good("no factors")
    written = evaluation(folder, "bare")
    assert "tc_gaussian" in written["metrics"]
    assert "needs the factors" in written["left_out"]["mig_histogram"]
    assert "not possible: mig_histogram, " in out


def test_runs_are_compared(good, folder):
    out = good("runs")
    assert "runs/seed0" in out and "udr_lasso a2a" in out
    path = folder / "evaluations/runs-runs-seedall/comparison.json"
    whole = json.loads(path.read_text())
    assert [run["seed"] for run in whole["runs"]] == [0, 1]
    assert whole["runs"][0]["step"] == 3 and "rendered" in str(whole["data"])
    scores = whole["scores"]["udr_lasso"]
    assert scores["settings"]["threshold"] == 0.01
    # Two runs of the same hyper-parameters are all there are.
    assert scores["scores"] == scores["scores_all_to_all"]
    assert all(0 <= score <= 1 for score in scores["scores"])
    assert good("runs again") and set(whole["scores"]) == {
        "udr_lasso",
        "udr_spearman",
    }


def test_numbers_of_codes_that_have_changed_are_forgotten(good, folder):
    assert "irs" in good("before") and "irs" not in good("after")
    written = evaluation(folder, "evaluations/changing.npz")
    assert set(written["metrics"]) == {"zdiff_corr"}
    assert written["metrics"]["zdiff_corr"]["values"]["zdiff_corr"] > 0.9
    maps = folder / "evaluations/changing.npz/figures/metrics"
    assert [path.name for path in maps.iterdir()] == ["zdiff_corr-matrix.png"]


def test_a_run_is_measured_on_other_parts_in_a_folder_of_their_own(
    said, folder
):
    path = folder / "runs/seed0/evaluations/scale-5-flip=0.1-0/evaluation.json"
    found = json.loads(path.read_text())
    assert found["data"]["provenance"].startswith(
        "subset(flip=0.1@0) of subset(scale/5) of rendered"
    )
    assert found["data"]["images"] == 737_280 // 3
    assert set(found["metrics"]) == {
        "mig_histogram(num_points=400)",
        "irs(num_points=400)",
        "active_units",
    }
    own = json.loads((folder / "runs/seed0/evaluation.json").read_text())
    assert own["data"]["images"] == 737_280
    assert own["images"]["distortion"] < found["images"]["distortion"]


@pytest.mark.parametrize("line, message", BAD.items())
def test_bad_input_is_one_sentence(said, line, message):
    code, _, err = said[line]
    [error] = err.strip().splitlines()
    assert code in (1, 2) and error.startswith("error: ")
    assert message in error


def test_help_has_the_flags_the_metrics_and_their_options(said):
    code, out, _ = said["--help"]
    assert code in (0, None)
    for text in ("--baseline", "--mask", "dci", "fid", "udr_lasso"):
        assert text in out
    assert "importances='forest'" in said["--help --metrics=dci"][1]
