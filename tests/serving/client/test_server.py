"""The client against the embedded server, and TensorFlow Serving if there.

Values are those of TensorFlow's C++ runtime for the same inputs.
"""

import contextlib

import numpy as np
import pytest
from export_models import serve
from served.client_fakes import WAYS, client
from served.real_server import real_server, targets
from served.servers import running

from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import State

RNG = np.random.default_rng(0)
IMAGES = RNG.random((5, 4, 3, 2), np.float32)
CODES = RNG.standard_normal((5, 5)).astype(np.float32)
SEEDS = np.array([3, -1, 2**62, 0, 9])
MOVES = {
    "latent": np.array([0, 1, 2, 3, 4]),
    "values": RNG.standard_normal((5, 4)).astype(np.float32),
}
CALLS = [
    ("encode", {"images": IMAGES}),
    ("encode_sample", {"images": IMAGES, "seed": SEEDS}),
    ("decode", {"codes": CODES}),
    ("reconstruct", {"images": IMAGES}),
    ("sample", {"seed": SEEDS}),
    ("traverse", {"codes": CODES, **MOVES}),
    ("traverse_images", {"images": IMAGES, **MOVES}),
]


@pytest.fixture(scope="module", params=targets())
def addresses(request, config_file):
    """Of the model "tiny" with versions 1 ("stable") and 2."""
    with contextlib.ExitStack() as stack:
        if request.param == "embedded":
            server = running(f"--model_config_file={config_file}")
        else:
            server = real_server(config_file)
        found = stack.enter_context(server)
        yield {"grpc": found.grpc, "rest": found.rest}


@pytest.fixture(params=WAYS)
def connected(request, addresses):
    """Makes clients of one way."""
    address = addresses[request.param.split()[-1]]
    return lambda model="tiny", **options: client(
        request.param, address, model, **options
    )


@pytest.fixture(scope="module")
def said(exported):
    """What TensorFlow's C++ runtime answers to `CALLS`."""
    return serve(exported, CALLS)


@pytest.mark.parametrize("max_batch", [1024, 2])
def test_answers_are_those_of_the_runtime(connected, said, max_batch):
    with connected(max_batch=max_batch) as made:
        for (name, inputs), expected in zip(CALLS, said, strict=True):
            got = getattr(made, name)(**inputs)
            if not isinstance(got, tuple):
                got = dict.fromkeys(expected, got)
            else:
                got = got._asdict()
            assert got.keys() == expected.keys()
            for key, array in expected.items():
                np.testing.assert_allclose(
                    got[key], array, rtol=1e-6, atol=1e-6, err_msg=name
                )
            answer = made.predict(name, inputs)
            for key, array in got.items():
                np.testing.assert_array_equal(answer[key], array)


def test_nan_stays_in_its_row(connected, said):
    images = IMAGES.copy()
    images[1] = np.nan
    with connected() as made:
        mean = made.encode(images).mean
    assert np.isnan(mean[1]).all()
    others = [0, 2, 3, 4]
    np.testing.assert_allclose(
        mean[others], said[0]["mean"][others], rtol=1e-6, atol=1e-6
    )


def test_metadata_tells_the_contract(connected):
    with connected() as made:
        signatures = made.metadata()
    assert {name for name, _ in CALLS} < set(signatures)
    for name, inputs in CALLS:
        specs = signatures[name].inputs
        assert specs.keys() == inputs.keys()
        for key, array in inputs.items():
            assert specs[key].dtype == array.dtype
            assert len(specs[key].shape) == array.ndim
    assert signatures["encode"].inputs["images"].shape == (None, 4, 3, 2)


def test_versions_and_labels(connected):
    for options in ({}, {"version": 1}, {"version": 2}, {"label": "stable"}):
        with connected(**options) as made:
            made.encode(IMAGES)
    with connected() as made:
        states = {v.version: v.state for v in made.versions()}
    assert states == {1: State.AVAILABLE, 2: State.AVAILABLE}


@pytest.mark.parametrize(
    "options, code",
    [
        ({"model": "none"}, Code.NOT_FOUND),
        ({"version": 9}, Code.NOT_FOUND),
        ({"label": "none"}, Code.INVALID_ARGUMENT),
    ],
)
def test_who_is_not_served_is_named(connected, options, code):
    with connected(**options) as made, pytest.raises(ServingError) as caught:
        made.encode(IMAGES)
    assert caught.value.code == code
    assert "none" in caught.value.message or "9" in caught.value.message


@pytest.mark.parametrize(
    "name, inputs",
    [
        ("encode", {"images": IMAGES[..., :1]}),
        ("encode", {"images": IMAGES[0]}),
        ("decode", {"codes": CODES[:, :4]}),
        ("decode", {"images": CODES}),
        ("traverse", {"codes": CODES, **MOVES, "latent": [5] * 5}),
        ("traverse", {"codes": CODES, **MOVES, "latent": [0] * 4}),
        ("traverse", {"codes": CODES}),
    ],
)
def test_the_server_says_what_is_wrong(connected, name, inputs):
    with connected() as made:
        with pytest.raises(ServingError) as caught:
            made.predict(name, inputs)
        assert caught.value.code == Code.INVALID_ARGUMENT
        assert made.encode(IMAGES).mean.shape == (5, 5)
