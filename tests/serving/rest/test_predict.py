"""Large requests do not hold the loop."""

import contextlib
import gzip
import json
import threading
from unittest import mock

import numpy as np
import orjson
import pytest
from served.rest_servers import embedded

from tfdisent.export.messages import SignatureDef
from tfdisent.serving.limits import Limits
from tfdisent.serving.rest import predict as rest_predict


class Echo:
    """A model that gives back its images."""

    name, version = "m", 1

    def __init__(self):
        signature = SignatureDef()
        signature.inputs["images"].dtype = 1
        self.signatures = {"serving_default": signature}

    def is_ready(self):
        return True

    def using(self, name, version=None, label=None):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    async def predict(self, signature, inputs):
        return inputs


def write(images):
    return orjson.dumps(
        {"instances": images}, option=orjson.OPT_SERIALIZE_NUMPY
    )


def images(rows):
    shape = (rows, 64, 64, 1)
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize(
    ("rows", "headers", "aside"),
    [
        (1, {}, set()),
        (1, {"Content-Encoding": "gzip"}, {"inflate"}),
        (32, {}, {"read_request", "write_answer"}),
    ],
)
def test_large_work_is_done_beside_the_loop(rows, headers, aside):
    batch = images(rows)
    body = gzip.compress(write(batch)) if headers else write(batch)
    seen = {}

    def recorded(name):
        function = getattr(rest_predict, name)

        def call(*arguments):
            seen[name] = threading.current_thread().name
            return function(*arguments)

        return mock.patch.object(rest_predict, name, call)

    with contextlib.ExitStack() as stack:
        for name in ("inflate", "read_request", "write_answer"):
            stack.enter_context(recorded(name))
        server = stack.enter_context(embedded(Echo(), limits=Limits()))
        answer = server.client.predict(body, headers=headers)
    assert answer.status == 200
    found = np.array(orjson.loads(answer.body)["predictions"], np.float32)
    np.testing.assert_array_equal(found, batch)
    threads = {n for n in seen if seen[n].startswith("tfdisent-json")}
    assert threads == aside


def test_both_readers_give_the_same():
    batch = images(2)
    with embedded(Echo(), limits=Limits()) as server:
        simple = server.client.predict(write(batch))
        spaced = json.dumps({"instances": batch.tolist()}, indent=1).encode()
        complete = server.client.predict(spaced)
        packed = json.dumps({"instances": batch.tolist(), "x": None}).encode()
        other = server.client.predict(packed)
    assert simple.status == 200
    assert simple.body == complete.body == other.body
