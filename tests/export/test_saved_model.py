import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from export_models import TinyModel, read_meta_graph, serve

from tfdisent.errors import RunError
from tfdisent.export import saved_model
from tfdisent.export.contract import axis_sizes, endpoints_of
from tfdisent.export.saved_model import export_model


@pytest.fixture(params=["two channels", "grey"])
def model_and_export(request):
    names = {
        "two channels": ("tiny_model", "exported"),
        "grey": ("grey_model", "exported_grey"),
    }
    return [request.getfixturevalue(name) for name in names[request.param]]


def test_signatures_are_the_contract(model_and_export):
    model, exported = model_and_export
    signatures = dict(read_meta_graph(exported).signature_def)
    signatures.pop("__saved_model_init_op")
    endpoints = endpoints_of(model)
    assert signatures.keys() == endpoints.keys()
    sizes = axis_sizes(model)
    for name, endpoint in endpoints.items():
        for promised, written in (
            (endpoint.inputs, signatures[name].inputs),
            (endpoint.outputs, signatures[name].outputs),
        ):
            assert {
                tensor.name: (tensor.shape(sizes), tensor.dtype)
                for tensor in promised
            } == {
                key: (
                    tuple(tf.TensorShape(info.tensor_shape)),
                    tf.as_dtype(info.dtype).name,
                )
                for key, info in written.items()
            }


def test_python_loads_it_too(tiny_model, exported):
    images = np.random.default_rng(0).random((2, 4, 3, 2), np.float32)
    loaded = tf.saved_model.load(str(exported))
    encoded = loaded.signatures["encode"](images=tf.constant(images))
    np.testing.assert_allclose(
        encoded["mean"], tiny_model.encode(images).mean(), atol=1e-6
    )


_RELOADER = """
import sys
sys.modules["tfdisent"] = None  # importing it raises ImportError
import tensorflow as tf
import numpy as np
loaded = tf.saved_model.load(sys.argv[1])
codes = tf.constant(np.load(sys.argv[2]))
images = loaded.signatures["decode"](codes=codes)["images"]
np.save(sys.argv[2], images.numpy())
"""


