"""Takes the model config file again when it has changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from tfdisent.errors import UsageError
from tfdisent.export.messages import ModelServerConfig
from tfdisent.serving.status import ServingError
from tfdisent.serving.versions.background import in_background
from tfdisent.serving.versions.model_config import read_model_config

_log = logging.getLogger("tfdisent.serving")


class ConfigWatch:
    """Keeps a server at what its config file says.

    Args:
      path: of the model config file.
      reload: as `ModelManager.reload`.
    """

    def __init__(
        self,
        path: Path,
        reload: Callable[[ModelServerConfig], Awaitable[None]],
    ):
        self._path = path
        self._reload = reload
        self._taken: ModelServerConfig | None = None
        self._fault = ""

    async def check(self) -> None:
        """Looks once.

        A file that cannot be read or is refused leaves the server as it is,
        and is tried again at each look: what it names may come later. It is
        logged once.
        """
        try:
            config = await in_background(read_model_config, self._path)
            if config != self._taken:
                await self._reload(config)
        except (UsageError, ServingError) as error:
            if str(error) != self._fault:
                _log.error("config stays as it was: %r", str(error))
            self._fault = str(error)
        else:
            self._taken, self._fault = config, ""

    async def run(self, seconds: float) -> None:
        """Looks again and again, until cancelled.

        Args:
          seconds: between two looks.
        """
        while True:
            await asyncio.sleep(seconds)
            await self.check()
