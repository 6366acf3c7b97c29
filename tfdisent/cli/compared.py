"""Several runs, compared with each other."""

import dataclasses
import glob
import json
import pathlib

import numpy as np

from tfdisent.cli import trained_run
from tfdisent.errors import UsageError
from tfdisent.evaluation.compare import COMPARISONS, Runs, compare
from tfdisent.evaluation.evaluate import data_of
from tfdisent.evaluation.evaluation_file import evaluated_with
from tfdisent.evaluation.figures.metric_matrices import metric_matrix
from tfdisent.evaluation.figures.save_figure import save_figure
from tfdisent.evaluation.file_names import file_name
from tfdisent.evaluation.metric_calls import parse_calls
from tfdisent.evaluation.representation import Representation
from tfdisent.training.workdir import make_directory, write_atomically

NAME = "comparison.json"


def compare_runs(
    pattern: str, scores: str | None, folder: pathlib.Path, seed: int
) -> str:
    """Scores runs by how far they found the same latents.

    Args:
      pattern: Of their folders.
      scores: Which, in the form of --metrics; None for all of COMPARISONS.
      folder: For comparison.json and the pictures.
      seed: Of all draws.

    Returns:
      A table, the best run first.

    Raises:
      UsageError: If there are no two runs, or an option is wrong.
      RunError: If one has no checkpoint yet.
    """
    calls = parse_calls(scores or ", ".join(COMPARISONS), COMPARISONS, "score")
    folders = sorted(
        p for p in map(pathlib.Path, glob.glob(pattern)) if p.is_dir()
    )
    if len(folders) < 2:
        raise UsageError(
            f"--runs={pattern} finds {len(folders)} folders; give a pattern of "
            "two runs or more, in quotes."
        )
    loaded = [trained_run.load(path) for path in folders]
    runs = Runs(
        [Representation(run.model, run.dataset.whole) for run in loaded],
        [_but_for_the_seed(run.config) for run in loaded],
    )
    make_directory(folder)
    whole = {
        "runs": [_of_run(run) for run in loaded],
        "data": data_of(loaded[0].dataset),
        "evaluated_with": evaluated_with(),
        "seed": seed,
        "scores": compare(runs, calls, seed=seed),
    }
    whole["scores"] = _earlier_scores(folder, whole) | whole["scores"]
    write_atomically(folder / NAME, json.dumps(whole, indent=2) + "\n")
    _draw(whole["scores"], [path.name for path in folders], folder)
    return _table(whole["scores"], [str(path) for path in folders])


def _of_run(run: trained_run.TrainedRun) -> dict:
    return {
        "workdir": str(run.workdir),
        "step": run.step,
        **json.loads(json.dumps(dataclasses.asdict(run.config))),
    }


def _earlier_scores(folder: pathlib.Path, whole: dict) -> dict:
    """Those of the same runs, with the same seed and software."""
    try:
        earlier = json.loads((folder / NAME).read_text())
    except (OSError, ValueError):
        return {}
    same = ("runs", "data", "evaluated_with", "seed")
    if any(earlier.get(part) != whole[part] for part in same):
        return {}
    return earlier["scores"]


def _but_for_the_seed(config) -> str:
    return repr(dataclasses.replace(config, seed=0))


def _draw(entries: dict, names: list[str], folder: pathlib.Path) -> None:
    for key, entry in entries.items():
        matrix = np.array(entry["similarity_matrix"], float)
        figure = metric_matrix(matrix, key, names, names)
        save_figure(figure, folder / "figures" / f"{file_name(key)}.png")


def _table(entries: dict, names: list[str]) -> str:
    """A row for each run and a column for each score."""
    columns = {
        f"{key}{suffix}": entry[kind]
        for key, entry in entries.items()
        for kind, suffix in (("scores", ""), ("scores_all_to_all", " a2a"))
        if any(score is not None for score in entry.get(kind, []))
    }
    best = list(columns.values())[0]
    order = sorted(range(len(names)), key=lambda i: -(best[i] or 0.0))
    width = max(map(len, names)) + 2
    lines = [" " * width + "".join(f"{c:>{len(c) + 3}}" for c in columns)]
    for i in order:
        cells = [
            f"{'-' if v[i] is None else f'{v[i]:.3f}':>{len(c) + 3}}"
            for c, v in columns.items()
        ]
        lines.append(f"{names[i]:<{width}}" + "".join(cells))
    lines += [f"warning: {w}" for e in entries.values() for w in e["warnings"]]
    return "\n".join(lines)
