import keras
import numpy as np
import pytest

from tfdisent.training.optimizers import OPTIMIZERS, make_optimizer


def two_updates(name, gradients):
    variable = keras.Variable(np.zeros(1, "f"))
    optimizer = make_optimizer(name, 0.1, "constant", 100)
    for gradient in gradients:
        optimizer.apply([np.array([gradient], "f")], [variable])
    return float(variable.numpy()[0])


def by_hand(name, gradients):
    """The rules of the papers with the literature's constants."""
    weight = first = second = 0.0
    for t, g in enumerate(gradients, start=1):
        if name == "adam":
            first = 0.9 * first + 0.1 * g
            second = 0.999 * second + 0.001 * g * g
            rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            weight -= rate * first / (np.sqrt(second) + 1e-8)
        elif name == "adagrad":
            second += g * g
            weight -= 0.1 * g / (np.sqrt(second) + 1e-10)
        else:
            second = 0.99 * second + 0.01 * g * g
            weight -= 0.1 * g / (np.sqrt(second) + 1e-8)
    return weight


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_by_hand(name):
    gradients = [0.5, -2.0, 1e-6]
    assert two_updates(name, gradients) == pytest.approx(
        by_hand(name, gradients), rel=1e-4
    )


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", [0.1, 0.1, 0.1]), ("last_quarter", [0.1, 0.1, 0.02])],
)
def test_schedules(schedule, expected):
    optimizer = make_optimizer("adam", 0.1, schedule, 100)
    rates = []
    for step in (0, 74, 75):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert rates == pytest.approx(expected)
