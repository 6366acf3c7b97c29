"""Devices of a run."""

import contextlib
import functools
import signal
import threading

import tensorflow as tf

from tfdisent.errors import RunError
from tfdisent.training.cluster import read_task
from tfdisent.training.peers import noticing_lost_peers

STRATEGIES = ("default", "mirrored", "multi_worker")


@functools.cache
def make_strategy(name: str) -> tf.distribute.Strategy:
    """A strategy of STRATEGIES.

    One for all callers in a process: two MirroredStrategies over the same
    devices collide in their collective operations. That for multi_worker waits
    until all workers of TF_CONFIG are there, for an hour at most, and has to be
    made before TensorFlow computes anything.

    Raises:
      UsageError: If TF_CONFIG is missing or wrong.
      PeerLost: If another worker went while this one waited.
      RunError: If it is too late for multi_worker.
    """
    if name == "multi_worker":
        read_task()
        return _multi_worker()
    if name == "mirrored":
        # On CPUs NCCL does not exist and the default falls back with a warning
        # at every step; on GPUs None means NCCL.
        return tf.distribute.MirroredStrategy(logical_devices())
    return tf.distribute.get_strategy()


def _multi_worker() -> tf.distribute.Strategy:
    with noticing_lost_peers("multi_worker"), _interruptible():
        try:
            return tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as error:
            if "at program startup" not in str(error):
                raise
            raise RunError(
                "The strategy multi_worker must be made before TensorFlow "
                "computes anything; call make_strategy first of all."
            ) from error


@contextlib.contextmanager
def _interruptible():
    """Lets Ctrl-C end a wait inside TensorFlow, where Python cannot see it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def logical_devices() -> list[str]:
    """Names of the GPUs, or of the CPUs where there are none."""
    devices = tf.config.list_logical_devices(
        "GPU"
    ) or tf.config.list_logical_devices("CPU")
    return [device.name for device in devices]


def step_function(model, strategy: tf.distribute.Strategy):
    """What `fit` calls for a step: takes an iterator, gives the logs.

    Keras's own takes means over replicas, which fails for the scalars of
    several workers; the logs are means over all replicas already.
    """

    @tf.function(autograph=False)
    def step(iterator):
        logs = strategy.run(model.train_step, args=(next(iterator),))
        return tf.nest.map_structure(
            lambda value: strategy.experimental_local_results(value)[0], logs
        )

    return step


def use_xla(config) -> bool:
    """Resolves jit_compile of a run, in the scope of its strategy.

    Auto is on where there is a GPU, unless replicas talk to each other inside
    the losses.
    """
    if config.jit_compile == "auto":
        has_gpu = bool(tf.config.list_logical_devices("GPU"))
        num_replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return has_gpu and not (config.global_statistics and num_replicas > 1)
    return config.jit_compile == "on"
