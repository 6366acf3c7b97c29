"""Which models a server has: TensorFlow Serving's model config file.

References:
  tensorflow_serving/config/model_server_config.proto
"""

import re
from pathlib import Path

from tfdisent.errors import UsageError
from tfdisent.export.messages import ModelConfig, ModelServerConfig
from tfdisent.serving.text_proto import read_text_proto

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_NAME_RULE = "1 to 128 letters, digits, '_', '.' or '-'"
_EXAMPLE = (
    "model_config_list { config { name: 'vae' base_path: '/models/vae' } }"
)


def read_model_config(path: Path) -> ModelServerConfig:
    """Reads the file of `--model_config_file`.

    Args:
      path: of a `ModelServerConfig` in protobuf's text format.

    Returns:
      A config that has passed `check_model_config`.

    Raises:
      UsageError: the file cannot be read, is not such a text (with line and
        column), or holds something that is not allowed.
    """
    config = read_text_proto(path, ModelServerConfig, "model config")
    try:
        check_model_config(config)
    except UsageError as error:
        raise UsageError(f"model config {path}: {error}") from error
    return config


def single_model_config(name: str, base_path: str) -> ModelServerConfig:
    """The config of `--model_name` and `--model_base_path`.

    Args:
      name: of the model.
      base_path: absolute path of the folder that holds its versions.

    Returns:
      A config of one model, with the highest version.

    Raises:
      UsageError: name or path is not allowed.
    """
    config = ModelServerConfig()
    config.model_config_list.config.add(
        name=name, base_path=base_path, model_platform="tensorflow"
    )
    check_model_config(config)
    return config


def check_model_config(config: ModelServerConfig) -> None:
    """Refuses a config that could not be served as it is written.

    Args:
      config: from a file or a request.

    Raises:
      UsageError: there is no `model_config_list`, two models have one name,
        or a model has a name, base path, platform, policy or label that is
        not allowed.
    """
    if config.WhichOneof("config") != "model_config_list":
        raise UsageError(f"a config must be one model_config_list: {_EXAMPLE}.")
    places: dict[str, int] = {}
    for i, model in enumerate(config.model_config_list.config, 1):
        try:
            _check_model(model)
        except UsageError as error:
            raise UsageError(f"model {i} ({model.name!r}): {error}") from None
        if model.name in places:
            raise UsageError(
                f"models {places[model.name]} and {i} are both named"
                f" {model.name!r}; each name must occur once."
            )
        places[model.name] = i


def _check_model(model: ModelConfig) -> None:
    if not _NAME.fullmatch(model.name):
        raise UsageError(f"name must be {_NAME_RULE}.")
    path = model.base_path
    if "://" in path:
        raise UsageError(
            f"base_path {path!r} is a URI, but models are read from folders;"
            " mount the bucket and give the absolute path of the mount."
        )
    if not path.startswith("/") or not path.isprintable():
        raise UsageError(
            f"base_path {path!r} must be an absolute path of printable"
            " characters."
        )
    if model.model_platform not in ("", "tensorflow"):
        raise UsageError(
            f"model_platform {model.model_platform!r} must be 'tensorflow' or"
            " left out."
        )
    if model.HasField("logging_config"):
        raise UsageError("logging_config has no effect here; leave it out.")
    policy = model.model_version_policy
    if policy.HasField("specific") and not policy.specific.versions:
        raise UsageError(
            "model_version_policy.specific must list at least one version."
        )
    for label in model.version_labels:
        if not _NAME.fullmatch(label):
            raise UsageError(f"version label {label!r} must be {_NAME_RULE}.")
