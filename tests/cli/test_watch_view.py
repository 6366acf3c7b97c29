"""What a terminal shows of recorded logs."""

import io
import json
import math
import os
import pathlib
import time

import pytest
from rich.console import Console

from tfdisent.cli.watch_view import BLOCKS, duration, number, sparkline, view
from tfdisent.cli.watched_run import read_run
from tfdisent.errors import RunError

VAE = {
    "vae_loss": 120.0,
    "distortion": 110.0,
    "rate": 10.0,
    "kl_per_latent": [0.01, 3.25, 6.5],
    "active_latents": 2,
}
GAN = {
    "discriminator_loss": 1.2,
    "generator_loss": 0.9,
    "relative_spread": 0.8,
    "discriminator_gradient_norm": 3.0,
}


def make_run(folder, records, steps=1000, model="vae", silence=0.0):
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model": model, "dataset": "squares", "seed": 3, "steps": steps}
    (folder / "config.json").write_text(json.dumps(config))
    lines = [
        json.dumps(
            {
                "step": 50 * (i + 1),
                "seconds": 10.0 * (i + 1),
                "images_per_second": 320.0,
                "device": "an abacus",
                **record,
            }
        )
        for i, record in enumerate(records)
    ]
    log = folder / "log.jsonl"
    log.write_text("".join(line + "\n" for line in lines))
    then = time.time() - silence
    os.utime(log, (then, then))
    return folder


def shown(*folders, width=100, lines=None):
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(view([read_run(folder) for folder in folders], lines))
    return console.export_text()


def test_a_run_in_training(tmp_path):
    records = [VAE | {"vae_loss": 500.0 - i} for i in range(8)]
    text = shown(make_run(tmp_path / "run", records))
    for words in (
        "vae on squares, seed 3",
        "400 of 1,000 steps",
        "1 min 20 s trained, 2 min 0 s left, 320 images/s, an abacus",
        "training",
        "1 of 3 inactive",
    ):
        assert words in text
    lines = text.splitlines()
    [loss] = [line for line in lines if "vae loss" in line]
    assert "493.0" in loss and "█▆▃▁" in loss
    bars = [line for line in lines if " z" in line]
    assert [line.split()[1:3] for line in bars] == [
        ["z2", "6.50"],
        ["z1", "3.25"],
    ]
    assert [line.count("█") for line in bars] == [40, 20]


@pytest.mark.parametrize(
    "records, changes, state, words",
    [
        ([VAE] * 20, {}, "trained", "1,000 of 1,000 steps"),
        ([VAE], {"silence": 9e3}, "stopped", "Nothing was logged for 150"),
        ([VAE], {"silence": 55}, "training", "50 of 1,000"),
        ([VAE], {"silence": 65}, "stopped", "Nothing was logged"),
        ([], {}, "waiting", "No step is logged yet"),
        ([GAN], {"model": "info_gan"}, "training", "generator loss"),
        (
            [GAN | {"relative_spread": 0.001}],
            {},
            "in doubt",
            "the generator makes one image of all codes",
        ),
        (
            [GAN | {"discriminator_gradient_norm": 2e5}],
            {"silence": 9e3},
            "diverged",
            "discriminator_gradient_norm is 2.0e+05",
        ),
    ],
)
def test_what_becomes_of_a_run(tmp_path, records, changes, state, words):
    folder = make_run(tmp_path / "run", records, **changes)
    assert read_run(folder).state == state
    text = shown(folder)
    assert state in text and words in text


def test_a_run_that_is_not_there_yet():
    text = shown(pathlib.Path("later"))
    assert "no config.json" in text and "missing" in text


def test_a_line_that_is_being_written_is_not_read(tmp_path):
    folder = make_run(tmp_path / "run", [VAE, VAE])
    with (folder / "log.jsonl").open("a") as log:
        log.write('{"step": 150, "sec')
    assert read_run(folder).step == 100
    with (folder / "log.jsonl").open("a") as log:
        log.write('onds": 30.0, "images_per_second": 1.0, "device": ""}\n')
    assert read_run(folder).step == 150


