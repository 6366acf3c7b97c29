"""By what numbers a generator and a discriminator no longer play."""

from collections.abc import Mapping

import numpy as np

LEAST_SPREAD = 0.02
"""Of generated images over that of true ones; below, all are alike."""
LARGEST_NORM = 1e5
"""Of a gradient; in runs that learn it is below 100."""


def fault(logs: Mapping) -> str | None:
    """What is wrong with the numbers of a step, in words for a person.

    Args:
      logs: Of a step, or a record of log.jsonl; those of a model that is no
        GAN never have a fault.
    """
    spread = logs.get("relative_spread")
    if spread is not None and spread < LEAST_SPREAD:
        return (
            "the generator makes one image of all codes (their spread is "
            f"{float(spread):.1%} of that of the data)"
        )
    for name, value in logs.items():
        if name.endswith("_gradient_norm") and np.max(value) > LARGEST_NORM:
            return f"{name} is {float(np.max(value)):.1e}"
    return None
