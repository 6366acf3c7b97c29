"""A server that speaks TensorFlow Serving's protocol, and its client.

Nothing is imported here, and nothing of it imports Python's TensorFlow: the
server runs models in TensorFlow's C++ runtime (`export.native_session`).
"""
