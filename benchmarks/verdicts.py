"""What runs over several seeds say of what is claimed."""

from collections.abc import Mapping, Sequence


def verdicts(
    claims: Mapping[str, Sequence[bool]], counted: str = "seeds"
) -> str:
    """A line for each claim, with the count of seeds in which it holds."""
    return "".join(
        f"* {claim}: {sum(holds)} of {len(holds)} {counted}\n"
        for claim, holds in claims.items()
    )
