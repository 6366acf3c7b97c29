"""Disentangled representations: models, metrics, data and serving."""

__version__ = "0.2.0.dev0"
