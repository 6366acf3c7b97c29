"""Looking at base paths on file systems that may be slow or hang."""

import asyncio
from collections.abc import Callable, Sequence

from tfdisent.export.messages import ModelConfig
from tfdisent.serving.versions.background import in_background
from tfdisent.serving.versions.version_source import Offer


class Scans:
    """Looks at several base paths at once, each in a thread of its own.

    A base path that hangs holds one thread, however often it is asked for, and
    delays the caller once.

    Args:
      look: tells what a model's base path offers; may block.
      patience: seconds to wait for it.
    """

    def __init__(
        self, look: Callable[[ModelConfig], Offer], patience: float = 10.0
    ):
        self._look = look
        self._patience = patience
        self._running: dict[str, asyncio.Future] = {}

    async def look(
        self, configs: Sequence[ModelConfig]
    ) -> list[Offer | Exception]:
        """What each base path offers.

        Args:
          configs: of the models.

        Returns:
          For each the offer, or why there is none: what looking raised, or a
          TimeoutError if it has not ended.
        """
        # What has ended since then is out of date.
        self._running = {
            key: future
            for key, future in self._running.items()
            if not future.done()
        }
        started = {}
        for config in configs:
            if _key(config) not in self._running:
                started[_key(config)] = in_background(self._look, config)
        self._running |= started
        if started:
            await asyncio.wait(started.values(), timeout=self._patience)
        return [_outcome(started.get(_key(config))) for config in configs]


def _key(config: ModelConfig) -> str:
    return f"{config.base_path} {config.model_version_policy}"


def _outcome(future: asyncio.Future | None) -> Offer | Exception:
    if future is None or not future.done():
        return TimeoutError("the file system does not answer")
    return future.exception() or future.result()
