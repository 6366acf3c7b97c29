"""A client gives what the model says, in both protocols, blocking or not."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from served.client_fakes import (
    SIGNATURES,
    WAYS,
    FakeModel,
    answer,
    client,
    fake_server,
    grpc_server,
    rest_server,
)

from tfdisent.errors import UsageError
from tfdisent.serving.client import AsyncClient, Client, ClientTls
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import State

RNG = np.random.default_rng(0)
IMAGES = RNG.random((5, 2, 2, 1), np.float32)
CODES = RNG.standard_normal((5, 3), np.float32)
SEEDS = np.array([3, -1, 2**62, 0, 9])
LATENT = np.array([0, 1, 2, 1, 0])
VALUES = RNG.standard_normal((5, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def both():
    """A model and its addresses."""
    model = FakeModel()
    with grpc_server(model) as port, rest_server(model) as rest_port:
        yield (
            model,
            {
                "grpc": f"127.0.0.1:{port}",
                "rest": f"http://127.0.0.1:{rest_port}",
            },
        )


@pytest.fixture(params=WAYS)
def asked(request, both):
    """A model that was asked nothing yet, and a client of it."""
    model, addresses = both
    model.__init__()
    with client(request.param, addresses[request.param.split()[-1]]) as made:
        yield model, made


CALLS = {
    "encode": (IMAGES,),
    "encode_sample": (IMAGES, SEEDS),
    "decode": (CODES,),
    "generate": (CODES, SEEDS),
    "reconstruct": (IMAGES,),
    "sample": (SEEDS[[0, 1, 3]],),
    "traverse": (CODES, LATENT, VALUES),
    "traverse_images": (IMAGES, LATENT, VALUES),
}


@pytest.mark.parametrize("name", CALLS)
def test_methods_give_what_the_model_says(asked, name):
    _, made = asked
    keys = [key for key, _, _ in SIGNATURES[name][0]]
    said = answer(name, **dict(zip(keys, CALLS[name], strict=True)))
    got = getattr(made, name)(*CALLS[name])
    got = got if isinstance(got, tuple) else (got,)
    for array, expected in zip(got, said.values(), strict=True):
        assert array.dtype == np.float32 and array.flags.writeable
        np.testing.assert_allclose(array, expected, rtol=1e-6)


def test_results_have_names(asked):
    _, made = asked
    assert made.encode(IMAGES).stddev.shape == (5, 3)
    assert made.sample([1]).images.shape == (1, 2, 2, 1)


def test_numbers_become_what_the_contract_says(asked):
    model, made = asked
    made.encode((IMAGES * 255).astype(np.uint8))
    made.encode(IMAGES.astype(np.float64))
    made.decode([[0, 1, 2]])
    sent = [next(iter(inputs.values())) for _, inputs in model.asked]
    assert [x.dtype for x in sent] == [np.float32] * 3
    bytes_ = (IMAGES * 255).astype(np.uint8)
    np.testing.assert_array_equal(sent[0], bytes_ / np.float32(255))
    np.testing.assert_array_equal(sent[1], IMAGES)
    np.testing.assert_array_equal(sent[2], [[0, 1, 2]])


def test_one_number_stands_for_all_rows(asked):
    model, made = asked
    made.encode_sample(IMAGES, 7)
    made.sample(7)
    made.traverse(CODES, 2, [-1, 0, 1])
    (_, drawn), (_, sampled), (_, moved) = model.asked
    np.testing.assert_array_equal(drawn["seed"], [7, 8, 9, 10, 11])
    np.testing.assert_array_equal(sampled["seed"], [7])
    np.testing.assert_array_equal(moved["latent"], [2] * 5)
    np.testing.assert_array_equal(moved["values"], [[-1, 0, 1]] * 5)


def test_predict_asks_any_signature(asked):
    _, made = asked
    files = [b"\x89PNG\0\0", b"", b"\xff\0"]
    got = made.predict("reversed_png", {"images_bytes": files})
    assert got["images_bytes"].tolist() == [x[::-1] for x in files]
    got = made.predict(
        "kinds", {"d": [0.1, np.pi], "i": [-5, 2**31 - 1], "b": [True, False]}
    )
    assert got["d"].tolist() == [0.1, np.pi]  # to the last bit
    assert (got["i"].dtype, got["i"].tolist()) == (np.int32, [-5, 2**31 - 1])
    assert (got["b"].dtype, got["b"].tolist()) == (bool, [True, False])
    got = made.predict("total", {"x": [1, 2, 4]})
    assert got["sum"].shape == () and got["sum"] == 7


def test_nan_and_infinities_come_and_go(asked):
    _, made = asked
    strange = np.array([[np.nan, np.inf, -np.inf], [0.1, -0.0, 1e-40]])
    images = made.decode(strange)
    with np.errstate(all="ignore"):
        expected = answer("decode", codes=strange.astype(np.float32))["images"]
    np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize(
    "signature, inputs",
    [
        ("encode", {"images": ["a"]}),
        ("encode", {"images": [b"a"]}),
        ("encode", {"images": [None]}),
        ("encode", {"images": IMAGES.astype(complex)}),
        ("encode", {"other": ["a"]}),
        ("decode", {"codes": [[1, 2], [3]]}),
        ("reversed_png", {"images_bytes": [1]}),
    ],
)
def test_what_no_protocol_can_send_is_refused(asked, signature, inputs):
    model, made = asked
    (name,) = inputs
    with pytest.raises(UsageError, match=f"^{name} must be"):
        made.predict(signature, inputs)
    assert not model.asked


def test_no_rows_are_a_batch_too(asked):
    _, made = asked
    posterior = made.encode(IMAGES[:0])
    assert posterior.mean.shape == posterior.stddev.shape == (0, 3)
    assert posterior.mean.dtype == np.float32
    assert made.encode_sample(IMAGES[:0], 1).shape == (0, 3)
    assert made.sample([]).images.shape == (0, 2, 2, 1)
    assert made.traverse(CODES[:0], 1, [1, 2]).shape == (0, 2, 2, 2, 1)


def test_metadata_has_names_dtypes_and_shapes(asked):
    _, made = asked
    signatures = made.metadata()
    assert set(signatures) == set(SIGNATURES)  # and not TensorFlow's own
    for name, sides in SIGNATURES.items():
        for specs, tensors in zip(signatures[name], sides, strict=True):
            assert list(specs) == sorted(key for key, _, _ in tensors)
            for key, dtype, shape in tensors:
                wanted = None if dtype.name == "string" else dtype.name
                assert specs[key].dtype == np.dtype(wanted or object)
                sizes = tuple(None if x < 0 else x for x in shape)
                assert specs[key].shape == sizes


def test_versions_have_states(asked):
    _, made = asked
    assert made.versions() == [
        (7, State.AVAILABLE, Code.OK, ""),
        (3, State.END, Code.FAILED_PRECONDITION, "no variables"),
    ]


def test_an_unknown_signature_names_the_known(asked):
    model, made = asked
    with pytest.raises(
        ServingError, match='"walk" not found.*encode'
    ) as caught:
        made.predict("walk", {})
    assert caught.value.code == Code.FAILED_PRECONDITION
    assert not model.asked


# A status of HTTP stands for several codes.
OVER_REST = {
    Code.UNKNOWN: Code.INTERNAL,
    Code.ALREADY_EXISTS: Code.ABORTED,
    Code.FAILED_PRECONDITION: Code.INVALID_ARGUMENT,
    Code.OUT_OF_RANGE: Code.INVALID_ARGUMENT,
    Code.DATA_LOSS: Code.INTERNAL,
}


@pytest.mark.parametrize("way", WAYS)
def test_errors_have_the_servers_code_and_text(both, way):
    model, addresses = both
    model.__init__()
    with client(way, addresses[way.split()[-1]], retries=0) as made:
        for code in [c for c in Code if c]:
            model.errors = [ServingError(code, f"because of {code.name}")]
            with pytest.raises(ServingError) as caught:
                made.versions()
            expected = OVER_REST.get(code, code) if "rest" in way else code
            assert caught.value.code == expected
            assert caught.value.message == f"because of {code.name}"


def test_a_new_version_is_asked_what_it_takes(asked):
    model, made = asked
    made.encode(IMAGES)
    made.encode(IMAGES)
    assert model.count == 3  # one for the metadata
    model.errors = [ServingError(Code.INVALID_ARGUMENT, "other shape")]
    with pytest.raises(ServingError, match="other shape"):
        made.encode(IMAGES)
    made.encode(IMAGES)
    assert model.count == 6


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "options, spec",
    [
        ({}, (None, None)),
        ({"version": 0}, (0, None)),
        ({"version": 12}, (12, None)),
        ({"label": "canary / 1:2 %2F"}, (None, "canary / 1:2 %2F")),
    ],
)
def test_a_version_or_label_may_be_named(both, way, options, spec):
    model, addresses = both
    model.__init__()
    with client(
        way, addresses[way.split()[-1]], model="a/b: ü", **options
    ) as made:
        made.encode(IMAGES)
        made.versions()
    assert model.specs == [spec] * 3
    assert model.names == ["a/b: ü"] * 3


def test_options_that_exclude_each_other_are_refused():
    with pytest.raises(UsageError, match="version 1 and label 'a'"):
        Client("localhost:1", "m", version=1, label="a")
    with pytest.raises(UsageError, match="http://x has no TLS"):
        Client("http://x", "m", tls=ClientTls())
    for token in ("", "two words", "line\nline", "ü"):
        with pytest.raises(UsageError, match="the token must be printable"):
            Client("localhost:1", "m", token=token)


@pytest.mark.parametrize("way", ["grpc", "rest"])
def test_threads_share_a_client(way):
    model = FakeModel()
    model.hold = threading.Event()
    with (
        fake_server(way, model) as address,
        Client(address, "m", timeout=20) as made,
        ThreadPoolExecutor(8) as threads,
    ):
        calls = [threads.submit(made.decode, CODES + i) for i in range(8)]
        while len(model.asked) < 8:  # all at the same time
            assert not any(call.done() for call in calls)
            time.sleep(0.001)
        model.hold.set()
        for i, call in enumerate(calls):
            expected = answer("decode", codes=CODES + np.float32(i))["images"]
            np.testing.assert_allclose(call.result(), expected, rtol=1e-6)


@pytest.mark.parametrize("way", ["grpc", "rest"])
def test_calls_of_a_loop_run_at_the_same_time(way):
    model = FakeModel()
    model.hold = threading.Event()

    async def ask(address):
        async with AsyncClient(address, "m", timeout=20) as made:
            calls = [
                asyncio.create_task(made.decode(CODES + i)) for i in range(8)
            ]
            while len(model.asked) < 8:  # all at the same time
                assert not any(call.done() for call in calls)
                await asyncio.sleep(0.001)
            model.hold.set()
            return await asyncio.gather(*calls)

    with fake_server(way, model) as address:
        for i, images in enumerate(asyncio.run(ask(address))):
            expected = answer("decode", codes=CODES + np.float32(i))["images"]
            np.testing.assert_allclose(images, expected, rtol=1e-6)


def test_the_client_imports_neither_tensorflow_nor_what_it_does_not_use():
    code = """
import json, sys
from tfdisent.serving.client import AsyncClient, Client
kinds = ("tensorflow", "grpc", "urllib3", "aiohttp")
seen = [[k for k in kinds if k in sys.modules]]
Client("localhost:1", "m")
seen.append([k for k in kinds if k in sys.modules])
Client("http://localhost:1", "m")
AsyncClient("http://localhost:1", "m")
seen.append([k for k in kinds if k in sys.modules])
print(json.dumps(seen))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True
    )
    assert json.loads(done.stdout) == [
        [],
        ["grpc"],
        ["grpc", "urllib3", "aiohttp"],
    ]
