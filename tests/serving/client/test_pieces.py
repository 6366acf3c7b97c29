"""A split batch gives what the whole one does."""

import numpy as np
import pytest
from served.client_fakes import (
    WAYS,
    FakeModel,
    answer,
    client,
    fake_server,
    grpc_server,
)

from tfdisent.serving.client import Client
from tfdisent.serving.client.pieces import PIECE_BYTES, pieces, without_rows
from tfdisent.serving.client.signatures import Signature, TensorSpec

FLOAT, STRING = np.dtype(np.float32), np.dtype(object)
RNG = np.random.default_rng(0)


def split(inputs, outputs, arrays, max_batch=1024):
    return list(pieces(Signature(inputs, outputs), arrays, max_batch))


@pytest.mark.parametrize("way", WAYS)
def test_a_split_call_equals_a_whole_one(way):
    model = FakeModel()
    codes = RNG.standard_normal((23, 3)).astype(np.float32)
    with (
        fake_server(way, model) as address,
        client(way, address, max_batch=5) as made,
    ):
        moved = made.traverse(codes, np.arange(23) % 3, [-1.0, 0, 1])
        sampled = made.sample(np.arange(23))
    rows = [len(next(iter(inputs.values()))) for _, inputs in model.asked]
    assert rows == [5, 5, 5, 5, 3] * 2
    whole = answer(
        "traverse",
        codes=codes,
        latent=np.arange(23) % 3,
        values=np.tile(np.float32([-1, 0, 1]), (23, 1)),
    )["images"]
    np.testing.assert_allclose(moved, whole, rtol=1e-6)
    np.testing.assert_array_equal(sampled.codes[:, 0], np.arange(23))
    assert sampled.images.shape == (23, 2, 2, 1)


def test_requests_and_answers_stay_under_the_usual_limit():
    """A server and a client of grpc's own 4 MiB would take every piece."""
    model = FakeModel()
    codes = RNG.standard_normal((600, 3)).astype(np.float32)
    values = np.zeros((600, 4096), np.float32)
    with (
        grpc_server(model) as port,
        Client(f"localhost:{port}", "m", timeout=60) as made,
    ):
        images = made.traverse(codes, 0, values)  # 39 MB
    assert images.shape == (600, 4096, 2, 2, 1)
    rows = [len(inputs["codes"]) for _, inputs in model.asked]
    assert sum(rows) == 600
    assert max(rows) * 4096 * 4 * 4 <= PIECE_BYTES
    assert max(rows) * 4096 * 4 * 4 > PIECE_BYTES * 0.9


@pytest.mark.parametrize(
    "row, rows_of_answer, expected",
    [
        (10, 1, [100]),
        (25_000, 1, [40, 40, 20]),  # 100 kB a row of the request
        (10, 25_000, [40, 40, 20]),  # and of the answer
        (2_000_000, 1, [1] * 100),  # one row goes, whatever its size
    ],
)
def test_the_larger_of_request_and_answer_counts(row, rows_of_answer, expected):
    got = split(
        {"x": TensorSpec(FLOAT, (None, None))},
        {"y": TensorSpec(FLOAT, (None, rows_of_answer))},
        {"x": np.broadcast_to(np.float32(0), (100, row))},
    )
    assert [len(piece["x"]) for piece in got] == expected


def test_strings_count_by_the_longest():
    files = np.array([b"x" * 1_000_000] + [b""] * 9, object)
    got = split(
        {"x": TensorSpec(STRING, (None,))},
        {"y": TensorSpec(FLOAT, (None, 3))},
        {"x": files},
    )
    assert [len(piece["x"]) for piece in got] == [4, 4, 2]


def test_strings_of_answers_leave_room():
    got = split(
        {"x": TensorSpec(FLOAT, (None, 3))},
        {"y": TensorSpec(STRING, (None,))},
        {"x": np.zeros((1000, 3), np.float32)},
    )
    assert max(len(piece["x"]) for piece in got) * 16_384 <= PIECE_BYTES


@pytest.mark.parametrize(
    "inputs, output, arrays",
    [
        # The output is of the whole batch.
        ({"x": (None,)}, (), {"x": np.zeros(9)}),
        ({"x": (None,)}, (3,), {"x": np.zeros(9)}),
        # An input is for all rows.
        (
            {"x": (None,), "t": ()},
            (None,),
            {"x": np.zeros(9), "t": np.float32(1)},
        ),
        # What is wrong goes as it is.
        (
            {"x": (None,), "t": (None,)},
            (None,),
            {"x": np.zeros(9), "t": np.zeros(8)},
        ),
        ({"x": (None,)}, (None,), {"x": np.float32(1)}),
        ({"x": (None,)}, None, {"x": np.zeros(9)}),
        ({"x": (None,)}, (None,), {"x": np.zeros(0)}),
        ({"x": (None,)}, (None,), {}),
    ],
)
def test_what_is_no_batch_stays_whole(inputs, output, arrays):
    got = split(
        {name: TensorSpec(FLOAT, shape) for name, shape in inputs.items()},
        {"y": TensorSpec(FLOAT, output)},
        arrays,
        max_batch=2,
    )
    assert len(got) == 1
    assert got[0].keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(got[0][name], array)


INPUTS = {
    "x": TensorSpec(FLOAT, (None, 3)),
    "t": TensorSpec(FLOAT, (None,) * 2),
}


@pytest.mark.parametrize(
    "output, shape",
    [((None, 7), (0, 7)), ((None, None, 2), (0, 5, 2)), ((None,), (0,))],
)
def test_no_rows_have_the_shape_of_an_answer(output, shape):
    signature = Signature(INPUTS, {"y": TensorSpec(STRING, output)})
    arrays = {"x": np.zeros((0, 3)), "t": np.zeros((0, 5))}
    answer = without_rows(signature, arrays)
    assert answer.keys() == {"y"}
    assert answer["y"].shape == shape and answer["y"].dtype == object


@pytest.mark.parametrize(
    "arrays, output",
    [
        ({"x": (1, 3), "t": (1, 5)}, (None,)),
        ({"x": (0, 3), "t": (1, 5)}, (None,)),
        ({"x": (0, 4), "t": (0, 5)}, (None,)),
        ({"x": (0,), "t": (0, 5)}, (None,)),
        ({"x": (0, 3)}, (None,)),
        ({"x": (0, 3), "u": (0, 5)}, (None,)),
        ({"x": (0, 3), "t": (0, 5)}, ()),
        ({"x": (0, 3), "t": (0, 5)}, None),
    ],
)
def test_what_is_no_empty_batch_is_the_servers_to_answer(arrays, output):
    signature = Signature(INPUTS, {"y": TensorSpec(FLOAT, output)})
    arrays = {name: np.zeros(shape) for name, shape in arrays.items()}
    assert without_rows(signature, arrays) is None
