"""What is known of each latent, as rows for a reader."""

from typing import NamedTuple

from tfdisent.evaluation.figures.latents import is_inactive, order_by_kl
from tfdisent.report.run_record import RunRecord


class Latent(NamedTuple):
    """One latent; what only a model card has may be None.

    Attributes:
      name: As z3.
      kl: To the prior, in nats.
      is_active: Whether it tells anything of images.
      meaning: The factor that it is named after.
      factor: The factor that it tells most of.
      share: Of that factor's entropy, in [0, 1].
      correlation: Spearman's, with that factor.
      low: 1 % quantile of its posterior means, and
      high: the 99 % quantile.
    """

    name: str
    kl: float
    is_active: bool
    meaning: str | None = None
    factor: str | None = None
    share: float | None = None
    correlation: float | None = None
    low: float | None = None
    high: float | None = None


def latents_of(run: RunRecord) -> list[Latent]:
    """The latents of the model card, or else of evaluation.json.

    The largest KL comes first. None if neither knows any.
    """
    if run.card and run.card["latents"]:
        return [_of_card(entry) for entry in run.card["latents"]]
    kl = (run.evaluation or {}).get("images", {}).get("kl_per_latent", [])
    return [
        Latent(f"z{d}", kl[d], not is_inactive(kl[d])) for d in order_by_kl(kl)
    ]


def _of_card(entry: dict) -> Latent:
    factor = entry["factor"] or {}
    return Latent(
        entry["name"],
        entry["kl"],
        entry["active"],
        entry["meaning"],
        factor.get("name"),
        factor.get("share"),
        factor.get("correlation"),
        entry["low"],
        entry["high"],
    )
