"""Disentangled representations: models, metrics, data and serving."""
