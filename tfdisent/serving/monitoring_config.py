"""Where metrics are: the file of `--monitoring_config_file`."""

from pathlib import Path

from google.protobuf import text_format

from tfdisent.errors import UsageError
from tfdisent.export.messages import MonitoringConfig

DEFAULT_PATH = "/monitoring/prometheus/metrics"


def read_metrics_path(path: Path) -> str | None:
    """Reads a file of TensorFlow Serving's `MonitoringConfig` in text form.

    Returns:
      The path of the URL at which Prometheus asks, or None if the file does
      not enable it.

    Raises:
      UsageError: the file cannot be read or is wrong; with the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        config = text_format.Parse(text, MonitoringConfig()).prometheus_config
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(
            f"monitoring_config_file {path} cannot be read: {reason}."
        ) from error
    except text_format.ParseError as error:
        raise UsageError(
            f"monitoring_config_file {path}, line {error}"
        ) from error
    metrics_path = config.path or DEFAULT_PATH
    if not metrics_path.startswith("/") or not metrics_path.isprintable():
        raise UsageError(
            f"monitoring_config_file {path}: path {metrics_path!r} must begin"
            " with '/'."
        )
    return metrics_path if config.enable else None
