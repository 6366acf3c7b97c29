"""Numbers in the text of a flag."""

import math
from collections.abc import Sequence

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.export.contract import MAX_VALUES


def values_of(text: str, flag: str = "values") -> Sequence[float]:
    """Reads FIRST:LAST:COUNT, evenly spaced, or numbers with commas between.

    Args:
      text: of the flag.
      flag: its name.

    Returns:
      From 1 to 256 numbers, all finite.

    Raises:
      UsageError: the text is none, or of too many.
    """
    first_and_last, _, count = text.rpartition(":")
    ends = numbers(first_and_last.replace(":", ","))
    values = numbers(text)
    if len(ends) == 2 and count.isdecimal() and int(count) <= MAX_VALUES:
        values = np.linspace(*ends, int(count)).tolist()
    if not 0 < len(values) <= MAX_VALUES:
        raise UsageError(
            f"--{flag}={text} is neither FIRST:LAST:COUNT nor numbers with "
            f"commas between, at most {MAX_VALUES}."
        )
    return values


def numbers(text: str) -> list[float]:
    """Numbers with commas between; none if that is something else."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        return []
    return found if all(map(math.isfinite, found)) else []
