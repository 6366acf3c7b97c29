"""Optimizers with the constants that the literature used."""

import functools

import keras

from tfdisent.models.base import LatentModel
from tfdisent.training.phases import check_phases
from tfdisent.training.strategy import use_xla

# Epsilons and accumulators of TF 1's Adam and of PyTorch's Adagrad and
# RMSprop, with which the published results were made; Keras has others.
OPTIMIZERS = {
    "adam": functools.partial(keras.optimizers.Adam, epsilon=1e-8),
    "adagrad": functools.partial(
        keras.optimizers.Adagrad, initial_accumulator_value=0.0, epsilon=1e-10
    ),
    "rmsprop": functools.partial(
        keras.optimizers.RMSprop, rho=0.99, epsilon=1e-8
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
    name: str,
    learning_rate: float,
    schedule: str,
    steps: int,
    *,
    ema_decay: float | None = None,
    scale_loss: bool = False,
    **settings,
) -> keras.optimizers.Optimizer:
    """An optimizer of OPTIMIZERS on a schedule of SCHEDULES.

    Args:
      name: Of the optimizer.
      learning_rate: At the start.
      schedule: Name of the schedule.
      steps: Updates from first to last.
      ema_decay: Of an exponential moving average of the weights, in (0, 1);
        None for none.
      scale_loss: Whether to scale the loss so that gradients do not vanish in
        float16.
      **settings: Of the optimizer's own.
    """
    optimizer = OPTIMIZERS[name](
        SCHEDULES[schedule](learning_rate, steps),
        use_ema=ema_decay is not None,
        ema_momentum=ema_decay,
        **settings,
    )
    if scale_loss:
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def compile_for(model: LatentModel, config) -> None:
    """Gives a model the optimizers and settings of an `ExperimentConfig`."""
    check_phases(model, config.steps)
    settings = {
        "name": config.optimizer,
        "learning_rate": config.learning_rate,
        "schedule": config.learning_rate_schedule,
        "ema_decay": config.ema_decay,
        "scale_loss": config.precision == "mixed_float16",
    }
    model.compile(
        {
            # An optimizer counts its own updates, from its phase's start.
            objective.name: make_optimizer(
                steps=((objective.stop or config.steps) - objective.start)
                * objective.updates,
                **settings | objective.optimizer,
            )
            for objective in model.objectives()
        },
        jit_compile=use_xla(config),
        gradient_accumulation=config.gradient_accumulation,
        clip_norm=config.clip_norm,
        global_statistics=config.global_statistics,
    )
