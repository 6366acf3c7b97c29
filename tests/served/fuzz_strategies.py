"""What fuzzing draws from: good requests for a small model, and harm to them.

All CI runs draw the same examples; `fuzz` goes on for minutes with new ones.
"""

import base64
import random
import struct
import time
import types
import zlib

import hypothesis
import hypothesis.strategies as st
import numpy as np

from tfdisent.export.contract import axis_sizes, endpoints_of

QUICK = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
IMAGE_SHAPE = (4, 3, 1)
_ROUND = 200
# What endpoints_of and axis_sizes look at.
_MODEL = types.SimpleNamespace(
    image_shape=IMAGE_SHAPE, num_latents=5, encode=True, decode=True
)
SIGNATURES = endpoints_of(_MODEL)
_SIZES = axis_sizes(_MODEL)

FLOATS = st.sampled_from([0.0, 0.25, 1.0, -0.0, -3.5, 1e-40, 3e38])
ANY_FLOATS = FLOATS | st.sampled_from([np.nan, np.inf, -np.inf])
INTEGERS = st.integers(-(2**63), 2**63 - 1)


def fuzz(name, strategy, check, seconds):
    """Checks examples of new random seeds for a time; prints how many."""
    start, count = time.monotonic(), 0
    settings = hypothesis.settings(
        QUICK, derandomize=False, max_examples=_ROUND, print_blob=True
    )

    def counted(example):
        nonlocal count
        count += 1
        check(example)

    while time.monotonic() - start < seconds:
        # A named seed runs again by hypothesis.seed.
        seed = random.SystemRandom().getrandbits(32)
        run = settings(hypothesis.given(strategy)(counted))
        try:
            hypothesis.seed(seed)(run)()
        except BaseException:
            print(f"\n{name}: failed after {count} examples, seed {seed}")
            raise
    print(f"\n{name}: {count} examples")


def _chunk(kind, content):
    checksum = zlib.crc32(kind + content)
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", checksum)
    )


def _png():
    height, width, _ = IMAGE_SHAPE
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(bytes([0, *range(width)]) for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


PNG = _png()


@st.composite
def garbled(draw, content, most=3):
    """Bytes with a few places cut, changed, inserted or doubled."""
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(content)))
        end = min(start + draw(st.integers(0, 20)), len(content))
        middle = draw(
            st.sampled_from([b"", b"\xff", b"\x00", 2 * content[start:end]])
            | st.binary(max_size=4)
        )
        rest = draw(st.sampled_from([content[end:], b""]))
        content = content[:start] + middle + rest
    return content


ANY_FILES = st.just(PNG) | garbled(PNG)


@st.composite
def _arrays(draw, tensor, rows, values, floats, files):
    """An array as an endpoint wants it; strings are of dtype object."""
    sizes = _SIZES | {"B": rows, "K": values}
    shape = [sizes[axis] for axis in tensor.axes]
    match tensor.dtype, tensor.name:
        case "float32", _:
            elements = floats
        case "int64", "latent":
            elements = st.integers(0, _SIZES["D"] - 1)
        case "int64", _:
            elements = INTEGERS
        case _:
            elements = files
    listed = draw(st.lists(elements, min_size=1, max_size=3))
    dtype = "object" if tensor.dtype == "string" else tensor.dtype
    return np.resize(np.array(listed, dtype), shape)


@st.composite
def requests(draw, floats=FLOATS, files=st.just(PNG)):  # noqa: B008
    """A signature, and good inputs for it by name, but for some files."""
    signature = draw(st.sampled_from(sorted(SIGNATURES)))
    rows, values = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    inputs = {
        tensor.name: draw(_arrays(tensor, rows, values, floats, files))
        for tensor in SIGNATURES[signature].inputs
    }
    return signature, inputs


def as_json(value):
    """A list of an array, with bytes as `{"b64": ...}`."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value
