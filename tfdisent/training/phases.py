"""Spans of a run in which the same objectives are worked on."""

import itertools

from tfdisent.errors import UsageError
from tfdisent.models.base import LatentModel


def check_phases(model: LatentModel, steps: int) -> None:
    """Raises a UsageError if an objective would never be worked on."""
    for objective in model.objectives():
        if objective.start >= steps:
            raise UsageError(
                f"The objective {objective.name} starts at step "
                f"{objective.start:,}, and the run has {steps:,} steps; give "
                "more."
            )


def phases(
    model: LatentModel, first_step: int, steps: int
) -> list[tuple[int, int]]:
    """Spans of steps, from the first on, with the same objectives in each."""
    edges = {first_step, steps}
    for objective in model.objectives():
        edges |= {objective.start, objective.stop or steps}
    edges = sorted(e for e in edges if first_step <= e <= steps)
    return list(itertools.pairwise(edges))
