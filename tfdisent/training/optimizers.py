"""Optimizers with the constants that the literature used."""

import keras

# Epsilons and accumulators of TF 1's Adam and of PyTorch's Adagrad and
# RMSprop, with which the published results were made; Keras has others.
OPTIMIZERS = {
    "adam": lambda rate: keras.optimizers.Adam(rate, epsilon=1e-8),
    "adagrad": lambda rate: keras.optimizers.Adagrad(
        rate, initial_accumulator_value=0.0, epsilon=1e-10
    ),
    "rmsprop": lambda rate: keras.optimizers.RMSprop(
        rate, rho=0.99, epsilon=1e-8
    ),
}


def last_quarter(rate: float, steps: int):
    """The rate, divided by 5 for the last quarter of the steps.

    References:
      Fil et al., "beta-VAE Reproducibility: Challenges and Extensions", 2021.
    """
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        [steps * 3 // 4 - 1], [rate, rate / 5]
    )


SCHEDULES = {
    "constant": lambda rate, steps: rate,
    "last_quarter": last_quarter,
}


def make_optimizer(
    name: str, learning_rate: float, schedule: str, steps: int
) -> keras.optimizers.Optimizer:
    """An optimizer of OPTIMIZERS on a schedule of SCHEDULES."""
    return OPTIMIZERS[name](SCHEDULES[schedule](learning_rate, steps))
