"""Are ID-GAN's images sharper than its VAE's, and do they follow their codes?

    python benchmarks/id_gan.py --out=runs/id_gan
    python benchmarks/id_gan.py --out=runs/report --seed=0 --information=0.01 \\
        --setting=3,0.5 --setting=3,5 --setting=5,0.5 --setting=5,5

Drawn dSprites, of which training sees the half x_position <= 16 alone. For
each setting, numbers of latents and beta, and each seed a beta-VAE, an ID-GAN
on it, and its control without the information term. A run that is done is not
trained again; the table goes to OUT/table.md, the numbers to OUT/numbers.json,
mosaics of all combinations of latents into the runs.
"""

import json
import pathlib

import numpy as np
from absl import app, flags
from verdicts import verdicts

from tfdisent.data.load import load_dataset
from tfdisent.evaluation.draw import draw_grid
from tfdisent.evaluation.generated_images import code_recovery, grey_pixels
from tfdisent.evaluation.representation import Representation
from tfdisent.training.active import ACTIVE_NATS
from tfdisent.training.config import ExperimentConfig
from tfdisent.training.trainer import train

FLAGS = flags.FLAGS

SUBSET = "x_position<=16"
NUM_IMAGES = 2_000
GRIDS = {3: np.linspace(-2, 2, 9).tolist()}
WIDE_GRID = [-2.0, -1.0, 0.0, 1.0]  # of more latents than 3
GAN = {
    "architecture": "burgess",
    "r1": 1.0,
    "discriminator_rate": 1e-3,
}
HEADER = [
    *("run", "latents", "beta", "seed"),
    *("grey, reconstructions", "grey, samples"),
    *("least r of active latents", "r", "in the unseen half"),
]


def configs(
    num_latents: int, beta: float, seed: int, out: pathlib.Path
) -> dict[str, ExperimentConfig]:
    """The runs of a seed by name, the first the one that the others need."""
    common = {"subsets": (SUBSET,), "seed": seed}
    found = {
        "beta_vae": ExperimentConfig(
            model="beta_vae",
            hparams={
                "num_latents": num_latents,
                "beta": beta,
                "architecture": "burgess",
            },
            steps=FLAGS.vae_steps,
            **common,
        )
    }
    encoder = str((out / "beta_vae" / f"seed{seed}").resolve())
    for information in map(float, FLAGS.information):
        found[f"id_gan information={information:g}"] = ExperimentConfig(
            model="id_gan",
            hparams={**GAN, "encoder": encoder, "information": information},
            steps=FLAGS.steps,
            optimizer="rmsprop",
            ema_decay=0.99,
            **common,
        )
    return found


def measure(name: str, config: ExperimentConfig, dataset, out) -> dict:
    """Trains a run, unless that is done, and gives its numbers."""
    workdir = out / name.replace(" ", "-") / f"seed{config.seed}"
    path = workdir / "numbers.json"
    if path.exists():
        return json.loads(path.read_text())
    model = train(config, dataset, workdir)
    size = model.num_latents
    grid = GRIDS.get(size, WIDE_GRID)
    draw_grid(model, dataset, workdir, grid, range(size))
    rng = np.random.default_rng(config.seed)
    shown = Representation(model, dataset)
    kl = shown.kl(shown.sample(NUM_IMAGES, rng)).mean(axis=0)
    numbers = {
        "run": name,
        "seed": config.seed,
        "steps": config.steps,
        "active": np.flatnonzero(kl > ACTIVE_NATS).tolist(),
        **grey_pixels(shown, rng),
        **code_recovery(shown, rng),
        "unseen_half": unseen_share(shown, rng),
    }
    path.write_text(json.dumps(numbers, indent=1) + "\n")
    return numbers


def unseen_share(shown: Representation, rng) -> float:
    """The share of samples right of all images that training saw."""
    drawn = middles(shown.draw_images(NUM_IMAGES, rng))
    seen = middles(shown.images(shown.sample(NUM_IMAGES, rng)))
    return float(np.mean(drawn > np.nanmax(seen) + 1))


def middles(images: np.ndarray) -> np.ndarray:
    """Mean column of the white pixels, `[n]`; nan where there are none."""
    columns = (images[..., 0] > 0.5).sum(axis=1)  # [n, W]
    with np.errstate(invalid="ignore"):
        return columns @ np.arange(images.shape[2]) / columns.sum(axis=1)


def least(run: dict) -> float:
    """Of the latents that the encoder uses, the least correlation."""
    return min(run[f"code_recovery/latent_{d}"] for d in run["active"])


def table(runs: list[dict]) -> str:
    """A line for each run."""
    lines = [f"| {' | '.join(HEADER)} |", "| --- " * len(HEADER) + "|"]
    for run in runs:
        cells = [run["run"], str(run["num_latents"]), f"{run['beta']:g}"]
        cells += [str(run["seed"])]
        cells += [f"{run[f'grey_pixels/{k}']:.4f}" for k in _SETS]
        cells += [f"{least(run):.3f}", f"{run['code_recovery']:.3f}"]
        cells += [f"{run['unseen_half']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


_SETS = ("reconstructions", "samples")


def claims(runs: list[dict]) -> dict[str, list[bool]]:
    """What the paper leads one to expect, and in which seeds it holds."""
    groups = {}
    for run in runs:
        key = run["num_latents"], run["beta"], run["seed"]
        groups.setdefault(key, []).append(run)
    held = {}
    for vae, gan, *controls in groups.values():
        found = {
            f"{k} are sharper than the VAE's": gan[f"grey_pixels/{k}"]
            < vae[f"grey_pixels/{k}"]
            for k in _SETS
        }
        found["r is at least 0.8 for each active latent"] = least(gan) >= 0.8
        for control in controls:
            found["r is less without the information term"] = (
                control["code_recovery"] < gan["code_recovery"]
            )
        for claim, holds in found.items():
            held.setdefault(claim, []).append(holds)
    return held


def main(argv: list[str]) -> None:
    """Trains what is missing and writes the table."""
    del argv
    out = pathlib.Path(FLAGS.out)
    dataset = load_dataset(
        "dsprites", data_dir=FLAGS.data_dir, subsets=(SUBSET,)
    )
    runs = []
    for setting in FLAGS.setting:
        size, beta = setting.split(",")
        setting = {"num_latents": int(size), "beta": float(beta)}
        folder = out / "-".join(f"{k}={v:g}" for k, v in setting.items())
        for seed in FLAGS.seed:
            found = configs(**setting, seed=seed, out=folder)
            for name, config in found.items():
                numbers = measure(name, config, dataset, folder)
                runs.append({**setting, **numbers})
    counted = "seeds" if len(FLAGS.setting) == 1 else "runs"
    text = f"{table(runs)}\n{verdicts(claims(runs), counted)}"
    (out / "table.md").write_text(text)
    (out / "numbers.json").write_text(json.dumps(runs, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    flags.DEFINE_string("out", "runs/id_gan", "Folder of the runs.")
    flags.DEFINE_string("data_dir", None, "Where drawn data is kept.")
    flags.DEFINE_integer("vae_steps", 2_000, "Updates of the beta-VAE.")
    flags.DEFINE_integer("steps", 3_000, "Updates of each ID-GAN.")
    flags.DEFINE_multi_integer("seed", [0, 1, 2], "Seeds.")
    flags.DEFINE_multi_string("setting", ["5,0.5"], "Latents and beta.")
    flags.DEFINE_list(
        "information", ["0.01", "0"], "Weights; the first is no control."
    )
    app.run(main)
