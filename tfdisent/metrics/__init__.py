"""Metrics of disentanglement, on codes and factors alone."""

from tfdisent.metrics.active_units import active_units
from tfdisent.metrics.dci import dci
from tfdisent.metrics.downstream_accuracy import downstream_accuracy
from tfdisent.metrics.explicitness import explicitness
from tfdisent.metrics.factor_accuracy import factor_accuracy
from tfdisent.metrics.factor_vae_score import factor_vae_score
from tfdisent.metrics.gaussian_correlation import (
    gaussian_wasserstein,
    tc_gaussian,
)
from tfdisent.metrics.higgins_score import higgins_score
from tfdisent.metrics.irs import irs
from tfdisent.metrics.mean_pairwise_mi import mean_pairwise_mi
from tfdisent.metrics.mig import mig_histogram
from tfdisent.metrics.mig_analytic import mig_analytic
from tfdisent.metrics.modularity import modularity
from tfdisent.metrics.sap_score import sap_correlation, sap_svm
from tfdisent.metrics.tc_discriminator import tc_discriminator
from tfdisent.metrics.tc_mixture import tc_mixture
from tfdisent.metrics.tc_mss import tc_mss
from tfdisent.metrics.unfairness import unfairness
from tfdisent.metrics.zdiff_corr import zdiff_corr

METRICS = {
    "mig_histogram": mig_histogram,
    "mig_analytic": mig_analytic,
    "factor_vae_score": factor_vae_score,
    "higgins_score": higgins_score,
    "zdiff_corr": zdiff_corr,
    "modularity": modularity,
    "explicitness": explicitness,
    "sap_svm": sap_svm,
    "sap_correlation": sap_correlation,
    "dci": dci,
    "irs": irs,
    "factor_accuracy": factor_accuracy,
    "downstream_accuracy": downstream_accuracy,
    "unfairness": unfairness,
    "active_units": active_units,
    "mean_pairwise_mi": mean_pairwise_mi,
    "gaussian_wasserstein": gaussian_wasserstein,
    "tc_gaussian": tc_gaussian,
    "tc_mss": tc_mss,
    "tc_mixture": tc_mixture,
    "tc_discriminator": tc_discriminator,
}

DEFAULT_METRICS = tuple(METRICS)
"""Those that are computed unless others are asked for: seconds each."""