def test_python_loads_it_without_this_package(tiny_model, exported, tmp_path):
    codes = np.random.default_rng(0).standard_normal((2, 5), np.float32)
    file = tmp_path / "array.npy"
    np.save(file, codes)
    command = [sys.executable, "-c", _RELOADER, str(exported), str(file)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    expected = np.clip(tiny_model.decode(codes).mean(), 0, 1)
    np.testing.assert_allclose(np.load(file), expected, atol=1e-6)


def test_the_v1_loader_runs_every_signature(model_and_export):
    # The loader of TensorFlow Serving's own Python tests.
    model, exported = model_and_export
    v1 = tf.compat.v1
    examples = saved_model._examples(model)
    assert {x.signature for x in examples} == endpoints_of(model).keys()
    with tf.Graph().as_default(), v1.Session() as session:
        loaded = v1.saved_model.load(session, ["serve"], str(exported))
        for example in examples:
            signature = loaded.signature_def[example.signature]
            answer = session.run(
                {key: x.name for key, x in signature.outputs.items()},
                {
                    signature.inputs[key].name: array
                    for key, array in example.inputs.items()
                },
            )
            assert answer.keys() == example.outputs.keys()
            for key, array in example.outputs.items():
                if array.dtype == object:
                    np.testing.assert_array_equal(answer[key], array)
                else:
                    np.testing.assert_allclose(answer[key], array, atol=1e-5)


CARD = {"name": "täst", "latents": [{"kl": 1.5, "meaning": None}]}


@pytest.fixture(scope="module")
def base(tiny_model, exported, tmp_path_factory):
    """`exported` as version 7, and what is exported there after it."""
    base = tmp_path_factory.mktemp("base")
    shutil.copytree(exported, base / "7")
    assert export_model(tiny_model, str(base), card=CARD) == base / "8"
    return base


def test_versions_count_up_and_earlier_ones_stay(base, exported):
    assert {path.name for path in base.iterdir()} == {"7", "8", ".lock"}
    content = (exported / "saved_model.pb").read_bytes()
    assert (base / "7" / "saved_model.pb").read_bytes() == content


def test_same_weights_give_the_same_answers(base):
    calls = [("sample", {"seed": np.arange(3)})]
    (first,), (second,) = serve(base / "7", calls), serve(base / "8", calls)
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


def test_card_lies_beside_the_model(base):
    text = (base / "8/assets.extra/model_card.json").read_text("utf-8")
    assert json.loads(text) == CARD
    assert not (base / "7/assets.extra/model_card.json").exists()


def test_a_card_that_is_no_json_is_refused(tiny_model, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        export_model(tiny_model, tmp_path, card={"kl": float("nan")})
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_seeds_that_no_cast_would_keep_are_tried(grey_model):
    seeds = [
        seed
        for example in saved_model._examples(grey_model)
        for seed in example.inputs.get("seed", ())
    ]
    for dtype in (np.int32, np.float32, np.float64):
        assert any(np.array(seeds).astype(dtype).astype("i8") != seeds)


def test_full_disk_at_the_last_file(tiny_model, tmp_path, monkeypatch):
    def write(version, examples):
        raise tf.errors.ResourceExhaustedError(None, None, "No space\nleft")

    monkeypatch.setattr(saved_model, "write_warm_up", write)
    with pytest.raises(RunError, match="could not write .*: No space left$"):
        export_model(tiny_model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_export_holds_no_file_names(tmp_path):
    class Reader(TinyModel):
        def decode(self, codes):
            size = tf.strings.length(tf.io.read_file(__file__))
            return super().decode(codes + 0 * tf.cast(size, tf.float32))

    with pytest.raises(RunError, match="ReadFile"):
        export_model(Reader(), tmp_path)


def test_each_variable_that_is_served_is_on_disk_once(tmp_path):
    model = TinyModel()
    model.discriminator = keras.layers.Dense(1000)
    model.discriminator.build((None, 5))
    model.encode(tf.zeros((1, 4, 3, 2)))
    model.decode(tf.zeros((1, 5)))
    model.optimizer = keras.optimizers.Adam()
    model.optimizer.build(model.trainable_variables)
    version = export_model(model, tmp_path)
    served = model.encoder.variables + model.decoder.variables
    prefix = str(version / "variables" / "variables")
    shapes = [shape for _, shape in tf.train.list_variables(prefix) if shape]
    assert sorted(shapes) == sorted(list(v.shape) for v in served)
    data = version / "variables" / "variables.data-00000-of-00001"
    weights = sum(4 * v.numpy().size for v in served)
    assert weights <= data.stat().st_size < weights + 2000


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_outputs_are_float32_under_mixed_precision(tmp_path, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = TinyModel()
        version = export_model(model, tmp_path)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.decode(tf.zeros((1, 5))).mean().dtype != tf.float32
    codes, images = np.zeros((2, 5), "float32"), np.zeros((2, 4, 3, 2), "f4")
    for answer in serve(
        version, [("decode", {"codes": codes}), ("encode", {"images": images})]
    ):
        assert all(array.dtype == np.float32 for array in answer.values())


def test_layers_with_batch_statistics_and_random_noise(tmp_path):
    # They must be exported as they are in use, not in training.
    model = TinyModel()
    model.encoder.add(keras.layers.BatchNormalization())
    model.encoder.add(keras.layers.Dropout(0.5))
    version = export_model(model, tmp_path)
    images = np.random.default_rng(0).random((2, 4, 3, 2), np.float32)
    (answer,) = serve(version, [("encode", {"images": images})])
    np.testing.assert_allclose(
        answer["mean"], model.encode(images).mean(), atol=1e-5
    )


class _CompiledEncoder(TinyModel):
    def encode(self, images):
        doubled = tf.function(lambda x: 2 * x, jit_compile=True)(images)
        return super().encode(doubled)


class _NoisyEncoder(TinyModel):
    def encode(self, images):
        return super().encode(images + tf.random.normal(tf.shape(images)))


class _PythonEncoder(TinyModel):
    def encode(self, images):
        mean = tf.numpy_function(np.asarray, [images], tf.float32)
        return super().encode(tf.ensure_shape(mean, images.shape))


class _ShiftedDecoder(TinyModel):
    """Another function when it is traced than when it was asked."""

    def decode(self, codes):
        return super().decode(codes + 0.01 * float(tf.inside_function()))


class _BrokenEncoder(TinyModel):
    def encode(self, images):
        return super().encode(images * float("nan"))


class _CenteringEncoder(TinyModel):
    """Its answer for an image depends on the others beside it."""

    def encode(self, images):
        return super().encode(images - tf.reduce_mean(images, axis=0))


class _CountingEncoder(TinyModel):
    def __init__(self):
        super().__init__()
        self.total = tf.Variable(0.0)

    def encode(self, images):
        self.total.assign(tf.reduce_sum(images))
        return super().encode(images + 0 * self.total)


@pytest.mark.parametrize(
    ("model_class", "reason"),
    [
        (_CompiledEncoder, "demands XLA"),
        (_NoisyEncoder, "RandomStandardNormal"),
        (_PythonEncoder, "PyFunc"),
        (_CountingEncoder, "AssignVariableOp"),
        (_BrokenEncoder, "with NaN or infinities in 'mean'"),
        (_CenteringEncoder, "output 'mean', differs .* a row alone"),
        (_ShiftedDecoder, "'decode', output 'images', differs by"),
    ],
)
def test_an_export_that_servers_cannot_serve_is_not_published(
    tmp_path, model_class, reason
):
    with pytest.raises(RunError, match=reason):
        export_model(model_class(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