def test_a_run_that_went_back_to_its_checkpoint(tmp_path):
    folder = make_run(tmp_path / "run", [VAE] * 5)
    assert read_run(folder).step == 250
    make_run(tmp_path / "run", [VAE] * 3)
    assert read_run(folder).step == 150


def test_a_phase_with_other_terms(tmp_path):
    folder = make_run(tmp_path / "run", [{"dae_loss": 9.0}] * 3 + [VAE])
    text = shown(folder)
    assert "vae loss" in text and "dae loss" not in text


def test_several_runs_are_lines_of_a_table(tmp_path):
    first = make_run(tmp_path / "seed[b]", [VAE] * 20)
    second = make_run(tmp_path / "seed1", [VAE] * 2)
    third = make_run(tmp_path / "seed2", [])
    rows = shown(first, second, third, width=200).splitlines()[2:]
    rows = [row.split() for row in rows if row.strip()][-3:]
    assert [row[1] for row in rows] == ["trained", "training", "waiting"]
    assert rows[0][0].endswith("seed[b]")
    assert "100" in rows[1] and "2" in rows[1] and "120.0" in rows[1]
    assert "3 min 0 s" in " ".join(rows[1])


def test_a_narrow_terminal_keeps_names_and_numbers(tmp_path):
    folders = [
        make_run(tmp_path / "some runs" / f"seed{k}", [VAE] * 20)
        for k in (1, 10)
    ]
    text = shown(folders[0], width=40)
    bars = [line.split()[1:3] for line in text.splitlines() if " z" in line]
    assert bars == [["z2", "6.50"], ["z1", "3.25"]]
    assert "1 of 3 inactive" in text
    rows = shown(*folders, width=80).splitlines()
    [row] = [row.split() for row in rows if "seed1 " in row]
    assert row[:2] == ["seed1", "trained"] and "120.0" in row


def test_a_low_terminal_counts_the_latents_that_do_not_fit(tmp_path):
    record = VAE | {"kl_per_latent": [3.0 - 0.1 * d for d in range(12)]}
    folder = make_run(tmp_path / "run", [record] * 5)
    assert " more active" not in shown(folder)
    text = shown(folder, lines=24)
    assert len(text.splitlines()) <= 24
    bars = sum(" z" in line for line in text.splitlines())
    assert bars > 3
    assert f"{12 - bars} more active, 0 of 12 inactive" in text


def test_a_low_terminal_shows_first_what_is_not_done(tmp_path):
    done = [make_run(tmp_path / f"a{k}", [VAE] * 20) for k in range(9)]
    gone = [make_run(tmp_path / f"b{k}", [VAE], silence=9e3) for k in range(9)]
    works = make_run(tmp_path / "c", [VAE] * 2)
    text = shown(*done, *gone, works, lines=15, width=160)
    assert len(text.splitlines()) <= 15
    assert text.count("stopped") == 9
    assert "and 9 trained, 1 training" in text
    assert shown(*done, *gone, works).count("trained") == 9


def test_a_damaged_configuration_is_told(tmp_path):
    folder = make_run(tmp_path / "run", [])
    (folder / "config.json").write_text('{"model": "vae"}')
    with pytest.raises(RunError, match=r"config\.json is damaged"):
        read_run(folder)


def test_sparklines_are_means_of_equal_parts():
    assert sparkline(range(8), 8) == BLOCKS
    assert sparkline([0, 0, 8, 8, 4, 4], 3) == "▁█▅"
    assert sparkline([2.0] * 9, 4) == "▁▁▁▁"
    assert sparkline([math.nan, 1.0, 2.0], 9) == "▁█"
    assert sparkline([math.nan], 9) == ""


def test_numbers_and_times_in_few_characters():
    values = (0, 1.23456, -12.3456, 742.29, 151092.1, 2e-5, 3e9, math.nan)
    assert [number(v) for v in values] == [
        "0.000",
        "1.235",
        "-12.35",
        "742.3",
        "151,092",
        "2.00e-05",
        "3.00e+09",
        "nan",
    ]
    times = (4.4, 65, 3_661, 90_000)
    assert [duration(s) for s in times] == [
        "4 s",
        "1 min 5 s",
        "1 h 1 min",
        "1 d 1 h",
    ]
