"""Which factors get capacity first (Burgess et al., 2018).

A decoder is trained on the true factors, each behind a channel of learned
noise, while the capacity of all channels together grows from 0.5 to 25 nats.
"""

import json
import pathlib
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.evaluation.figures.factor_capacity import factor_capacity
from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.workdir import read_log, write_atomically

STEPS = 6_000
SETTINGS = {"batch_size": 64, "optimizer": "adam", "learning_rate": 1e-3}
HPARAMS = {"gamma": 100.0, "c_min": 0.5, "c_max": 25.0, "channel_speed": 10.0}

POSITIONS, SCALE = ("x_position", "y_position"), "scale"
LATE = ("shape", "orientation")
PUBLISHED = {
    "source": "Burgess et al., Understanding disentangling in beta-VAE, 2018, "
    "the figure 'Utilisation of data generative factors as a function of "
    "coding capacity', https://arxiv.org/abs/1804.03599",
    "order": [POSITIONS, (SCALE,), LATE],
    "first_shown_at_nats": {
        "location": 3.1,
        "scale": 7.3,
        "shape": 15.4,
        "rotation": 23.8,
    },
}
CROSSED_NATS = 0.5
SMOOTHED_OVER = 5  # records of log.jsonl


def grid(
    seeds: Sequence[int], steps: int, source: Mapping
) -> dict[str, ExperimentConfig]:
    """One run a seed; the capacity grows over all of its steps."""
    return {
        f"seed{seed}": ExperimentConfig(
            model="ground_truth_generator",
            hparams={**HPARAMS, "capacity_steps": steps},
            steps=steps,
            seed=seed,
            **SETTINGS,
            **source,
        )
        for seed in seeds
    }


def report(
    dataset: FactorDataset,
    workdir: pathlib.Path,
    runs: dict[str, ExperimentConfig],
) -> list[str]:
    """Writes factor_capacity.json and factor_capacity.png.

    Args:
      dataset: What the runs were trained on.
      workdir: Of the study.
      runs: What `grid` gave, each trained in the folder of its name.

    Returns:
      Lines that say at which capacity each factor is used and whether that is
      the published order.

    Raises:
      RunError: If a file cannot be written.
    """
    names = dataset.factor_names
    published = PUBLISHED if is_comparable(names) else None
    logs = {run: read_log(workdir / run / "log.jsonl") for run in runs}
    curves = {run: smoothed_curves(log) for run, log in logs.items()}
    crossings = {
        run: {f: crossing(capacity, kl[:, i]) for i, f in enumerate(names)}
        for run, (capacity, kl) in curves.items()
    }
    summary = summarised(crossings)
    content = {
        "study": "factor_capacity",
        "data": {
            "name": dataset.name,
            "provenance": dataset.provenance,
            "images": len(dataset),
            "factors": dict(zip(names, dataset.factor_sizes, strict=True)),
        },
        "budget": _budget(runs, logs),
        "crossed_at_nats": CROSSED_NATS,
        "capacity_at_crossing": crossings,
        "kl_at_the_end": {
            run: dict(zip(names, kl[-1].round(3).tolist(), strict=True))
            for run, (_, kl) in curves.items()
        },
        "order_holds": order_holds(crossings),
        "published": published,
        "summary": summary,
    }
    numbers, picture = (
        workdir / f"factor_capacity.{kind}" for kind in ("json", "png")
    )
    write_atomically(numbers, json.dumps(content, indent=2) + "\n")
    marks = published["first_shown_at_nats"] if published else {}
    axes = on_one_axis(list(curves.values()))
    save_figure(factor_capacity(*axes, names, CROSSED_NATS, marks), picture)
    return [*summary, "", f"numbers   {numbers}", f"picture   {picture}"]


def _budget(runs, logs) -> dict:
    """What the runs cost and on what they ran."""
    config = next(iter(runs.values()))
    last = {run: log[-1] for run, log in logs.items()}
    return {
        "seeds": [config.seed for config in runs.values()],
        "steps": config.steps,
        "images_seen_by_a_run": config.steps * config.batch_size,
        **SETTINGS,
        **config.hparams,
        "seconds": {run: record["seconds"] for run, record in last.items()},
        "devices": sorted({record["device"] for record in last.values()}),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def smoothed_curves(log: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Capacity `[n]` and KL of each factor `[n, K]`, moving means of a log."""
    rows = np.array([[r["capacity"], *r["kl_per_latent"]] for r in log])
    windows = np.lib.stride_tricks.sliding_window_view(
        rows, min(SMOOTHED_OVER, len(rows)), axis=0
    )
    means = windows.mean(axis=-1)
    return means[:, 0], means[:, 1:]


def crossing(capacity: np.ndarray, kl: np.ndarray) -> float | None:
    """The capacity from which on a KL stays above CROSSED_NATS.

    Args:
      capacity: `[n]` in nats, ascending.
      kl: `[n]` in nats.

    Returns:
      It, linear between two values; the first capacity if the KL is above from
      the start, None if it is not above at the end.
    """
    below = np.flatnonzero(kl <= CROSSED_NATS)
    if not below.size:
        return round(float(capacity[0]), 3)
    last = below[-1]
    if last == len(kl) - 1:
        return None
    pair = slice(last, last + 2)
    return round(float(np.interp(CROSSED_NATS, kl[pair], capacity[pair])), 3)


def is_comparable(names: Sequence[str]) -> bool:
    """Whether the factors are those of the published order."""
    return {*POSITIONS, SCALE, *LATE} <= set(names)


def order_holds(crossings: dict[str, dict]) -> dict[str, bool] | None:
    """By run, whether {x, y} < scale <= {shape, orientation}.

    Factors that are never used come last; the scale has to be used. None for
    other factors.
    """
    if not all(is_comparable(run) for run in crossings.values()):
        return None

    def holds(run):
        at = {f: np.inf if c is None else c for f, c in run.items()}
        return bool(
            max(at[f] for f in POSITIONS)
            < at[SCALE]
            <= min(at[f] for f in LATE)
            and at[SCALE] < np.inf
        )

    return {name: holds(run) for name, run in crossings.items()}


def summarised(crossings: dict[str, dict]) -> list[str]:
    """A table of crossings, and how many runs have the published order."""
    lines = [
        f"Capacity in nats at which a factor's KL passes {CROSSED_NATS}:",
        " " * 18 + "".join(f"{run:>9}" for run in crossings),
    ]
    factors = next(iter(crossings.values()))
    for factor in factors:
        found = [run[factor] for run in crossings.values()]
        cells = ["never" if c is None else f"{c:.2f}" for c in found]
        lines.append(f"  {factor:<16}{''.join(f'{c:>9}' for c in cells)}")
    verdicts = order_holds(crossings)
    if verdicts is not None:
        lines.append(
            "The published order, positions, then scale, then shape and "
            f"orientation, holds in {sum(verdicts.values())} of "
            f"{len(verdicts)} seeds."
        )
    return lines


def on_one_axis(
    curves: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """The capacities `[n]` of the first run, and the KL of all, `[S, n, K]`."""
    capacity = curves[0][0]
    kl = [
        np.stack([np.interp(capacity, own, k) for k in values.T], axis=1)
        for own, values in curves
    ]
    return capacity, np.stack(kl)
