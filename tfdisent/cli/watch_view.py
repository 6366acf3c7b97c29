"""Runs in a terminal."""

import collections
import math
import os
from collections.abc import Sequence

from rich import box
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tfdisent.cli.watched_run import WatchedRun
from tfdisent.training.active import ACTIVE_NATS
from tfdisent.training.duration import duration

COLOURS = {
    "missing": "dim",
    "waiting": "yellow",
    "training": "green",
    "in doubt": "red",
    "trained": "bold cyan",
    "stopped": "yellow",
    "diverged": "bold red",
}
BLOCKS = "▁▂▃▄▅▆▇█"
TREND = 24  # characters
MOST_BARS = 16
OTHER_LINES = 14  # of one run, beside its terms and its latents
OTHER_ROWS = 6  # of several, beside a row for each
# Numbers of a record that stand elsewhere, or hardly move.
_NOT_TERMS = ("step", "seconds", "images_per_second", "active_latents")
_FIRST = ("distortion", "rate")


def view(
    runs: Sequence[WatchedRun], lines: int | None = None
) -> RenderableType:
    """One run with all it logs; of several a line each.

    Args:
      runs: One or more.
      lines: Of the terminal, which hides what is below the last: latents of
        little KL, and runs that are trained, are only counted if they do not
        fit. None if there is room for all.

    Returns:
      What rich prints.
    """
    return _one(runs[0], lines) if len(runs) == 1 else _several(runs, lines)


def _one(run: WatchedRun, lines: int | None) -> Panel:
    parts = [_head(run)]
    if run.note:
        parts.append(Text(run.note, COLOURS[run.state]))
    if run.records:
        parts += ["", _terms(run)]
        if run.series("kl_per_latent"):
            room = _room(lines, OTHER_LINES + len(terms_of(run.records[-1])))
            bars = min(room, MOST_BARS)
            parts += ["", _latents(run.series("kl_per_latent")[-1], bars)]
    return Panel(
        Group(*parts),
        title=escape(str(run.workdir)),
        subtitle=Text(run.state, COLOURS[run.state]),
        box=box.ROUNDED,
        padding=(1, 2),
    )


def _room(lines: int | None, used: int) -> float:
    return math.inf if lines is None else max(1, lines - used)


def _head(run: WatchedRun) -> RenderableType:
    if run.config is None:
        return Text("waiting for a run", "bold")
    config = run.config
    title = Text(config["model"], "bold")
    title.append(f" on {config.get('dataset')}, seed {config.get('seed')}", "")
    head = Table.grid(padding=(0, 2), expand=True)
    head.add_column(ratio=1)
    head.add_column(justify="right")
    head.add_row(_bar(run), f"{run.step:,} of {run.num_steps:,} steps")
    return Group(title, "", head, Text(", ".join(_speed(run)), "dim"))


def _speed(run: WatchedRun) -> list[str]:
    """Times and speed, in words."""
    if not run.records:
        return []
    last = run.records[-1]
    parts = [f"{duration(last['seconds'])} trained"]
    if run.seconds_left is not None:
        parts.append(f"{duration(run.seconds_left)} left")
    parts.append(f"{last['images_per_second']:,.0f} images/s")
    return [*parts, last["device"]]


def _bar(run: WatchedRun) -> ProgressBar:
    return ProgressBar(
        total=run.num_steps,
        completed=run.step,
        complete_style=COLOURS[run.state],
        finished_style=COLOURS[run.state],
    )


