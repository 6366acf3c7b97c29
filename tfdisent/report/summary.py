"""The sentences and numbers of a report that stand around its tables."""

import shlex
from typing import NamedTuple

from tfdisent.report.metric_meanings import MEANINGS
from tfdisent.report.run_record import RunRecord
from tfdisent.training.active import ACTIVE_NATS
from tfdisent.training.config import model_class
from tfdisent.training.duration import duration

KEY_METRICS = ("mig_histogram", "factor_vae_score", "dci")


class KeyNumber(NamedTuple):
    """A number that a reader looks for first, shown with so many places."""

    label: str
    value: float
    places: int
    unit: str = ""


class Missing(NamedTuple):
    """What a run does not have, and the command that makes it."""

    what: str
    command: str
    it: str = "it"


def lead(run: RunRecord) -> str:
    """The run in a line."""
    parts = [_steps(run), f"seed {run.config.seed}"]
    if run.log:
        parts += [duration(run.log[-1]["seconds"]), run.log[-1]["device"]]
    return " · ".join(parts)


def key_numbers(run: RunRecord) -> list[KeyNumber]:
    """ELBO and its parts, active latents, and a few metrics."""
    if not run.evaluation:
        return []
    numbers = []
    images = run.evaluation.get("images")
    if images:
        for name in ("elbo", "distortion", "rate"):
            label = "ELBO" if name == "elbo" else name.capitalize()
            numbers.append(KeyNumber(label, images[name], 1, "nats"))
        active, size = images["active_latents"], len(images["kl_per_latent"])
        numbers.append(KeyNumber("Active latents", active, 0, f"of {size}"))
    for name in KEY_METRICS:
        entry = run.evaluation["metrics"].get(name)
        if entry:
            value = entry["values"][name]
            title = MEANINGS[name].title.partition(",")[0]
            numbers.append(KeyNumber(title, value, 3))
    return numbers


def facts(run: RunRecord) -> list[tuple[str, str]]:
    """What the run is, by name."""
    config = run.config
    doc = (model_class(config.model).__doc__ or "").split("\n")[0]
    data = _data(run)
    names = ", ".join(n.replace("_", " ") for n in data.get("factor_names", []))
    images = f"{data['images']:,} images" if "images" in data else ""
    described = [data.get("name", config.dataset), images]
    described += [data.get("provenance", "")]
    found = [
        ("Folder", run.workdir.absolute().name),
        ("Model", f"{config.model}. {doc}"),
        ("Data", ", ".join(filter(None, described))),
        ("Factors", names),
        ("Parts of the data", ", ".join(config.subsets)),
        ("Training", _training(run)),
        ("Device", run.log[-1]["device"] if run.log else ""),
        ("Measured", _measured(run)),
    ]
    return [(name, text) for name, text in found if text]


def missing(run: RunRecord, command: str | None) -> list[Missing]:
    """What a report could show and this run does not have.

    Args:
      run: What its folder holds.
      command: That trains it, without --workdir.
    """
    folder = shlex.quote(f"--workdir={run.workdir}")
    lacks = []
    if run.step < run.config.steps:
        text = f"The run is at step {run.step:,} of {run.config.steps:,}."
        train = f"{command or 'bin/train'} {folder}"
        lacks.append(Missing(text, train, "the rest"))
    if not run.evaluation:
        text = "There are no numbers: no evaluation.json that can be read."
        lacks.append(Missing(text, f"bin/evaluate {folder}", "them"))
    if not run.figures:
        text = "There are no pictures in figures/."
        lacks.append(Missing(text, f"bin/traverse {folder}", "them"))
    if not run.card:
        text = "What each latent means is not known: no model card."
        lacks.append(Missing(text, f"bin/export {folder}"))
    return lacks


def warnings(run: RunRecord) -> list[tuple[str, str]]:
    """Pairs (metrics, sentence) of what a reader has to know.

    What is not of a metric has the name "".
    """
    evaluation = run.evaluation or {}
    texts = {text: [] for text in _stale(run) + _of_data(evaluation)}
    for key, entry in evaluation.get("metrics", {}).items():
        for text in entry["warnings"]:
            texts.setdefault(text, []).append(key)
    return [(", ".join(keys), text) for text, keys in texts.items()]


