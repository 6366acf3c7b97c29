"""Names of files after what they hold."""


def file_name(key: str) -> str:
    """A name without what shells and file systems take amiss."""
    kept = [c if c.isalnum() or c in "_-=." else "-" for c in key]
    return "".join(kept).strip("-")
