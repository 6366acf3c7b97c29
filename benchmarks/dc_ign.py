"""Do DC-IGN's latents follow their factors? Trains and counts.

    python benchmarks/dc_ign.py --out=runs/dc_ign

Rendered dSprites, three seeds each of DC-IGN, of the same without clamping and
of a beta-VAE; networks, images and optimizer are the same for all. Each run is
a process; one that is done is not trained again. The numbers go to
OUT/numbers.json, what they say of the claims to OUT/table.md.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import scipy.stats
from absl import app, flags
from verdicts import verdicts

from tfdisent.data.load import load_dataset
from tfdisent.evaluation.evaluate import evaluate
from tfdisent.evaluation.representation import Representation
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train

FLAGS = flags.FLAGS

# The first of a group's latents; the shape has all from 4 on.
LATENTS = {"x_position": 0, "y_position": 1, "scale": 2, "orientation": 3}
GROUPS = "x_position,y_position,scale,orientation,shape:5"
DCIGN = {
    "model": "dc_ign",
    "groups": GROUPS,
    "ratios": "1,1,3,1,1",  # The scale is seen in fewer pixels.
    "invariance": 10.0,
}
RUNS = {
    "dc_ign": DCIGN,
    "dc_ign clamp=none": {**DCIGN, "clamp": "none"},
    "beta_vae beta=4": {"model": "beta_vae", "beta": 4.0},
}
BATCH_SIZE = 20  # As in the paper.
HIGGINS = "higgins_score(num_pairs=16, num_train=600, num_test=300)"
CASES = 100  # of the other factors, in which one factor is moved


def traversals(dataset, factor: str, rng) -> np.ndarray:
    """Points `[CASES, n]`: all n values of a factor, the others at random."""
    k = dataset.factor_names.index(factor)
    size = dataset.factor_sizes[k]
    factors = np.repeat(dataset.sample_factors(CASES, rng), size, axis=0)
    factors[:, k] = np.tile(np.arange(size), CASES)
    return dataset.indices_of(factors).reshape(CASES, size)


def followed(codes: np.ndarray) -> np.ndarray:
    """|Spearman| of each latent with the factor, `[D]`, mean over the cases.

    Args:
      codes: Of the points of `traversals`, `[CASES, n, D]`.
    """
    ranks = scipy.stats.rankdata(codes, axis=1)
    values = np.arange(codes.shape[1])[:, None]
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    values = values - values.mean()
    norms = np.sqrt((ranks**2).sum(1) * (values**2).sum())
    products = np.abs((ranks * values).sum(1))
    return np.divide(
        products, norms, out=np.zeros_like(norms), where=norms > 0
    ).mean(axis=0)


def numbers_of(model, dataset, seed: int) -> dict:
    """Higgins' score, and of each factor what each latent makes of it."""
    sampler = Representation(model, dataset)
    found = {"spearman": {}, "variance": {}}
    for factor in LATENTS:
        rng = np.random.default_rng(seed)
        points = traversals(dataset, factor, rng)
        codes = sampler.codes(points.ravel()).reshape(*points.shape, -1)
        found["spearman"][factor] = followed(codes).tolist()
        found["variance"][factor] = codes.var(axis=1).mean(axis=0).tolist()
    evaluation = evaluate(model, dataset, metrics=HIGGINS)
    (entry,) = evaluation["metrics"].values()
    return {**evaluation["images"], **entry["values"], **found}


def measure(name: str, seed: int) -> None:
    """Trains one run and writes its numbers."""
    dataset = load_dataset("dsprites", data_dir=FLAGS.data_dir)
    hparams = dict(RUNS[name])
    config = ExperimentConfig(
        model=hparams.pop("model"),
        hparams=hparams,
        steps=FLAGS.steps,
        batch_size=BATCH_SIZE,
        seed=seed,
    )
    workdir = workdir_of(name, seed)
    model = train(config, dataset, workdir)
    numbers = numbers_of(model, dataset, seed)
    numbers |= {"run": name, "seed": seed, "steps": config.steps}
    (workdir / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")


def workdir_of(name: str, seed: int) -> pathlib.Path:
    """Where a run lies."""
    return pathlib.Path(FLAGS.out, name.replace(" ", "-"), f"seed{seed}")


def own_and_others(values: list, factor: str) -> tuple[float, float]:
    """Of a list by latents: that of the factor's, the largest other one."""
    own = values[LATENTS[factor]]
    return own, max(np.delete(values, LATENTS[factor]))


def table(numbers: list[dict]) -> str:
    """A line for each run: the own latent's value / the largest other one."""
    lines = [
        f"| run | seed | Higgins | {' | '.join(LATENTS)} |",
        "| --- " * (3 + len(LATENTS)) + "|",
    ]
    for run in numbers:
        cells = [run["run"], str(run["seed"]), f"{run['higgins_score']:.3f}"]
        for factor, values in run["spearman"].items():
            own, other = own_and_others(values, factor)
            cells.append(f"{own:.2f} / {other:.2f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def claims(numbers: list[dict]) -> dict[str, list[bool]]:
    """What the paper leads one to expect, and in which seeds it holds."""
    held = {}
    by_run = {(n["run"], n["seed"]): n for n in numbers}
    for seed in sorted({n["seed"] for n in numbers}):
        dc_ign, control, beta_vae = (by_run[name, seed] for name in RUNS)
        found = {}
        for factor in LATENTS:
            own, other = own_and_others(dc_ign["spearman"][factor], factor)
            weaker, _ = own_and_others(control["spearman"][factor], factor)
            found |= {
                f"{factor}: |Spearman| of its latent at least 0.8": own >= 0.8,
                f"{factor}: that of all other latents is less": other < own,
                f"{factor}: that without clamping is less": weaker < own,
            }
            own, other = own_and_others(dc_ign["variance"][factor], factor)
            found[f"{factor}: its latent varies 10 times as much as others"] = (
                own > 10 * other
            )
        for other in (control, beta_vae):
            found[f"Higgins' score above that of {other['run']}"] = (
                dc_ign["higgins_score"] > other["higgins_score"]
            )
        for claim, holds in found.items():
            held.setdefault(claim, []).append(bool(holds))
    return held


def main(argv: list[str]) -> None:
    """Starts what is missing and writes the table; or works off one run."""
    del argv
    if FLAGS.only:
        measure(FLAGS.only, FLAGS.seed[0])
        return
    out = pathlib.Path(FLAGS.out)
    numbers = []
    for seed in FLAGS.seed:
        for name in RUNS:
            path = workdir_of(name, seed) / "numbers.json"
            if not path.exists():
                print(name, "seed", seed, flush=True)
                flagged = (f"--only={name}", f"--seed={seed}")
                subprocess.run(
                    [sys.executable, *sys.argv, *flagged], check=True
                )
            numbers.append(json.loads(path.read_text()))
            (out / "numbers.json").write_text(json.dumps(numbers, indent=1))
            (out / "table.md").write_text(table(numbers))
    text = f"{table(numbers)}\n{verdicts(claims(numbers))}"
    (out / "table.md").write_text(text)
    print(text)


if __name__ == "__main__":
    flags.DEFINE_string("out", "runs/dc_ign", "Folder of the runs.")
    flags.DEFINE_string("data_dir", None, "Where drawn data is kept.")
    flags.DEFINE_string("only", None, "One of RUNS, for the first seed alone.")
    flags.DEFINE_integer("steps", 2_400, "Updates of each run.")
    flags.DEFINE_multi_integer("seed", [0, 1, 2], "Seeds.")
    app.run(main)
