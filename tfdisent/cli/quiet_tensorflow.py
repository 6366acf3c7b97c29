"""Imports TensorFlow without what it says at start-up on every machine.

Errors and warnings among it are shown, and all of it if the import fails.
"""

import os

from tfdisent.held_stderr import held_back_stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with held_back_stderr():
    import tensorflow as tf
    import tensorflow_probability  # noqa: F401

    # Looks for GPUs, but starts nothing: the workers of a cluster could not be
    # set up after that.
    tf.config.list_physical_devices()
tf.get_logger().setLevel("WARNING")
