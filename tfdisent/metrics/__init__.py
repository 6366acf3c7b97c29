"""Metrics of disentanglement, on codes and factors alone."""

from tfdisent.metrics.factor_vae_score import factor_vae_score
from tfdisent.metrics.higgins_score import higgins_score
from tfdisent.metrics.mig import mig_histogram

METRICS = {
    "mig_histogram": mig_histogram,
    "factor_vae_score": factor_vae_score,
    "higgins_score": higgins_score,
}
