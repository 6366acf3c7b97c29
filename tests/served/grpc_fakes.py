"""A servable that does what a test says."""

import asyncio
import threading

from tfdisent.export.messages import SignatureDef


class FakeServable:
    """Waits until it is cancelled, or raises `error` if that is set.

    Attributes:
      seconds: until the deadline of the last request.
      cancelled: set when a request was cancelled.
      began: set when a request came.
    """

    def __init__(self, name, version, directory, error=None):
        self.name, self.version = name, version
        self.signatures = {"encode": SignatureDef()}
        self.error = error
        self.seconds = None
        self.began = threading.Event()
        self.cancelled = threading.Event()

    async def predict(self, signature, inputs, output_filter, deadline):
        self.seconds = deadline - asyncio.get_running_loop().time()
        self.began.set()
        if self.error:
            raise self.error
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def close(self):
        pass