def left_out(evaluation: dict) -> list[tuple[str, str]]:
    """Pairs (metrics, reason) of what was not computed."""
    keys = {}
    for key, reason in evaluation.get("left_out", {}).items():
        keys.setdefault(reason, []).append(key)
    return [(", ".join(names), reason) for reason, names in keys.items()]


def _stale(run: RunRecord) -> list[str]:
    """What is of another step than the log's last."""
    training = (run.evaluation or {}).get("training", {})
    steps = {
        "The numbers are": training.get("step"),
        "The latents are": (run.card or {}).get("step"),
    }
    return [
        f"{what} of step {step:,}, and the run is at step {run.step:,}."
        for what, step in steps.items()
        if step is not None and run.log and step != run.step
    ]


def _of_data(evaluation: dict) -> list[str]:
    data = evaluation.get("data", {})
    texts = []
    if "note" in data:
        texts.append(f"{data['note'][0].upper()}{data['note'][1:]}.")
    measured = data.get("metrics_computed_on", data.get("provenance"))
    if measured != data.get("provenance"):
        texts.append(
            f"Scores are those of the whole, {measured}; the run was trained "
            "on a part of it."
        )
    return texts


def metrics_note(evaluation: dict) -> str:
    """On what the metrics were computed."""
    masks = {
        tuple(entry["masked"]["latents"])
        for entry in evaluation["metrics"].values()
        if "masked" in entry
    }
    if len(masks) != 1:
        return ""
    active = ", ".join(f"z{d}" for d in masks.pop())
    return f"“Active alone” is the same metric of {active or 'no latent'}."


def latents_note(run: RunRecord) -> str:
    """What the numbers of the latents were computed from."""
    measured = (run.card or {}).get("latents_measured_on")
    text = f"A latent is active above {ACTIVE_NATS:g} nats of KL."
    if not measured:
        return text
    return (
        f"{text} Measured on {measured['num_images']:,} draws of an image, "
        f"seed {measured['seed']}; the share is the mutual information with a "
        "factor over that factor's entropy."
    )


def provenance(run: RunRecord) -> list[tuple[str, str]]:
    """Where the data, the weights and the numbers come from."""
    data = _data(run)
    found = [
        (
            "Data",
            f"{data.get('name', run.config.dataset)}, "
            f"{data.get('provenance', 'of unknown provenance')}",
        ),
        ("Metrics on", data.get("metrics_computed_on", "")),
        ("Trained on", run.log[-1]["device"] if run.log else ""),
    ]
    used = (run.evaluation or {}).get("evaluated_with", {})
    versions = [f"{k} {v}" for k, v in used.items() if k != "device"]
    found += [
        ("Measured on", used.get("device", "")),
        ("Measured with", ", ".join(versions)),
    ]
    return [(name, text) for name, text in found if text]


def _data(run: RunRecord) -> dict:
    return {**(run.evaluation or {}).get("data", {}), **(run.data or {})}


def _steps(run: RunRecord) -> str:
    of = f"{run.config.steps:,} steps of {run.config.batch_size:,} images"
    return of if run.step == run.config.steps else f"{run.step:,} of {of}"


def _training(run: RunRecord) -> str:
    if not run.log:
        return ""
    seconds = run.log[-1]["seconds"]
    seen = run.step * run.config.batch_size
    return (
        f"{_steps(run)} ({seen:,} images seen) in {duration(seconds)}, "
        f"{seen / max(seconds, 1e-9):,.0f} images/s; {run.config.optimizer}, "
        f"learning rate {run.config.learning_rate:g}; seed {run.config.seed}"
    )


def _measured(run: RunRecord) -> str:
    images = (run.evaluation or {}).get("images")
    if not images:
        return ""
    return (
        f"distortion, rate and KL on {images['num_images']:,} draws of an "
        f"image, seed {images['seed']}; metrics: "
        f"{len(run.evaluation['metrics'])}"
    )
