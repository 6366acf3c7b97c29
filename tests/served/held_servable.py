"""A model that doubles numbers when it is told to, in place of a real one."""

import asyncio
import threading

from google.protobuf import text_format

from tfdisent.export.messages import SignatureDef

_SIGNATURE = text_format.Parse(
    """
    inputs { key: "x" value { name: "x:0" dtype: DT_FLOAT
      tensor_shape { dim { size: -1 } } } }
    outputs { key: "y" value { name: "y:0" dtype: DT_FLOAT
      tensor_shape { dim { size: -1 } } } }
    method_name: "tensorflow/serving/predict"
    """,
    SignatureDef(),
)


class Gates:
    """What the servables of one test wait for; both are open at first.

    Attributes:
      load: a load waits for it.
      answer: an answer waits for it.
      waiting: answers that wait.
    """

    def __init__(self):
        self.load = threading.Event()
        self.load.set()
        self.answer = asyncio.Event()
        self.answer.set()
        self.waiting = 0

    async def until_waiting(self, count):
        """Waits until so many answers wait."""
        async with asyncio.timeout(30):
            while self.waiting < count:
                await asyncio.sleep(0.005)


def held_servable(gates):
    """A class in place of `Servable`."""

    class Held:
        def __init__(self, name, version, directory, **options):
            gates.load.wait(60)
            self.name, self.version = name, version
            self.signatures = {"serving_default": _SIGNATURE}
            self._observe = options["observe"]
            self._on_drop = options["on_drop"]

        async def predict(
            self, signature, inputs, output_filter=(), deadline=None
        ):
            gates.waiting += 1
            try:
                await gates.answer.wait()
            except asyncio.CancelledError:
                self._on_drop()
                raise
            finally:
                gates.waiting -= 1
            self._observe(len(inputs["x"]), 0.0)
            return {"y": 2 * inputs["x"]}

        async def close(self):
            pass

    return Held
