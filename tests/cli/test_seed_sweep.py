import json

import numpy as np
import pytest

from tfdisent.cli.seed_sweep import sweep
from tfdisent.errors import RunError


def evaluation(mig):
    return {
        "images": {"distortion": 100.0, "rate": 8.0, "active_latents": 5},
        "metrics": {
            "mig_histogram": {
                "values": {"mig_histogram": mig, "mig_histogram/scale": 0.9}
            }
        },
    }


def test_each_seed_has_its_folder_and_all_are_summed_up(tmp_path):
    done = []

    def run(seed, workdir):
        done.append((seed, workdir))
        return evaluation({3: 0.1, 5: 0.2, 4: 0.6}[seed])

    table = sweep(run, [3, 5, 4], tmp_path)
    assert done == [(s, tmp_path / f"seed{s}") for s in (3, 5, 4)]
    (line,) = [row for row in table.splitlines() if "mig_histogram" in row]
    expected = [0.3, 0.2, np.std([0.1, 0.2, 0.6], ddof=1)]
    assert line.split()[1:] == [f"{value:.3f}" for value in expected]
    assert "over 3 seeds" in table and "mig_histogram/scale" not in table
    scores = json.loads((tmp_path / "seeds.json").read_text())
    assert scores["5"]["mig_histogram"] == 0.2


def test_scores_of_an_earlier_sweep_stay(tmp_path):
    sweep(lambda seed, workdir: evaluation(0.5), [0, 1], tmp_path)
    table = sweep(lambda seed, workdir: evaluation(0.7), [1, 5], tmp_path)
    scores = json.loads((tmp_path / "seeds.json").read_text())
    migs = {seed: s["mig_histogram"] for seed, s in scores.items()}
    assert migs == {"0": 0.5, "1": 0.7, "5": 0.7}
    assert "over 2 seeds" in table


def test_one_seed_has_no_spread(tmp_path):
    table = sweep(lambda seed, workdir: evaluation(0.5), [0], tmp_path)
    assert "nan" not in table and table.splitlines()[-1].endswith("-")


def test_a_run_that_fails_keeps_no_other_from_its_turn(tmp_path, capsys):
    def run(seed, workdir):
        if seed == 1:
            raise RunError("vae_loss became nan at step 7.")
        return evaluation(0.5)

    with pytest.raises(RunError, match=r"1 of 3 seeds failed \(1\)"):
        sweep(run, [0, 1, 2], tmp_path)
    assert "seed 1 failed: vae_loss became nan" in capsys.readouterr().err
    scores = json.loads((tmp_path / "seeds.json").read_text())
    assert list(scores) == ["0", "2"]


def test_the_better_half_of_higgins_scores_is_told(tmp_path):
    def run(seed, workdir):
        score = [0.5, 0.9, 0.6, 0.8][seed]
        values = {"higgins_score": score, "higgins_score/sd": 0.1}
        return {
            "images": evaluation(0)["images"],
            "metrics": {"higgins_score": {"values": values}},
        }

    table = sweep(run, [0, 1, 2, 3], tmp_path)
    [line] = [row for row in table.splitlines() if "better half" in row]
    assert line.split()[-1] == "0.850"
