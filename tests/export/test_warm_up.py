import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfdisent.export.contract import endpoints_of
from tfdisent.export.native_session import NativeSession

FILE = "assets.extra/tf_serving_warmup_requests"


@pytest.fixture(params=["exported", "exported_grey"])
def version(request):
    return request.getfixturevalue(request.param)


def _requests(version):
    records = tf.data.TFRecordDataset(str(version / FILE))
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in records
    ]
    assert all(log.HasField("predict_log") for log in logs)
    return [log.predict_log.request for log in logs]


def test_each_signature_is_asked_for_one_row_and_for_more(
    exported_grey, grey_model
):
    rows = {name: [] for name in endpoints_of(grey_model)}
    for request in _requests(exported_grey):
        sizes = {
            tensor.tensor_shape.dim[0].size
            for tensor in request.inputs.values()
        }
        rows[request.model_spec.signature_name].extend(sizes)
    assert set(map(tuple, rows.values())) == {(1, 2)}


def test_each_record_runs_in_the_session(version):
    session = NativeSession(version)
    for request in _requests(version):
        signature = session.signatures[request.model_spec.signature_name]
        assert request.inputs.keys() == signature.inputs.keys()
        outputs = session.run(
            {
                signature.inputs[name].name: tf.make_ndarray(tensor)
                for name, tensor in request.inputs.items()
            },
            [info.name for info in signature.outputs.values()],
        )
        (rows,) = {len(array) for array in outputs}
        assert rows in (1, 2)
        for array in outputs:
            assert array.dtype == object or np.isfinite(array).all()
    session.close()


def test_numbers_are_sent_as_content(exported):
    for request in _requests(exported):
        for tensor in request.inputs.values():
            assert tensor.tensor_content
            assert not tensor.float_val and not tensor.int64_val


def test_is_small(version):
    # Of at most 15 signatures, each with 3 rows of 24 numbers.
    assert (version / FILE).stat().st_size < 15 * 3 * 24 * 4 + 15 * 2 * 200
