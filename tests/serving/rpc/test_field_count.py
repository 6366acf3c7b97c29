import time

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from tfdisent.export.messages import GetModelStatusRequest, PredictRequest
from tfdisent.export.tensors import to_proto
from tfdisent.serving.rpc import field_count
from tfdisent.serving.rpc.field_count import MAX_FIELDS, has_too_many_fields

MESSAGE = PredictRequest.DESCRIPTOR


def field(number, content):
    tag, size = number << 3 | 2, len(content)
    message = PredictRequest(output_filter=["x" * size]).SerializeToString()
    return bytes([tag]) + message[1 : len(message) - size] + content


def test_fields_of_all_parts_are_counted(monkeypatch):
    request = PredictRequest(output_filter=["mean", "", "stddev"])  # 3
    request.model_spec.name = "vae"  # 2
    request.model_spec.version.value = 2**60  # 2
    images = np.zeros((2, 64, 64, 1), np.float32)
    request.inputs["images"].CopyFrom(to_proto(images))
    # The entry, its key and value; dtype, shape and content; 4 of size.
    content = request.SerializeToString() + b"\x71" + bytes(8)  # 1
    content += b"\x7d" + bytes(4)  # 1
    fields = 3 + 2 + 2 + 3 + 3 + 2 * 4 + 2
    monkeypatch.setattr(field_count, "MAX_FIELDS", fields)
    assert not has_too_many_fields(content, MESSAGE)
    monkeypatch.setattr(field_count, "MAX_FIELDS", fields - 1)
    assert has_too_many_fields(content, MESSAGE)


EMPTY = MAX_FIELDS + 1
HOSTILE = {
    "output_filter": b"\x1a\x00" * EMPTY,
    "unknown": b"\x78\x00" * EMPTY,
    "spec": field(1, b"\x0a\x00" * EMPTY),
    "dims": field(2, field(2, field(2, b"\x12\x00" * EMPTY))),
    "strings": field(2, field(2, b"\x42\x00" * EMPTY)),
    "inputs": field(2, b"\x0a\x00\x12\x00") * EMPTY,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_many_empty_fields_are_too_many(kind):
    PredictRequest.FromString(HOSTILE[kind])
    content = HOSTILE[kind] * 50
    start = time.process_time()
    assert has_too_many_fields(content, MESSAGE)
    assert time.process_time() - start < 1
    assert not has_too_many_fields(content[: 2 * MAX_FIELDS], MESSAGE)


def test_large_tensors_are_not_too_many():
    request = PredictRequest()
    request.inputs["a"].CopyFrom(to_proto(np.zeros(2**18, np.float32)))
    request.inputs["b"].float_val.extend([0] * 2**18)
    request.inputs["c"].int64_val.extend([0] * 2**18)
    request.inputs["d"].string_val.extend([b"x" * 100] * 2**15)
    content = request.SerializeToString()
    assert not has_too_many_fields(content, MESSAGE)


def test_fields_are_those_of_the_message():
    """Of another message, field 2 is unknown and not looked into."""
    content = HOSTILE["dims"]
    assert not has_too_many_fields(content, GetModelStatusRequest.DESCRIPTOR)


@hypothesis.settings(deadline=None)
@hypothesis.given(
    st.binary(max_size=200), st.integers(1, 200), st.sampled_from([1, 2, 50])
)
def test_any_bytes_are_counted_in_time(content, cut, repeats):
    content = (content * repeats)[:-cut]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(field_count, "MAX_FIELDS", 20)
        assert has_too_many_fields(content, MESSAGE) in (True, False)
