"""The configuration of a run, as rows for a reader."""

import dataclasses
from typing import Any, NamedTuple

from tfdisent.models.arguments import documented
from tfdisent.training.config import ExperimentConfig, model_arguments


class Setting(NamedTuple):
    """One setting: its value, whether it is the default, and its meaning."""

    name: str
    value: Any
    is_default: bool
    meaning: str


def run_settings(config: ExperimentConfig) -> list[Setting]:
    """All fields of the configuration but those of the model."""
    meanings = documented(ExperimentConfig, "Attributes:")
    settings = []
    for field in dataclasses.fields(config):
        if field.name in ("model", "hparams"):
            continue
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        value = getattr(config, field.name)
        settings.append(
            Setting(
                field.name,
                _shown(value),
                value == default,
                meanings[field.name],
            )
        )
    return settings


def model_settings(config: ExperimentConfig) -> list[Setting]:
    """All constructor arguments of the model, given or default."""
    return [
        Setting(
            name,
            _shown(config.hparams.get(name, argument.default)),
            name not in config.hparams,
            argument.meaning,
        )
        for name, argument in model_arguments(config.model).items()
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
