"""The lines that end a run or an evaluation."""

import pathlib
import re

from tfdisent.cli.results import versions
from tfdisent.export.served_command import served_command

PARTS = (
    "/active_only",
    "/best_half",
    "/chance",
    "/kl_above_0.01",
    "/noise_floor",
    "/unregularized",
    "_completeness",
    "_informativeness_test",
)
"""Ends of the names of parts that tables show below a metric."""


def text(workdir: pathlib.Path, evaluation: dict) -> str:
    """Scores, where the pictures are, and how to serve the export."""
    lines = [*scores(evaluation), ""]
    lines += [
        f"pictures  {path}"
        for path in sorted((workdir / "figures").glob("*.png"))
    ]
    lines += numbers(workdir)
    exported = versions(workdir)
    if exported:
        lines += serving(workdir, exported[-1], evaluation["model"])
    return "\n".join(lines)


def serving(workdir: pathlib.Path, version: pathlib.Path, model: str):
    """Where the export is, and how to serve and ask it."""
    return [
        f"export    {version}",
        "",
        f"serve it  bin/serve --workdir={workdir}",
        f"ask it    bin/query --workdir={workdir} sample 16",
        f"or serve  {served_command(version.parent, model)}",
    ]


def numbers(folder: pathlib.Path) -> list[str]:
    """Where the heat maps and the numbers of an evaluation are."""
    maps = folder / "figures" / "metrics"
    count = len(list(maps.glob("*.png")))
    lines = [f"pictures  {maps} ({count} heat maps)"] if count else []
    return [*lines, f"numbers   {folder / 'evaluation.json'}"]


def scores(evaluation: dict) -> list[str]:
    """A table of the numbers."""
    return [
        "",
        *_heading(evaluation),
        "",
        *_image_lines(evaluation.get("images")),
        *_metric_lines(evaluation["metrics"]),
        *_left_out_lines(evaluation["left_out"]),
    ]


def _left_out_lines(left_out: dict[str, str]) -> list[str]:
    """One line for each reason, with the metrics that it is one for."""
    keys = {}
    for key, reason in left_out.items():
        name = re.split(r"[( ]", key)[0]
        keys.setdefault(reason.removeprefix(f"{name} "), []).append(key)
    return [
        f"  not possible: {', '.join(names)}: {reason}"
        for reason, names in keys.items()
    ]


def _heading(evaluation: dict) -> list[str]:
    data = f"{evaluation['data']['name']}, {evaluation['data']['provenance']}"
    note = _notes(evaluation["data"])
    if "training" not in evaluation:
        return [f"{evaluation['codes']['name']} of {data}", *note]
    training = evaluation["training"]
    minutes = (training["seconds"] or 0) / 60
    return [
        f"{evaluation['model']} on {data}",
        f"{training['step']:,} steps of {training['batch_size']} images in "
        f"{minutes:.1f} minutes, seed {training['seed']}, "
        f"{training['device'] or 'device not logged'}",
        *note,
    ]


def _notes(data: dict) -> list[str]:
    """What a reader of the scores should know of the data."""
    measured = data.get("metrics_computed_on", data["provenance"])
    notes = [data["note"]] if "note" in data else []
    if measured != data["provenance"]:
        notes.append(f"scores are those of the whole, {measured}")
    return [f"note: {text}" for text in notes]


def _image_lines(images: dict | None) -> list[str]:
    if images is None:
        return []
    return [
        f"  {'distortion':<34} {images['distortion']:7.2f} nats",
        f"  {'rate':<34} {images['rate']:7.2f} nats",
        f"  {'ELBO':<34} {images['elbo']:7.2f} nats",
        f"  {'active latents':<34} {images['active_latents']:4} of "
        f"{len(images['kl_per_latent'])}",
        "",
    ]


def _metric_lines(entries: dict) -> list[str]:
    """Main values; those of active latents alone, spread and interval."""
    masks = [e["masked"] for e in entries.values() if "masked" in e]
    heading = f"  {'':<34} {'all':>7}"
    kept = {",".join(map(str, mask["latents"])) for mask in masks}
    if kept:
        same = f" ({kept.pop()})" if len(kept) == 1 else ""
        heading += f"   active latents alone{same}"
    lines, said = [heading], set()
    for key, entry in entries.items():
        for label, name in labels(key, entry).items():
            value = entry["values"][name]
            lines.append(f"  {label:<34} {value:7.3f}{_beside(entry, name)}")
        for name in _parts(entry):
            part = f"  {name.partition('/')[2]}"
            value = entry["values"][name]
            lines.append(f"  {part:<34} {value:7.3f}{_beside(entry, name)}")
        # What several metrics warn of is said once.
        new = [text for text in entry["warnings"] if text not in said]
        lines += [f"  warning: {text}" for text in new]
        said |= set(new)
    return lines


def labels(key: str, entry: dict) -> dict[str, str]:
    """What the values that stand for a metric are called in tables.

    Args:
      key: Of the metric in evaluation.json; it has its options, if any.
      entry: Its numbers.

    Returns:
      Label -> name of the value. A value that is called like the metric is
      labelled by the key. If none stands for the metric, all do.
    """
    names = [name for name in entry["values"] if "/" not in name]
    metric = re.split(r"[( ]", key)[0]
    return {
        key if name == metric else key.replace(metric, name, 1): name
        for name in names or entry["values"]
    }


def _parts(entry: dict) -> list[str]:
    """Names of the parts that a reader of the main value needs beside it."""
    if all("/" in name for name in entry["values"]):
        return []  # they stand for the metric themselves
    return [name for name in entry["values"] if name.endswith(PARTS)]


def _beside(entry: dict, name: str) -> str:
    parts = []
    masked = entry.get("masked", {}).get("values", {})
    if name in masked:
        parts.append(f"{masked[name]:7.3f}")
    spread = entry.get("statistics", {}).get(name)
    if spread:
        parts.append(
            f"sd {spread['sd']:.3f}, median {spread['median']:.3f}, "
            f"n {spread['n']}"
        )
    interval = entry.get("intervals", {}).get("values", {}).get(name)
    if interval:
        parts.append(f"95 % {interval[0]:.3f} to {interval[1]:.3f}")
    return "".join(f"   {part}" for part in parts)
