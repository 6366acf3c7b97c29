"""The commands.

One that needs TensorFlow imports `quiet_tensorflow` before all else; serving
and asking a server need none.
"""
