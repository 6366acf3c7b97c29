"""Where metrics are: the file of `--monitoring_config_file`."""

from pathlib import Path

from tfdisent.errors import UsageError
from tfdisent.export.messages import MonitoringConfig
from tfdisent.serving.text_proto import read_text_proto

DEFAULT_PATH = "/monitoring/prometheus/metrics"


def read_metrics_path(path: Path) -> str | None:
    """Reads a file of TensorFlow Serving's `MonitoringConfig` in text form.

    Returns:
      The path of the URL at which Prometheus asks, or None if the file does
      not enable it.

    Raises:
      UsageError: the file cannot be read or is wrong; with the line.
    """
    config = read_text_proto(
        path, MonitoringConfig, "monitoring_config_file"
    ).prometheus_config
    metrics_path = config.path or DEFAULT_PATH
    if not metrics_path.startswith("/") or not metrics_path.isprintable():
        raise UsageError(
            f"monitoring_config_file {path}: path {metrics_path!r} must begin"
            " with '/'."
        )
    return metrics_path if config.enable else None
