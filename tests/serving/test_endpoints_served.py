"""Every endpoint of an exported model, over the wire of a real server."""

import asyncio

import numpy as np
import pytest
import tensorflow as tf
from export_models import serve
from served.asker import PROTOCOLS, Asker, assert_answers, at_once
from served.real_server import real_server, targets, write_config
from served.servers import running

from tfdisent.export.contract import MAX_VALUES
from tfdisent.export.png import write_pngs
from tfdisent.serving.client import Client

D, SHAPE = 5, (4, 3, 1)
RNG = np.random.default_rng(0)
IMAGES = RNG.random((3, *SHAPE), np.float32)
FILES = write_pngs(tf.constant(IMAGES)).numpy()
CODES = RNG.standard_normal((3, D), np.float32)
SEED = np.array([3, -1, 2**62])
MOVES = {
    "latent": np.array([0, 4, 2]),
    "values": RNG.standard_normal((3, 4), np.float32),
}
CALLS = {
    "serving_default": {"images": IMAGES},
    "encode": {"images": IMAGES},
    "encode_sample": {"images": IMAGES, "seed": SEED},
    "decode": {"codes": CODES},
    "reconstruct": {"images": IMAGES},
    "sample": {"seed": SEED},
    "traverse": {"codes": CODES, **MOVES},
    "traverse_images": {"images": IMAGES, **MOVES},
    "encode_png": {"images_bytes": FILES},
    "encode_sample_png": {"images_bytes": FILES, "seed": SEED},
    "decode_png": {"codes": CODES},
    "reconstruct_png": {"images_bytes": FILES},
    "sample_png": {"seed": SEED},
    "traverse_png": {"codes": CODES, **MOVES},
    "traverse_images_png": {"images_bytes": FILES, **MOVES},
}


@pytest.fixture(scope="module", params=targets())
def start(request, exported_grey, tmp_path_factory):
    """Starts a server of the model "tiny"."""
    file = write_config(exported_grey, tmp_path_factory.mktemp("grey_models"))
    if request.param == "embedded":
        return lambda: running(f"--model_config_file={file}")
    return lambda: real_server(file)


@pytest.fixture(scope="module")
def server(start):
    with start() as server:
        yield server


@pytest.fixture(scope="module")
def said(exported_grey):
    """What TensorFlow's C++ runtime answers to `CALLS`."""
    answers = serve(exported_grey, list(CALLS.items()))
    return dict(zip(CALLS, answers, strict=True))


def ask_all(server, calls):
    """The answers to calls (protocol, signature, inputs), one by one."""

    async def run():
        async with Asker(server) as asker:
            return [
                await asker.ask(protocol, "tiny", signature, inputs)
                for protocol, signature, inputs in calls
            ]

    return asyncio.run(run())


def only(answer, name="images"):
    """One output; over REST an only one has no name."""
    outputs = answer.outputs
    return outputs[name] if isinstance(outputs, dict) else outputs


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_answers_are_those_of_the_runtime(server, said, protocol):
    assert len(said) == 15
    calls = [(protocol, *call) for call in CALLS.items()]
    for answer, expected in zip(
        ask_all(server, calls), said.values(), strict=True
    ):
        assert_answers(answer, expected)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_code_goes_back_as_it_came(server, grey_model, said, protocol):
    (encoded,) = ask_all(server, [(protocol, "encode", {"images": IMAGES})])
    codes = encoded.outputs["mean"]
    (decoded,) = ask_all(server, [(protocol, "decode", {"codes": codes})])
    mean = grey_model.decode(said["encode"]["mean"]).mean()
    assert_answers(decoded, {"images": np.clip(mean, 0, 1)})


@pytest.mark.parametrize("address", ["grpc", "rest"])
def test_the_client_reads_png_files_as_the_runtime_wrote_them(
    server, said, address
):
    with Client(getattr(server, address), "tiny") as client:
        for name in CALLS:
            answer = client.predict(name, CALLS[name])
            for key, expected in said[name].items():
                if key.endswith("_bytes"):
                    assert (answer[key] == expected).all()
                else:
                    np.testing.assert_allclose(
                        answer[key], expected, rtol=0, atol=1e-5
                    )


