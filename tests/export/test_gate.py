import keras
import numpy as np
import pytest
import tensorflow as tf
from export_models import TinyModel

from tfdisent.errors import RunError
from tfdisent.export.gate import Example, check_export
from tfdisent.export.saved_model import export_model

RNG = np.random.default_rng(0)
IMAGES = RNG.random((2, 4, 3, 2), np.float32)


@pytest.fixture
def example(tiny_model):
    posterior = tiny_model.encode(IMAGES)
    outputs = {"mean": posterior.mean(), "stddev": posterior.stddev()}
    arrays = {name: tensor.numpy() for name, tensor in outputs.items()}
    return Example("encode", {"images": IMAGES}, arrays)


def test_accepts_what_agrees(exported, example):
    check_export(exported, [example])


def test_refuses_a_saved_keras_model_that_python_loads(tmp_path):
    model = TinyModel()
    model.encode(IMAGES)
    encode = tf.function(
        lambda images: {"mean": model.encode(images).mean()},
        input_signature=[tf.TensorSpec((None, 4, 3, 2), name="images")],
    )
    tf.saved_model.save(model, str(tmp_path), signatures={"encode": encode})
    mean = model.encode(IMAGES).mean().numpy()
    loaded = tf.saved_model.load(str(tmp_path)).signatures["encode"]
    np.testing.assert_allclose(
        loaded(images=tf.constant(IMAGES))["mean"], mean, atol=1e-5
    )
    with pytest.raises(RunError, match="Could not find variable"):
        check_export(
            tmp_path, [Example("encode", {"images": IMAGES}, {"mean": mean})]
        )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x: x + 2e-4, "differs by 0.0002"),
        (lambda x: x[:1], r"is float32 \(2, 5\) .* but float32 \(1, 5\)"),
        (lambda x: x.astype(np.float64), "but float64"),
        (lambda x: np.full_like(x, np.nan), "with NaN or infinities in 'mean'"),
        (lambda x: np.where(x == x.max(), np.inf, x), "NaN or infinities"),
    ],
)
def test_refuses_other_outputs(exported, example, change, reason):
    outputs = example.outputs | {"mean": change(example.outputs["mean"])}
    with pytest.raises(RunError, match=reason):
        check_export(exported, [example._replace(outputs=outputs)])


def _export_of(directory, function, **spec):
    """A SavedModel of a function, and an example of its answer to 2 rows."""
    module = tf.Module()
    (name, tensor), module.f = spec.popitem(), tf.function(function)
    spec = tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, name)
    concrete = module.f.get_concrete_function(spec)
    tf.saved_model.save(module, str(directory), signatures={"f": concrete})
    outputs = {key: x.numpy() for key, x in concrete(tensor).items()}
    return Example("f", {name: tensor.numpy()}, outputs)


def test_a_row_may_not_depend_on_the_others(tmp_path):
    example = _export_of(
        tmp_path,
        lambda x: {"mean": x - tf.reduce_mean(x, axis=0)},
        x=tf.constant([[1.0], [2.0]]),
    )
    with pytest.raises(RunError, match="differs by 0.5 between a row alone"):
        check_export(tmp_path, [example])


def test_png_files_of_a_row_may_differ_by_one_level(tmp_path):
    def brighten(x):
        x += levels * (tf.shape(x)[0] - 1)
        return {"images_bytes": tf.io.encode_png(tf.cast(x, tf.uint8))}

    images = tf.constant(RNG.integers(0, 200, (2, 4, 3, 1)), tf.int32)
    levels = 1
    check_export(
        tmp_path / "1", [_export_of(tmp_path / "1", brighten, x=images)]
    )
    levels = 2
    with pytest.raises(RunError, match="differs by 2 between a row alone"):
        check_export(
            tmp_path / "2", [_export_of(tmp_path / "2", brighten, x=images)]
        )


@pytest.fixture
def png_example(grey_model):
    codes = np.zeros((2, 5), np.float32)
    levels = np.round(255 * grey_model.decode(codes).mean().numpy().clip(0, 1))
    return Example("decode_png", {"codes": codes}, {"images_bytes": levels})


def _with_pngs(example, levels):
    files = tf.io.encode_png(levels.astype("u1")).numpy()
    return example._replace(outputs={"images_bytes": files})


def test_png_files_may_differ_by_one_level(exported_grey, png_example):
    levels = png_example.outputs["images_bytes"]
    levels[1, 2, 2] += 1
    check_export(exported_grey, [_with_pngs(png_example, levels)])
    levels[1, 2, 2] += 1
    with pytest.raises(RunError, match="differs by 2 .* 1 is allowed"):
        check_export(exported_grey, [_with_pngs(png_example, levels)])


def test_refuses_strings_that_are_no_png_files(exported_grey, png_example):
    outputs = {"images_bytes": np.array([b"a", b"b"], object)}
    with pytest.raises(RunError, match="not all PNG files"):
        check_export(exported_grey, [png_example._replace(outputs=outputs)])


def test_half_precision_may_differ_by_its_rounding(tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = TinyModel()
    finally:
        keras.config.set_dtype_policy(before)
    version = export_model(model, tmp_path)
    posterior = model.encode(IMAGES)
    mean = tf.cast(posterior.mean(), tf.float32).numpy()
    stddev = tf.cast(posterior.stddev(), tf.float32).numpy()
    inputs = {"images": IMAGES}
    near = Example("encode", inputs, {"mean": mean + 0.02, "stddev": stddev})
    far = Example("encode", inputs, {"mean": mean + 0.2, "stddev": stddev})
    check_export(version, [near])
    with pytest.raises(RunError, match="differs by 0.2"):
        check_export(version, [far])


def test_refuses_other_names(exported, example):
    outputs = {"average": example.outputs["mean"]}
    with pytest.raises(RunError, match="has the outputs .* the contract"):
        check_export(exported, [example._replace(outputs=outputs)])
    with pytest.raises(RunError, match="has the inputs"):
        check_export(exported, [example._replace(signature="no_such")])


def test_refuses_lost_variables(exported, example, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(
        (exported / "saved_model.pb").read_bytes()
    )
    with pytest.raises(RunError, match="C\\+\\+ runtime"):
        check_export(tmp_path, [example])
