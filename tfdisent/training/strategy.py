"""Devices of a run."""

import functools

import tensorflow as tf

STRATEGIES = ("default", "mirrored")


@functools.cache
def make_strategy(name: str) -> tf.distribute.Strategy:
    """A strategy of STRATEGIES.

    One for all callers in a process: two MirroredStrategies over the same
    devices collide in their collective operations.
    """
    if name == "mirrored":
        # On CPUs NCCL does not exist and the default falls back with a warning
        # at every step; on GPUs None means NCCL.
        return tf.distribute.MirroredStrategy(logical_devices())
    return tf.distribute.get_strategy()


def logical_devices() -> list[str]:
    """Names of the GPUs, or of the CPUs where there are none."""
    devices = tf.config.list_logical_devices(
        "GPU"
    ) or tf.config.list_logical_devices("CPU")
    return [device.name for device in devices]


def use_xla(jit_compile: str) -> bool:
    """Resolves on, off and auto; auto is on where there is a GPU."""
    if jit_compile == "auto":
        return bool(tf.config.list_logical_devices("GPU"))
    return jit_compile == "on"