def draws(server):
    """{seed: code} of some seeds at several places of a batch."""
    batches = [[7], [7, 8, 9, -5], [-5, 9, 7], [*range(100, 140), 9, 8]]
    image = IMAGES[:1]
    calls = [
        (protocol, signature, {"seed": np.array(seeds), **images})
        for seeds in batches
        for protocol in PROTOCOLS
        for signature, images in (
            ("sample", {}),
            ("encode_sample", {"images": np.repeat(image, len(seeds), 0)}),
        )
    ]
    found = {"sample": {}, "encode_sample": {}}
    answers = ask_all(server, calls)
    for (_, signature, inputs), answer in zip(calls, answers, strict=True):
        assert answer.code == "OK"
        codes = only(answer, "codes")
        for seed, code in zip(inputs["seed"], codes, strict=True):
            first = found[signature].setdefault(int(seed), code)
            # Beside others, an image's posterior differs in the last bits.
            atol = 1e-6 if signature == "encode_sample" else 0
            np.testing.assert_allclose(code, first, rtol=0, atol=atol)
    return found


def test_a_seed_is_one_draw_wherever_it_stands(start, server):
    found = draws(server)
    with start() as again:
        after = draws(again)
    for signature, codes in found.items():
        assert len(codes) == 44
        for seed, code in codes.items():
            np.testing.assert_allclose(
                after[signature][seed], code, rtol=0, atol=1e-6
            )
        firsts = {round(float(code[0]), 5) for code in codes.values()}
        assert len(firsts) == len(codes)


def traversal(latent=0, values=(0.0,)):
    return {
        "codes": CODES[:1],
        "latent": np.array([latent]),
        "values": np.array([values], np.float32),
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_traversals_hold_their_limits(server, protocol):
    wrong = [traversal(x) for x in (-1, D, 2**31 - 1, 2**63 - 1, -(2**63))]
    wrong.append(traversal(values=[0.0] * (MAX_VALUES + 1)))
    right = traversal(values=[0.0] * MAX_VALUES)
    calls = [(protocol, "traverse", inputs) for inputs in (*wrong, right)]
    *refused, answer = ask_all(server, calls)
    assert {one.code for one in refused} == {"INVALID_ARGUMENT"}
    (images,) = (
        [answer.outputs["images"]] if protocol == "grpc" else [answer.outputs]
    )
    assert images.shape == (1, MAX_VALUES, *SHAPE)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nan_flows_through_to_its_own_image(server, protocol):
    inputs = traversal(latent=1, values=[0.5, np.nan])
    inputs = {key: np.repeat(x, 2, 0) for key, x in inputs.items()}
    inputs["values"][0, 1] = 0.5
    (answer,) = ask_all(server, [(protocol, "traverse", inputs)])
    images = only(answer)
    assert np.isnan(images[1, 1]).all()
    assert np.isfinite(images[[0, 0, 1], [0, 1, 0]]).all()


ROWS = {
    "encode": {"images": RNG.random((33, *SHAPE), np.float32)},
    "decode": {"codes": RNG.standard_normal((33, D), np.float32)},
    "traverse": {
        "codes": RNG.standard_normal((33, D), np.float32),
        "latent": RNG.integers(0, D, 33),
        "values": RNG.standard_normal((33, 4), np.float32),
    },
}


@pytest.mark.parametrize("signature", ROWS)
def test_rows_beside_others_are_what_they_are_alone(server, signature):
    """In one request of each size, and in requests that come together."""

    def some(arrays, rows):
        return {name: array[rows] for name, array in arrays.items()}

    ones = [some(ROWS[signature], slice(i, i + 1)) for i in range(33)]
    answers = ask_all(server, [("grpc", signature, one) for one in ones])
    alone = {
        name: np.concatenate([answer.outputs[name] for answer in answers])
        for name in answers[0].outputs
    }
    sizes = [slice(size) for size in range(1, 34)]
    calls = [("grpc", signature, some(ROWS[signature], s)) for s in sizes]
    for size, answer in zip(sizes, ask_all(server, calls), strict=True):
        assert_answers(answer, some(alone, size))

    async def single(asker, number):
        answer = await asker.ask("grpc", "tiny", signature, ones[number])
        assert_answers(answer, some(alone, slice(number, number + 1)))

    asyncio.run(at_once(server, 33, single))
