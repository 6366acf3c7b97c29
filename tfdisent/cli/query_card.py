"""What the model card of a run's export says of latents, for bin/query."""

import json
from pathlib import Path
from typing import NamedTuple

from tfdisent.errors import RunError, UsageError


class Latent(NamedTuple):
    """One latent; without a card only its number is known.

    Attributes:
      index: in codes.
      kl: to the prior, in nats.
      is_active: whether it tells anything of images.
      low: of its values, and
      high: between which the decoder has seen codes.
      title: its meaning, or else the factor that it tells most of.
    """

    index: int
    kl: float | None = None
    is_active: bool = True
    low: float = -3.0
    high: float = 3.0
    title: str = ""


def card_of(workdir: Path, version: int | None = None) -> Path | None:
    """The card of an export of a run, if there is one.

    Args:
      workdir: of the run.
      version: of the export; the newest unless given.
    """
    versions = [
        folder
        for folder in workdir.glob("export/*")
        if folder.name.isdecimal() and version in (None, int(folder.name))
    ]
    if not versions:
        return None
    newest = max(versions, key=lambda folder: int(folder.name))
    path = newest / "assets.extra/model_card.json"
    return path if path.exists() else None


def read_latents(path: Path, count: int) -> list[Latent]:
    """Reads the latents of a card.

    Args:
      path: of the card.
      count: latents of the model that is asked.

    Returns:
      The largest KL first; in order if the card knows none.

    Raises:
      RunError: the card cannot be read.
      UsageError: it is of another model.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["latents"]
        latents = [_latent(entry) for entry in entries]
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError) as error:
        raise RunError(f"{path} is damaged: it is no model card.") from error
    if not latents:  # The model has no encoder.
        return [Latent(i) for i in range(count)]
    if sorted(latent.index for latent in latents) != list(range(count)):
        raise UsageError(
            f"{path} tells of {len(latents)} latents and the model that "
            f"answers has {count}; name it by --model instead of --workdir."
        )
    return latents


def _latent(entry: dict) -> Latent:
    given = {key: entry[key] for key in ("kl", "low", "high")}
    numbers = {key: float(x) for key, x in given.items() if x is not None}
    return Latent(
        entry["index"],
        is_active=bool(entry["active"]),
        title=_title(entry),
        **numbers,
    )


def _title(entry: dict) -> str:
    if not entry["active"]:
        return "inactive"
    factor = entry["factor"]
    if entry["meaning"] or factor is None:
        return entry["meaning"] or ""
    return f"{factor['name']}, {factor['share']:.0%}"
