"""Memory for the large bodies that all requests have together."""

import contextlib
from collections.abc import Callable, Iterator

from tfdisent.serving.status import Code, ServingError

SMALL_BYTES = 2**18
"""Bodies of no more than this are not counted, and always find room."""


class BodyRoom:
    """Counts the bytes of bodies that are being received or read.

    Args:
      size: that all large ones may have together, in bytes.
    """

    def __init__(self, size: int):
        self._left = size

    @contextlib.contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """One request's share, which ends with the context.

        Returns:
          A function to be told the size of the body, whenever it is another.
          It raises ServingError, UNAVAILABLE, if there is no room for it. Only
          what has come is counted, so that nobody can take room by a header.
        """
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            counted = size if size > SMALL_BYTES else 0
            if counted - held > self._left:
                raise ServingError(
                    Code.UNAVAILABLE,
                    "The server is reading as many large requests as it can;"
                    " ask again later.",
                )
            self._left -= counted - held
            held = counted

        try:
            yield hold
        finally:
            self._left += held
