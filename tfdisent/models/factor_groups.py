"""The text that shares latents out to groups of factors."""

import re
from typing import NamedTuple

from tfdisent.errors import UsageError

_FORM = re.compile(r"([^,+:]+(?:\+[^,+:]+)*)(?::([1-9]\d*|\*))?")


class FactorGroup(NamedTuple):
    """Factors that vary together, and how many latents are theirs."""

    factors: tuple[str, ...]
    num_latents: int


def parse_groups(text: str, num_latents: int) -> tuple[FactorGroup, ...]:
    """Reads groups, whose latents follow each other in their order.

    Args:
      text: FACTOR[+FACTOR...][:N] for each group, separated by commas. N is 1
        unless given; * of one group is all latents that the others leave.
      num_latents: D; latents beyond those of the groups are nobody's.

    Raises:
      UsageError: The text has another form, names a factor twice, or asks for
        more than D latents.
    """
    matches = [_FORM.fullmatch(part) for part in text.split(",")]
    if not all(matches):
        raise UsageError(
            f"groups is {text!r}; it must be FACTOR[+FACTOR...][:N], separated "
            "by commas, such as scale,x_position+y_position:2,shape:*."
        )
    factors = [tuple(match[1].split("+")) for match in matches]
    names = [name for group in factors for name in group]
    counts = [match[2] or "1" for match in matches]
    if len(set(names)) < len(names) or counts.count("*") > 1:
        raise UsageError(
            f"groups is {text!r}; no factor may be there more than once, nor "
            "may *."
        )
    given = sum(int(count) for count in counts if count != "*")
    needed = given + counts.count("*")
    if needed > num_latents:
        raise UsageError(
            f"groups is {text!r}, which needs {needed} latents; num_latents is "
            f"{num_latents}."
        )
    return tuple(
        FactorGroup(group, num_latents - given if n == "*" else int(n))
        for group, n in zip(factors, counts, strict=True)
    )
