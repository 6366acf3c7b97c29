import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from export_models import TinyModel, read_meta_graph, serve

from tfdisent.errors import RunError
from tfdisent.export.contract import ENDPOINTS, axis_sizes
from tfdisent.export.saved_model import export_model


def test_signatures_are_the_contract(tiny_model, exported):
    signatures = dict(read_meta_graph(exported).signature_def)
    signatures.pop("__saved_model_init_op")
    assert signatures.keys() == ENDPOINTS.keys()
    sizes = axis_sizes(tiny_model)
    for name, endpoint in ENDPOINTS.items():
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


def test_versions_count_up_and_earlier_ones_stay(
    tiny_model, exported, tmp_path
):
    shutil.copytree(exported, tmp_path / "7")
    content = (tmp_path / "7" / "saved_model.pb").read_bytes()
    assert export_model(tiny_model, str(tmp_path)) == tmp_path / "8"
    assert (tmp_path / "7" / "saved_model.pb").read_bytes() == content
    assert {path.name for path in tmp_path.iterdir()} == {"7", "8", ".lock"}


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


@pytest.mark.parametrize(
    ("model_class", "reason"),
    [
        (_CompiledEncoder, "demands XLA"),
        (_NoisyEncoder, "RandomStandardNormal"),
        (_PythonEncoder, "PyFunc"),
        (_ShiftedDecoder, "'decode', output 'images', differs by"),
    ],
)
def test_an_export_that_servers_cannot_serve_is_not_published(
    tmp_path, model_class, reason
):
    with pytest.raises(RunError, match=reason):
        export_model(model_class(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
