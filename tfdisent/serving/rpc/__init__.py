"""gRPC: the services of TensorFlow Serving, and health."""
