"""Warnings, kept for the reader of the numbers."""

import contextlib
import warnings
from collections.abc import Iterator

_OF_CODE = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)


@contextlib.contextmanager
def warned() -> Iterator[list[str]]:
    """Collects what the body warns of, each text once, when it is done.

    What is said about code and not about numbers, such as a deprecation, is
    left out.

    Yields:
      The texts; empty until the body is done.
    """
    texts = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    said = [str(w.message) for w in caught if w.category not in _OF_CODE]
    texts += dict.fromkeys(said)
