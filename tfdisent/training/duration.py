"""Times in words."""


def duration(seconds: float) -> str:
    """As 45 s, 3 min 20 s, 2 h 5 min or 3 d 4 h."""
    seconds = round(seconds)
    for unit, name, part, part_name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= unit:
            rest = seconds % unit // part
            return f"{seconds // unit} {name} {rest} {part_name}"
    return f"{seconds} s"
