"""The form in which a command takes several seeds."""

import re

from tfdisent.errors import UsageError

_PART = re.compile(r"([0-9]{1,10})(?:-([0-9]{1,10}))?")
_LARGEST = 2**31 - 1
_MOST = 1000


def parse_seeds(text: str, flag: str = "seeds") -> list[int]:
    """Reads "0-4", "0,2,5" or "0-2,7".

    Args:
      text: Seeds from 0 to 2^31 - 1 and ranges of them, ends included,
        separated by commas; none twice, 1000 at most.
      flag: Whose text it is.

    Returns:
      The seeds, in the order given.

    Raises:
      UsageError: If it is anything else.
    """
    seeds = []
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise _refusal(flag, text, f"{part!r} is none")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:
            raise _refusal(flag, text, f"{part!r} ends before it starts")
        if last > _LARGEST:
            raise _refusal(flag, text, f"{last} is too large")
        if len(seeds) + last - first >= _MOST:
            raise _refusal(flag, text, f"{_MOST} seeds are the most")
        seeds += range(first, last + 1)
    twice = {seed for seed in seeds if seeds.count(seed) > 1}
    if twice:
        raise _refusal(flag, text, f"{min(twice)} is there twice")
    return seeds


def _refusal(flag: str, text: str, reason: str) -> UsageError:
    return UsageError(
        f"--{flag}={text} is not possible, {reason}: write seeds from 0 to "
        f"{_LARGEST}, each once, as 0-4 or 0,2,5."
    )