def _terms(run: WatchedRun) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="dim")
    table.add_column("term")
    table.add_column("now", justify="right")
    table.add_column("last half of the run")
    for name in terms_of(run.records[-1]):
        values = run.series(name)
        table.add_row(
            name.replace("_", " "),
            number(values[-1]),
            Text(sparkline(values[len(values) // 2 :], TREND), "cyan"),
        )
    return table


def terms_of(record: dict) -> list[str]:
    """Names of the numbers of a record, the losses first."""
    names = [
        name
        for name, value in record.items()
        if isinstance(value, int | float) and name not in _NOT_TERMS
    ]

    def rank(name: str) -> int:
        if name.endswith("_loss"):
            return 0
        return 1 if name in _FIRST else 2

    return sorted(names, key=rank)


def _latents(kl: Sequence[float], bars: int) -> Table:
    """A bar for each active latent, the largest KL first."""
    order = sorted(range(len(kl)), key=lambda d: -kl[d])
    active = [d for d in order if kl[d] > ACTIVE_NATS]
    shown = active[:bars]
    table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="dim")
    table.add_column("latent", no_wrap=True)
    table.add_column("KL in nats", justify="right", no_wrap=True)
    table.add_column("", max_width=40)
    for d in shown:
        bar = Bar(kl[shown[0]], 0, kl[d], color="cyan")
        table.add_row(f"z{d}", f"{kl[d]:.2f}", bar)
    hidden = len(active) - len(shown)
    more = f"{hidden} more active, " if hidden else ""
    few = len(kl) - len(active)
    table.add_row(Text(f"{more}{few} of {len(kl)} inactive", "dim"))
    return table


def _several(runs: Sequence[WatchedRun], lines: int | None) -> Group:
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("", min_width=4, ratio=1)
    for name in ("step", "left", "images/s", "active"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("loss", justify="right", no_wrap=True)
    table.add_column("trend", no_wrap=True)
    common = os.path.commonpath([run.workdir.parent for run in runs])
    shown, hidden = _that_fit(runs, _room(lines, OTHER_ROWS))
    for run in shown:
        table.add_row(*_row(run, os.path.relpath(run.workdir, common)))
    counts = collections.Counter(run.state for run in hidden)
    more = ", ".join(f"{count} {state}" for state, count in counts.items())
    return Group(table, *([Text(f" and {more}", "dim")] if more else []))


def _that_fit(
    runs: Sequence[WatchedRun], room: float
) -> tuple[list[WatchedRun], list[WatchedRun]]:
    """Those that are shown, in their order, and the others.

    What goes wrong comes before what trains, and what is trained last.
    """
    if len(runs) <= room:
        return list(runs), []
    states = list(reversed(COLOURS))
    states.sort(key=lambda state: state == "trained")
    first = sorted(runs, key=lambda run: states.index(run.state))[: int(room)]
    return (
        [run for run in runs if run in first],
        [run for run in runs if run not in first],
    )


def _row(run: WatchedRun, name: str) -> list[RenderableType]:
    name = escape(name)
    state = Text(run.state, COLOURS[run.state])
    if not run.records:
        return [name, state]
    last = run.records[-1]
    left = run.seconds_left
    [loss, *_] = terms_of(last) or [None]
    values = run.series(loss) if loss else [math.nan]
    return [
        name,
        state,
        _bar(run),
        f"{run.step:,}",
        "" if left is None else duration(left),
        f"{last['images_per_second']:,.0f}",
        str(last.get("active_latents", "")),
        number(values[-1]),
        Text(sparkline(values[len(values) // 2 :], 8), "cyan"),
    ]


def sparkline(values: Sequence[float], width: int) -> str:
    """Means over equal parts of a series as blocks of 8 heights.

    What is not finite is left out; a series that does not move is low.
    """
    values = [v for v in values if math.isfinite(v)]
    if not values:
        return ""
    count = min(width, len(values))
    edges = [i * len(values) // count for i in range(count + 1)]
    means = [
        sum(values[a:b]) / (b - a)
        for a, b in zip(edges, edges[1:], strict=False)
    ]
    least, span = min(means), (max(means) - min(means)) or math.inf
    return "".join(
        BLOCKS[min(int((m - least) / span * len(BLOCKS)), len(BLOCKS) - 1)]
        for m in means
    )


def number(value: float) -> str:
    """Four digits, or all those before the point."""
    size = abs(value)
    if size and not 1e-3 <= size < 1e7:
        return f"{value:.2e}"
    return f"{value:,.{3 - sum(size >= limit for limit in (10, 100, 1000))}f}"
