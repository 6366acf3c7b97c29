import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from tfdisent.serving.inference.warm_up_replay import replay_warm_up
from tfdisent.serving.status import Code, ServingError


def log(value):
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = "encode"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([value]))
    return prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)
    )


def write(directory, *records):
    path = directory / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record.SerializeToString())
    return path


def failure(directory, run=lambda request: None):
    with pytest.raises(ServingError) as error:
        replay_warm_up(directory, run)
    assert str(directory) not in error.value.message
    return error.value


def test_records_of_the_official_package_are_run_in_order(tmp_path):
    write(tmp_path, *[log(float(i)) for i in range(1000)])
    requests = []
    replay_warm_up(tmp_path, requests.append)
    assert len(requests) == 1000
    for i, request in enumerate(requests):
        assert request.model_spec.signature_name == "encode"
        official = tensor_pb2.TensorProto.FromString(
            request.inputs["x"].SerializeToString()
        )
        np.testing.assert_array_equal(tf.make_ndarray(official), [i])


def test_a_version_without_the_file_has_nothing_to_run(tmp_path):
    replay_warm_up(tmp_path, pytest.fail)


def test_more_than_a_thousand_records_are_refused(tmp_path):
    write(tmp_path, *[log(1.0)] * 1001)
    error = failure(tmp_path)
    assert error.code is Code.INVALID_ARGUMENT
    assert "exceeds the maximum (1000)" in error.message


def test_a_request_that_fails_is_counted(tmp_path):
    def run(request):
        if request.inputs["x"].float_val == [2.0]:
            raise ServingError(Code.OUT_OF_RANGE, "two")

    write(tmp_path, log(1.0), log(2.0))
    error = failure(tmp_path, run)
    assert error.code is Code.OUT_OF_RANGE
    assert error.message == "warm-up request 2 failed: two"


def test_other_logs_are_refused(tmp_path):
    other = prediction_log_pb2.PredictionLog()
    other.regress_log.request.model_spec.name = "m"
    write(tmp_path, other)
    assert failure(tmp_path).code is Code.UNIMPLEMENTED


def test_records_that_are_no_log_are_refused(tmp_path):
    write(tmp_path, predict_pb2.PredictRequest(output_filter=["\x07" * 9]))
    assert failure(tmp_path).code in (Code.DATA_LOSS, Code.UNIMPLEMENTED)


def test_every_changed_or_missing_byte_is_noticed(tmp_path):
    path = write(tmp_path, log(1.0))
    content = path.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x10
        path.write_bytes(changed)
        assert failure(tmp_path).code is Code.DATA_LOSS
        path.write_bytes(content[:place])
        if place:
            assert failure(tmp_path).code is Code.DATA_LOSS


def test_a_length_beyond_the_file_is_not_believed(tmp_path):
    # An honest sum over a length of 2^62 bytes.
    path = write(tmp_path, log(1.0))
    length = (2**62).to_bytes(8, "little")
    path.write_bytes(length + masked_crc(length) + b"x" * 20)
    assert failure(tmp_path).code is Code.DATA_LOSS


def masked_crc(content):
    """CRC-32C, bit by bit, masked as TensorFlow does."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    rotated = crc >> 15 | crc << 17 & 0xFFFFFFFF
    return ((rotated + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")


def test_a_file_that_cannot_be_read_fails_the_load(tmp_path):
    (tmp_path / "assets.extra" / "tf_serving_warmup_requests").mkdir(
        parents=True
    )
    assert failure(tmp_path).code is Code.DATA_LOSS
