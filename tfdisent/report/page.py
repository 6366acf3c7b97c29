"""A run as one HTML page that needs nothing beside it."""

import math
import pathlib

import jinja2

from tfdisent.report import summary
from tfdisent.report.figures import matrix_figures, run_figures
from tfdisent.report.latents import latents_of
from tfdisent.report.metric_tables import metric_groups
from tfdisent.report.run_record import RunRecord
from tfdisent.report.settings import model_settings, run_settings

MINUS = "\N{MINUS SIGN}"
FOLDER = pathlib.Path(__file__).parent


def html_page(run: RunRecord, command: str | None) -> str:
    """All that is known of a run.

    Args:
      run: What its folder holds.
      command: That makes it again; None if there is none.

    Returns:
      HTML without scripts that asks no other host for anything. Equal runs give
      equal pages.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "words": words}
    return environment.get_template("page.html").render(
        title=f"{run.config.model} on {run.config.dataset}",
        name=run.workdir.absolute().name,
        command=command,
        **_of_metrics(run),
        **_of_latents(run),
        lead=summary.lead(run),
        key_numbers=summary.key_numbers(run),
        facts=summary.facts(run),
        missing=summary.missing(run, command),
        warnings=summary.warnings(run),
        provenance=summary.provenance(run),
        figures=run_figures(run),
        matrices=matrix_figures(run),
        model_settings=model_settings(run.config),
        run_settings=run_settings(run.config),
    )


def number(value: float | None, places: int = 3) -> str:
    """A number with a true minus sign; nothing for None."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return str(value)
    # Adding 0 takes the sign from what rounds to 0.
    return f"{round(value, places) + 0:,.{places}f}".replace("-", MINUS)


def words(name: str) -> str:
    """`x_position` as "x position"."""
    return name.replace("_", " ")


def _of_metrics(run: RunRecord) -> dict:
    evaluation = run.evaluation or {"metrics": {}}
    groups = metric_groups(evaluation)
    rows = [
        row
        for metrics in groups.values()
        for metric in metrics
        for row in metric.rows
    ]
    return {
        "groups": groups,
        "metrics_note": summary.metrics_note(evaluation),
        "left_out": summary.left_out(evaluation),
        "has_active": any(row.active is not None for row in rows),
    }


def _of_latents(run: RunRecord) -> dict:
    latents = latents_of(run)
    return {
        "latents": latents,
        "latents_note": summary.latents_note(run),
        "has_card": any(z.low is not None for z in latents),
        "most_kl": max([z.kl for z in latents], default=0) or 1,
    }
