"""The commands. Importing this imports TensorFlow, without its chatter."""

from tfdisent.cli import quiet_tensorflow  # noqa: F401
