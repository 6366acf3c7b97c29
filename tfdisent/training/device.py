"""What a run was computed on."""

import pathlib
import platform

import tensorflow as tf

from tfdisent.training.processors import num_processors


def device_name() -> str:
    """The GPUs, or the cores of this machine and their kind."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return f"{len(gpus)} x {details.get('device_name', 'GPU')}"
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    names = [
        line.split(":", 1)[1].strip()
        for line in (cpuinfo.read_text() if cpuinfo.exists() else "").split(
            "\n"
        )
        if line.startswith("model name")
    ]
    kind = names[0] if names else platform.processor() or platform.machine()
    return f"{num_processors()} CPU cores, {kind}"
