"""One command, several seeds: one run after another, and their spread."""

import gc
import json
import pathlib
import sys
from collections.abc import Callable

import keras

from tfdisent.cli.summary import labels
from tfdisent.errors import RunError
from tfdisent.evaluation.statistics import best_half, describe_all
from tfdisent.training.workdir import write_atomically


def sweep(
    run: Callable[[int, pathlib.Path], dict],
    seeds: list[int],
    folder: pathlib.Path,
) -> str:
    """Does the runs of all seeds in folder/seed<N>.

    What is done is not done again, so the same command goes on after a crash. A
    run that fails keeps no other from its turn.

    Args:
      run: Trains and evaluates a seed in a workdir; gives the evaluation.
      seeds: In the order of their turns.
      folder: Of all; seeds.json in it has the scores of all seeds so far.

    Returns:
      The table of all scores.

    Raises:
      RunError: At the end, if some failed.
    """
    path = folder / "seeds.json"
    earlier = json.loads(path.read_text()) if path.exists() else {}
    scores, failed = {}, {}
    for i, seed in enumerate(seeds):
        print(f"\nseed {seed} ({i + 1} of {len(seeds)})", flush=True)
        try:
            scores[seed] = scores_of(run(seed, folder / f"seed{seed}"))
        except RunError as error:
            failed[seed] = str(error)
            print(f"seed {seed} failed: {error}", file=sys.stderr, flush=True)
            continue
        finally:
            # Graphs and weights of a run that is over.
            keras.backend.clear_session()
            gc.collect()
        # JSON has names for keys.
        known = earlier | {str(seed): s for seed, s in scores.items()}
        write_atomically(path, json.dumps(known, indent=2) + "\n")
    if failed:
        raise RunError(
            f"{len(failed)} of {len(seeds)} seeds failed "
            f"({', '.join(map(str, failed))}); the same command tries them "
            "again."
        )
    return table(scores)


def scores_of(evaluation: dict) -> dict[str, float]:
    """Distortion, rate, active latents and the metrics' main values."""
    images = evaluation.get("images", {})  # none without an encoder
    names = ("distortion", "rate", "active_latents")
    scores = {name: images[name] for name in names if name in images}
    for key, entry in evaluation["metrics"].items():
        for label, name in labels(key, entry).items():
            scores[label] = entry["values"][name]
    return scores


def table(scores: dict[int, dict[str, float]]) -> str:
    """Mean, median and standard deviation (n - 1) over the seeds.

    Of Higgins' score also the mean of the better half, as its paper has it.
    """
    lines = [
        f"{'over ' + str(len(scores)) + ' seeds':<36}"
        f"{'mean':>9}{'median':>9}{'sd':>9}"
    ]
    for name, over_seeds in describe_all(list(scores.values())).items():
        sd = f"{over_seeds['sd']:9.3f}" if over_seeds["n"] > 1 else f"{'-':>9}"
        lines.append(
            f"  {name:<34}{over_seeds['mean']:9.3f}"
            f"{over_seeds['median']:9.3f}{sd}"
        )
        if name.startswith("higgins_score") and over_seeds["n"] > 1:
            half = best_half(over_seeds["values"])
            lines.append(f"  {name + ', better half':<34}{half:9.3f}")
    return "\n".join(lines)
