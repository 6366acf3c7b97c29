"""The metrics of an evaluation, as rows for a reader."""

import re
from typing import NamedTuple

from tfdisent.report.metric_meanings import MEANINGS, Meaning

_COUNTS = ("active_units", "active_latents", "kl_above_0.01")  # ends of names


class Row(NamedTuple):
    """One number of a metric.

    Attributes:
      label: What it is called; empty for the metric's own.
      value: Of all latents.
      active: Of the active latents alone, or None.
      interval: Its confidence interval, or None.
      spread: Its statistics over seeds, or None.
      places: Digits after the point.
    """

    label: str
    value: float
    active: float | None
    interval: tuple[float, float] | None
    spread: dict | None
    places: int


class Metric(NamedTuple):
    """A metric with its numbers.

    Attributes:
      key: In evaluation.json, with the options that were given.
      meaning: In words.
      settings: With which it was computed.
      rows: The main numbers.
      parts: What they are made of, and what stands beside them.
    """

    key: str
    meaning: Meaning
    settings: str
    rows: list[Row]
    parts: list[Row]


def metric_groups(evaluation: dict) -> dict[str, list[Metric]]:
    """The metrics by the group of their meaning, in the order of the file."""
    groups = {meaning.group: [] for meaning in MEANINGS.values()}
    for key, entry in evaluation["metrics"].items():
        metric = _metric(key, entry)
        groups.setdefault(metric.meaning.group, []).append(metric)
    return {group: metrics for group, metrics in groups.items() if metrics}


def name_of(key: str) -> str:
    """The metric of a key: `dci` of `dci(importances='lasso')`."""
    return re.split(r"[( ]", key)[0]


def settings_text(entry: dict) -> str:
    """The settings and seeds of a metric in a line."""
    settings = [f"{k}={v}" for k, v in entry.get("settings", {}).items()]
    seeds = ", ".join(map(str, entry.get("seeds", [])))
    parts = [*settings, *([f"seed {seeds}"] if seeds else [])]
    return "; ".join([*parts, f"{entry.get('representation', 'mean')} codes"])


def _metric(key: str, entry: dict) -> Metric:
    name = name_of(key)
    rows, parts = [], []
    main = [n for n in entry["values"] if "/" not in n]
    for value in entry["values"]:
        is_main = value in main or not main
        label = _label(value, name)
        (rows if is_main else parts).append(_row(label, value, entry))
    unknown = Meaning("Others", name.replace("_", " "), "", "", "")
    return Metric(
        key, MEANINGS.get(name, unknown), settings_text(entry), rows, parts
    )


def _label(value: str, name: str) -> str:
    """What tells a value from the metric's own, for a reader."""
    return (
        value.removeprefix(name)
        .strip("/_")
        .replace("_", " ")
        .replace("/", ", ")
    )


def _row(label: str, name: str, entry: dict) -> Row:
    return Row(
        label,
        entry["values"][name],
        entry.get("masked", {}).get("values", {}).get(name),
        entry.get("intervals", {}).get("values", {}).get(name),
        entry.get("statistics", {}).get(name),
        0 if name.endswith(_COUNTS) else 3,
    )
