"""Which models to serve, from the flags of bin/serve."""

from pathlib import Path

from absl import flags

from tfdisent.cli.model_of_run import model_of
from tfdisent.errors import RunError, UsageError
from tfdisent.export.messages import ModelServerConfig
from tfdisent.serving.versions.model_config import (
    read_model_config,
    single_model_config,
)

FLAGS = flags.FLAGS
_SOURCES = ("workdir", "model_base_path", "model_config_file")
NAMES = (*_SOURCES, "model_name")


def define_flags() -> None:
    """Defines the flags in `NAMES`."""
    flags.DEFINE_string("workdir", None, "Folder of a run that was exported.")
    flags.DEFINE_string(
        "model_base_path",
        None,
        "Instead: folder whose subfolders 1, 2, ... are a model's versions.",
    )
    flags.DEFINE_string(
        "model_config_file",
        None,
        "Instead: several models, as TensorFlow Serving's ModelServerConfig in "
        "text form. SIGHUP reads it again.",
    )
    flags.DEFINE_string(
        "model_name",
        None,
        "Name in requests; the model of the run, or 'default'.",
    )


def from_flags() -> ModelServerConfig:
    """The models that the flags name.

    Raises:
      UsageError: not one of the sources is given, or it is wrong.
      RunError: the run has no export yet.
    """
    given = [name for name in _SOURCES if FLAGS[name].value]
    if len(given) != 1:
        listed = ", ".join(f"--{name}" for name in _SOURCES)
        said = " and ".join(f"--{name}" for name in given) or "none"
        raise UsageError(f"give one of {listed}, not {said}.")
    if FLAGS.model_config_file:
        if FLAGS.model_name:
            raise UsageError(
                "--model_name is for one model; --model_config_file names its"
                " own."
            )
        return read_model_config(Path(FLAGS.model_config_file))
    if FLAGS.model_base_path:
        base = FLAGS.model_base_path
        # A URI is left as it is, for the sentence that refuses it.
        path = base if "://" in base else str(Path(base).absolute())
        if "://" not in base and not Path(base).is_dir():
            raise UsageError(f"--model_base_path={base} is no folder.")
        return single_model_config(FLAGS.model_name or "default", path)
    workdir = Path(FLAGS.workdir)
    name = FLAGS.model_name or model_of(workdir)
    export = workdir.absolute() / "export"
    if not export.is_dir():
        raise RunError(
            f"{workdir} has no export yet; make one with bin/export"
            f" --workdir={workdir}."
        )
    return single_model_config(name, str(export))
