"""What a run's last checkpoint holds."""

import tensorflow as tf


def state_of(workdir):
    """Weights, optimizers with their averages, and the step, by name."""
    reader = tf.train.load_checkpoint(workdir / "checkpoints")
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        # The number of checkpoints ever saved depends on interruptions.
        if not name.startswith(("_CHECKPOINTABLE", "save_counter"))
    }
