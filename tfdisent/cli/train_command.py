"""The command line that makes a run again."""

import dataclasses
import shlex
from typing import Any

from tfdisent.models import MODELS
from tfdisent.models.base import LatentModel
from tfdisent.training.config import ExperimentConfig, model_arguments

_NOT_FLAGS = ("model", "hparams", "data_options", "subsets")


def train_command(config: ExperimentConfig) -> str | None:
    """The shortest call of bin/train that gives a configuration.

    Returns:
      The call without --workdir; None for a configuration that no flags give,
      such as one that turns off what every preset turns on.
    """
    calls = []
    for preset in MODELS[config.model].PRESETS:
        own = _flags(config, preset)
        if None not in own.values():
            calls.append([f"--{name}={_text(x)}" for name, x in own.items()])
    if not calls:
        return None
    subsets = [f"--subset={subset}" for subset in config.subsets]
    words = ["bin/train", *min(calls, key=len), *subsets]
    return " ".join(shlex.quote(word) for word in words)


def _flags(config: ExperimentConfig, preset: str) -> dict[str, Any]:
    """The flags that differ from what a preset gives; None cannot be given."""
    arguments = model_arguments(config.model)
    given = MODELS[config.model].PRESETS[preset]
    defaults = {name: a.default for name, a in arguments.items()}
    values = defaults | config.hparams
    hparams = {
        name: value
        for name, value in values.items()
        if value != (defaults | given)[name] or _is_scaled(name, given, config)
    }
    fields = {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.name not in _NOT_FLAGS
        and getattr(config, field.name) != given.get(field.name, field.default)
    }
    named = {} if preset == "quick" else {"preset": preset}
    builds_on = any(a.type is LatentModel for a in arguments.values())
    # Without a flag of data such a model takes those of the run.
    data = {"dataset": config.dataset} if builds_on else {}
    model = {"model": config.model} | named
    return model | data | hparams | fields | config.data_options


def _is_scaled(name: str, given: dict, config: ExperimentConfig) -> bool:
    """Whether bin/train may fit a preset's value to another number of steps."""
    return name in given and given.get("steps", config.steps) != config.steps


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
