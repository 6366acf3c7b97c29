"""The flags that define a run: made from constructors, where defaults live."""

import dataclasses
import hashlib
import pathlib

from absl import flags

from tfdisent.cli import data_flags
from tfdisent.cli.help_text import entry, flag_help
from tfdisent.errors import UsageError
from tfdisent.models import MODELS
from tfdisent.models.arguments import (
    check_choice,
    documented,
    without_none,
)
from tfdisent.models.base import LatentModel
from tfdisent.training.config import (
    ExperimentConfig,
    model_arguments,
    steps_of_epochs,
)

FLAGS = flags.FLAGS

# Fields of the configuration that other flags fill in.
_NOT_FLAGS = ("model", "hparams", "dataset", "data_file", "tfds_data_dir")
_NOT_FLAGS += ("data_options", "subsets")
_FIELDS = {
    field.name: field
    for field in dataclasses.fields(ExperimentConfig)
    if field.name not in _NOT_FLAGS
}
_LONGEST_NAME = 200  # in bytes; file systems take 255
_SPANS = ("warmup_steps", "capacity_steps", "dae_steps")  # in steps
_DEFINE = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
    LatentModel: flags.DEFINE_string,  # the folder of its run
}


def define_run_flags() -> None:
    """Defines the common flags and those of every model, all without value."""
    data_flags.define_data_flags()
    flags.DEFINE_string("model", "beta_tcvae", f"One of {', '.join(MODELS)}.")
    flags.DEFINE_string(
        "preset",
        "quick",
        "Settings of the model: quick (ours, for about 10 minutes on 2 cores), "
        "paper (its authors') or study (Locatello et al., 2019), or one that "
        "--model=M --help shows; flags beside it win.",
    )
    flags.DEFINE_float(
        "epochs", None, "Length of training, instead of --steps.", lower_bound=0
    )
    meanings = documented(ExperimentConfig, "Attributes:")
    for name, field in _FIELDS.items():
        kind = without_none(field.type)
        default = "" if field.default is None else f" ({field.default})"
        _DEFINE[kind](name, None, meanings[name] + default)
    for model in MODELS:
        for name, argument in model_arguments(model).items():
            if name not in FLAGS:
                _DEFINE[argument.type](name, None, argument.meaning)


def config_from_flags(dataset_size: int | None = None) -> ExperimentConfig:
    """The run that the flags ask for.

    Args:
      dataset_size: Number of images; --epochs counts only if it is given.

    Raises:
      UsageError: If a value is unknown, out of range or not taken.
    """
    check_choice("model", FLAGS.model, MODELS)
    fields = dict(_preset())
    arguments = model_arguments(FLAGS.model)
    hparams = {n: fields.pop(n) for n in list(fields) if n in arguments}
    for name in _all_hparams():
        if FLAGS[name].present:
            hparams[name] = FLAGS[name].value
    runs = [n for n in hparams if _is_run(n)]
    for name in runs:
        hparams[name] = data_flags.absolute(hparams[name])
    for name in _FIELDS:
        if FLAGS[name].present:
            fields[name] = FLAGS[name].value
    if FLAGS.epochs is not None and FLAGS.steps is not None:
        raise UsageError(
            f"--epochs={FLAGS.epochs:g} and --steps={FLAGS.steps} were given; "
            "give one of them."
        )
    if FLAGS.epochs is not None and dataset_size is not None:
        batch_size = fields.get("batch_size", ExperimentConfig.batch_size)
        fields["steps"] = steps_of_epochs(
            FLAGS.epochs, dataset_size, batch_size
        )
    _scale_phases(hparams, fields)
    return ExperimentConfig(
        model=FLAGS.model,
        hparams=hparams,
        **_source([hparams[name] for name in runs]),
        **fields,
    )


def default_workdir() -> pathlib.Path:
    """runs/<model>-<dataset>, and whatever flags define the run."""
    parts = [FLAGS.model, FLAGS.dataset.replace("/", "_")]
    names = ["preset", *_all_hparams(), *_FIELDS, "epochs"]
    names += [name for name in data_flags.NAMES if name != "dataset"]
    for name in names:
        if FLAGS[name].present:
            value = FLAGS[name].value
            text = "+".join(value) if isinstance(value, list) else str(value)
            parts.append(f"{name}={text.replace('/', '_')}")
    name = "-".join(parts)
    if len(name.encode()) > _LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        name = f"{FLAGS.model}-{digest}"
    return pathlib.Path("runs", name)


def help_text(usage: str, own_flags: tuple[str, ...], argv: list[str]) -> str:
    """The common flags; with --model=M also that model's.

    Args:
      usage: First lines.
      own_flags: Flags that the command defined itself.
      argv: The command line without --help.

    Raises:
      UsageError: If the model is unknown.
    """
    FLAGS(argv, known_only=True)
    common = ["model", "preset", *own_flags, *_FIELDS, "epochs"]
    common += [*data_flags.NAMES, "data_dir"]
    lines = [usage, "", "Common flags:", *(flag_help(n) for n in common)]
    if not FLAGS["model"].present:
        return "\n".join(
            [*lines, "", "--model=M --help shows the flags of a model."]
        )
    check_choice("model", FLAGS.model, MODELS)
    cls = MODELS[FLAGS.model]
    lines += ["", f"Flags of {FLAGS.model}. {cls.__doc__.splitlines()[0]}"]
    for name, argument in model_arguments(FLAGS.model).items():
        meaning = argument.meaning
        if argument.default is not None:
            meaning += f" ({argument.default})"
        lines.append(entry(name, meaning))
    for name, settings in cls.PRESETS.items():
        given = ", ".join(f"{k} {v}" for k, v in settings.items())
        lines.append(entry(f"preset={name}", given or "the defaults above"))
    return "\n".join(lines)


def _all_hparams() -> list[str]:
    return list(dict.fromkeys(n for m in MODELS for n in model_arguments(m)))


def _is_run(name: str) -> bool:
    """Whether a flag names the run of a model that this one builds on."""
    arguments = model_arguments(FLAGS.model)
    return name in arguments and arguments[name].type is LatentModel


def _source(runs: list[str]) -> dict:
    """The data of the flags; without any, those of the run it builds on."""
    if not runs or any(FLAGS[name].present for name in data_flags.NAMES):
        return data_flags.source()
    other = ExperimentConfig.load(pathlib.Path(runs[0]) / "config.json")
    return {name: getattr(other, name) for name in data_flags.source()}


def _preset() -> dict:
    presets = MODELS[FLAGS.model].PRESETS
    if FLAGS.preset not in presets:
        raise UsageError(
            f"{FLAGS.model} has no preset {FLAGS.preset!r}; it has "
            f"{', '.join(presets) or 'none'}."
        )
    return presets[FLAGS.preset]


def _scale_phases(hparams: dict, fields: dict) -> None:
    """A preset's spans keep their share of the steps when those change."""
    published = _preset().get("steps")
    for name in _SPANS:
        if published and name in _preset() and not FLAGS[name].present:
            share = hparams[name] / published
            hparams[name] = max(1, round(share * fields["steps"]))
