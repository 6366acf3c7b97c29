"""One line of log for one event, whatever its text holds."""

import logging
import time


class LineFormatter(logging.Formatter):
    """Time, level and message; what is not printable is escaped.

    Names in requests may hold line breaks; a trace becomes a long line.
    """

    converter = time.gmtime

    def __init__(self):
        super().__init__(
            "%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"
        )

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record as one line."""
        return "".join(map(_shown, super().format(record)))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()
