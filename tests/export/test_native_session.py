import importlib.util
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfdisent.errors import RunError
from tfdisent.export.native_library import library_files
from tfdisent.export.native_run import NativeCall, run_native
from tfdisent.export.native_session import NativeError, NativeSession

INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, OUT_OF_RANGE = 3, 5, 9, 11
TEXTS = [b"", b"a", b"\0", b"a\0b\0", b"\xff\xfe" * 11, b"x" * 100_000]


@pytest.fixture
def session(exported):
    session = NativeSession(exported)
    yield session
    session.close()


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """A SavedModel that doubles its strings and counts their bytes."""
    module = tf.Module()
    module.f = tf.function(
        lambda texts: {
            "doubled": tf.strings.join([texts, texts]),
            "lengths": tf.strings.length(texts),
        },
        input_signature=[tf.TensorSpec(None, tf.string, "texts")],
    )
    directory = str(tmp_path_factory.mktemp("echo"))
    tf.saved_model.save(module, directory, signatures={"echo": module.f})
    return directory


def _call(session, signature, **inputs):
    signature = session.signatures[signature]
    outputs = session.run(
        {signature.inputs[name].name: x for name, x in inputs.items()},
        [info.name for info in signature.outputs.values()],
    )
    return dict(zip(signature.outputs, outputs, strict=True))


@pytest.mark.parametrize(
    "shape", [(6,), (2, 3), (1, 6, 1), (0,), (3, 0, 2), ()]
)
def test_strings_of_any_bytes_and_shape(echo, shape):
    texts = np.array(TEXTS[: int(np.prod(shape))], object).reshape(shape)
    session = NativeSession(echo)
    answer = _call(session, "echo", texts=texts)
    session.close()
    assert answer["doubled"].shape == answer["lengths"].shape == shape
    for text, doubled, length in zip(
        texts.flat, answer["doubled"].flat, answer["lengths"].flat, strict=True
    ):
        assert (doubled, length) == (2 * text, len(text))


def test_text_that_is_not_bytes_is_refused(echo):
    session = NativeSession(echo)
    with pytest.raises(RunError, match="must be bytes"):
        _call(session, "echo", texts=np.array(["a"], object))
    session.close()


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_layout(session, order):
    codes = np.arange(20, dtype=np.float32).reshape(4, 5) / 20
    expected = _call(session, "decode", codes=codes)["images"]
    for given in (codes.copy(order), codes.repeat(2, axis=1)[:, ::2]):
        images = _call(session, "decode", codes=given)["images"]
        np.testing.assert_array_equal(images, expected)
    backwards = _call(session, "decode", codes=codes[::-1])["images"]
    np.testing.assert_allclose(backwards[::-1], expected, atol=1e-6)


def test_answers_may_not_be_written(session):
    codes = _call(session, "sample", seed=np.arange(2))["codes"]
    with pytest.raises(ValueError, match="read-only"):
        codes[0] = 0


def test_errors_have_the_codes_of_the_runtime(session, tmp_path, exported):
    with pytest.raises(NativeError, match="expected shape") as caught:
        _call(session, "decode", codes=np.zeros((2, 4), np.float32))
    assert caught.value.code == INVALID_ARGUMENT
    with pytest.raises(NativeError, match="to be float") as caught:
        _call(session, "decode", codes=np.zeros((2, 5), np.int64))
    assert caught.value.code == INVALID_ARGUMENT
    with pytest.raises(NativeError, match="SavedModel") as caught:
        NativeSession(tmp_path)
    assert caught.value.code == NOT_FOUND
    content = (exported / "saved_model.pb").read_bytes()
    (tmp_path / "saved_model.pb").write_bytes(content)
    broken = NativeSession(tmp_path)
    with pytest.raises(NativeError, match="variable") as caught:
        _call(broken, "decode", codes=np.zeros((2, 5), np.float32))
    assert caught.value.code == FAILED_PRECONDITION
    broken.close()
    codes = _call(session, "sample", seed=np.arange(2))["codes"]
    assert np.isfinite(codes).all()


