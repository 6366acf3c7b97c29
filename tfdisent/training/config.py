"""What defines a run."""

import dataclasses
import json
import math
import pathlib

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.load import load_dataset
from tfdisent.errors import RunError, UsageError
from tfdisent.models import INSTRUMENTS, MODELS
from tfdisent.models.arguments import (
    check_at_least,
    check_choice,
    check_positive,
    constructor_arguments,
)
from tfdisent.models.base import LatentModel
from tfdisent.training.optimizers import OPTIMIZERS, SCHEDULES
from tfdisent.training.strategy import STRATEGIES
from tfdisent.training.workdir import write_atomically

# Constructor arguments that a run fills in itself.
FILLED_IN = ("image_shape", "factor_sizes", "dataset_size", "seed")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class ExperimentConfig:
    """All that the weights at the end of a run depend on.

    Attributes:
      model: Name in MODELS or INSTRUMENTS.
      hparams: Constructor arguments of the model that were given or preset.
      dataset: Name in DATASETS, or folder:PATH.
      data_file: What was published of the data set: a file, archive or folder.
      tfds_data_dir: Where TensorFlow Datasets has it prepared.
      data_options: What else its loader is given, such as image_size.
      subsets: Parts of the data set, applied in this order; see
        `data.subsets.parse_subset`.
      steps: Number of updates.
      batch_size: Images an update, over all replicas.
      optimizer: Adam, Adagrad or RMSprop.
      learning_rate: At the start.
      learning_rate_schedule: constant, or last_quarter: divided by 5 for the
        last quarter of the steps.
      seed: Of the weights, the order of the images and all noise.
      strategy: Of tf.distribute: default (one device), mirrored (all of this
        machine's) or multi_worker (those of the machines of TF_CONFIG).
      jit_compile: Whether XLA compiles the losses: on, off, or auto (on for
        GPUs).
      precision: Of the layers: float32, mixed_bfloat16 or mixed_float16 (with
        a scaled loss). Weights, codes and losses are float32 in all.
      gradient_accumulation: Parts in which a replica works its batch off, to
        need less memory. Terms that couple images see a part.
      clip_norm: Largest norm of a gradient; none unless given.
      ema_decay: Decay of a moving average of the weights, which then stands for
        them in evaluation and export; none unless given.
      global_statistics: Whether terms that couple the images of a batch see
        that of all replicas, and not each its own part.

    Raises:
      UsageError: If a value is unknown or out of range.
    """

    model: str
    hparams: dict = dataclasses.field(default_factory=dict)
    dataset: str = "dsprites"
    data_file: str | None = None
    tfds_data_dir: str | None = None
    data_options: dict = dataclasses.field(default_factory=dict)
    subsets: tuple[str, ...] = ()
    steps: int = 12_000
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    learning_rate_schedule: str = "constant"
    seed: int = 0
    strategy: str = "default"
    jit_compile: str = "auto"
    precision: str = "float32"
    gradient_accumulation: int = 1
    clip_norm: float | None = None
    ema_decay: float | None = None
    global_statistics: bool = False

    def __post_init__(self):
        check_choice("model", self.model, MODELS | INSTRUMENTS)
        taken = model_arguments(self.model)
        for name in self.hparams:
            if name not in taken:
                raise UsageError(
                    f"{self.model} does not take --{name}; it takes "
                    f"{', '.join(f'--{n}' for n in taken)}."
                )
        _check_json(self.hparams)
        _check_json(self.data_options)
        check_at_least("steps", self.steps, 1)
        check_at_least("batch_size", self.batch_size, 1)
        check_positive("learning_rate", self.learning_rate)
        check_at_least("seed", self.seed, 0)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice(
            "learning_rate_schedule", self.learning_rate_schedule, SCHEDULES
        )
        check_choice("strategy", self.strategy, STRATEGIES)
        check_choice("jit_compile", self.jit_compile, ("auto", "on", "off"))
        check_choice("precision", self.precision, PRECISIONS)
        check_at_least("gradient_accumulation", self.gradient_accumulation, 1)
        if self.clip_norm is not None:
            check_positive("clip_norm", self.clip_norm)
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise UsageError(
                f"ema_decay is {self.ema_decay:g}; it must be above 0 and "
                "below 1."
            )

    def save(self, path: pathlib.Path) -> None:
        """Writes JSON, whole or not at all."""
        write_atomically(
            path, json.dumps(dataclasses.asdict(self), indent=2) + "\n"
        )

    @classmethod
    def load(cls, path: pathlib.Path) -> "ExperimentConfig":
        """Reads what `save` wrote.

        Raises:
          RunError: If the file is missing or is no configuration.
        """
        try:
            fields = json.loads(path.read_text())
            return cls(**{**fields, "subsets": tuple(fields["subsets"])})
        except FileNotFoundError:
            raise RunError(
                f"{path.parent} is no run: it has no {path.name}; "
                "bin/train --workdir makes one."
            ) from None
        except OSError as error:
            raise RunError(
                f"{path} cannot be read: {error.strerror}."
            ) from error
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{path} is no configuration of a run: {error}"
            ) from error

    def differences(self, other: "ExperimentConfig") -> list[str]:
        """What differs, as "steps: 100 here, 200 there"."""
        mine, theirs = _flat(self), _flat(other)
        return [
            f"{name}: {mine.get(name)} here, {theirs.get(name)} there"
            for name in {**mine, **theirs}
            if mine.get(name) != theirs.get(name)
        ]


def _check_json(values: dict) -> None:
    for name, value in values.items():
        try:
            json.dumps(value)
        except TypeError:
            raise UsageError(
                f"{name} is {value!r}, which config.json cannot hold; a model "
                "that is made with it trains by `compile` and `fit`."
            ) from None


def _flat(config: ExperimentConfig) -> dict:
    """Fields and hyper-parameters in one dict, defaults filled in."""
    fields = dataclasses.asdict(config)
    hparams = fields.pop("hparams")
    defaults = {
        name: argument.default
        for name, argument in model_arguments(config.model).items()
    }
    return {**fields, **defaults, **hparams}


def model_class(model: str) -> type[LatentModel]:
    """The class of a name in MODELS or INSTRUMENTS."""
    return (MODELS | INSTRUMENTS)[model]


def model_arguments(model: str) -> dict:
    """Constructor arguments of a model that are a user's to give, by name."""
    return {
        name: argument
        for name, argument in constructor_arguments(model_class(model)).items()
        if name not in FILLED_IN
    }


def build_dataset(
    config: ExperimentConfig, data_dir: str | None = None
) -> FactorDataset:
    """The data set of a run; `data_dir` is where caches are kept."""
    return load_dataset(
        config.dataset,
        data_file=config.data_file,
        tfds_data_dir=config.tfds_data_dir,
        data_dir=data_dir,
        subsets=config.subsets,
        **config.data_options,
    )


def steps_of_epochs(epochs: float, dataset_size: int, batch_size: int) -> int:
    """Updates in which every image is seen `epochs` times."""
    check_positive("epochs", epochs)
    return math.ceil(epochs * dataset_size / batch_size)