def _resident_kilobytes():
    with open("/proc/self/smaps_rollup") as file:
        (line,) = (line for line in file if line.startswith("Rss:"))
    return int(line.split()[1])


def test_closed_sessions_give_their_memory_back(exported_grey):
    def use():
        session = NativeSession(exported_grey)
        files = _call(session, "sample_png", seed=np.arange(64))
        _call(session, "encode_png", images_bytes=files["images_bytes"])
        with pytest.raises(NativeError):
            _call(session, "decode_png", codes=np.zeros((2, 4), np.float32))
        session.close()
        session.close()  # a second time does nothing

    for _ in range(3):
        use()
    before = _resident_kilobytes()
    for _ in range(6):
        use()
    # A graph that is not deleted takes 2 MB, a session more.
    assert _resident_kilobytes() - before < 5000


def test_strings_give_their_memory_back(echo):
    session = NativeSession(echo)
    texts = np.array([b"x" * 100_000] * 20, object)

    def use(times):
        for _ in range(times):
            _call(session, "echo", texts=texts)

    use(20)
    before = _resident_kilobytes()
    use(50)  # with 6 MB in and out each
    session.close()
    assert _resident_kilobytes() - before < 30_000


def test_calls_from_many_threads_get_their_own_answers(session):
    seeds = np.arange(40)
    expected = _call(session, "sample", seed=seeds)["codes"]
    wrong = []

    def call(i):
        for _ in range(20):
            codes = _call(session, "sample", seed=seeds[i : i + 4])["codes"]
            decoded = _call(session, "decode", codes=codes)["images"]
            if not np.array_equal(codes, expected[i : i + 4]):
                wrong.append(i)
            if decoded.shape != (4, 4, 3, 2):
                wrong.append(i)
        with pytest.raises(NativeError):
            _call(session, "sample", seed=np.int64(1))

    threads = [threading.Thread(target=call, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_missing_tensorflow_is_one_clear_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RunError, match="pip install tensorflow"):
        library_files()


def test_missing_library_is_named(monkeypatch, tmp_path):
    wheel = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: wheel)
    with pytest.raises(RunError, match="libtensorflow_framework"):
        library_files()


def test_what_is_no_saved_model_does_not_load(tmp_path):
    with pytest.raises(RunError, match="does not run.*SavedModel"):
        run_native(tmp_path, [])


def _renamed(exported, folder, name):
    """A copy in which `decode` calls its input so."""
    shutil.copytree(exported, folder)
    file = folder / "saved_model.pb"
    saved_model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    signature = saved_model.meta_graphs[0].signature_def["decode"]
    signature.inputs["codes"].name = name
    file.write_bytes(saved_model.SerializeToString())
    return folder


def test_a_tensor_without_a_number_is_the_first_output(exported, tmp_path):
    codes = np.ones((2, 5), np.float32)
    answers = []
    for name in ("decode_codes:0", "decode_codes"):
        folder = _renamed(exported, tmp_path / name, name)
        session = NativeSession(folder)
        answers.append(_call(session, "decode", codes=codes)["images"])
        session.close()
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize(
    "name", ["", ":0", "no_such:0", "decode_codes:1", "decode_codes:x"]
)
def test_a_signature_of_no_such_tensor_does_not_load(exported, tmp_path, name):
    folder = _renamed(exported, tmp_path / "1", name)
    with pytest.raises(RunError) as caught:
        NativeSession(folder)
    assert str(caught.value) == (
        f"signature 'decode': the graph has no tensor {name!r}."
    )


def test_unknown_tensors_and_dtypes_are_named(exported):
    unknown, half = run_native(
        exported,
        [
            NativeCall({}, ["no_such:0"]),
            NativeCall({"encode_images:0": np.zeros(3, np.float16)}, []),
        ],
    )
    assert "'no_such:0'" in unknown
    assert "float16" in half
