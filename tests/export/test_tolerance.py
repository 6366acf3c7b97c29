import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from export_models import TinyModel

from tfdisent.errors import RunError
from tfdisent.export.contract import endpoints_of
from tfdisent.export.gate import check_export
from tfdisent.export.png import write_pngs
from tfdisent.export.saved_model import export_model
from tfdisent.export.tolerance import TOLERANCE, tolerance_of

tfd = tfp.distributions

IMAGES = tf.constant(np.random.default_rng(0).random((3, 4, 3, 2), "f"))


class Steep(TinyModel):
    """Pixels rise from 0 to 1 within a 1,000th of a code."""

    slope = 1000.0

    def decode(self, codes):
        pixels = tf.sigmoid(self.slope * self.decoder(codes))
        return tfd.Independent(tfd.Normal(pixels, 1.0), 3)


class Flat(Steep):
    slope = 0.0


def of(model, name, *inputs):
    return tolerance_of(model, endpoints_of(model)[name], inputs)


def test_what_takes_no_images_is_held_to_1e5():
    model = Steep()
    assert of(model, "decode", tf.zeros([3, 5])) == TOLERANCE == 1e-5
    assert of(model, "sample", tf.zeros([3], tf.int64)) == TOLERANCE


def test_codes_may_move_as_far_as_images_that_are_1e5_off_move_them():
    """Of a linear encoder: at most the sum of what the pixels give, by hand."""
    model = TinyModel()
    model.encode(IMAGES)
    (_, dense) = model.encoder.layers
    kernel = dense.kernel.numpy()
    kernel[:, 5:] = 0  # for the deviations
    dense.kernel.assign(kernel)
    found = of(model, "encode", IMAGES) - TOLERANCE
    pixels = np.reshape(IMAGES, [3, -1])
    most = 1e-5 * (pixels @ np.abs(kernel)).max()
    assert 0.05 * most < found < most
    dense.kernel.assign(100 * kernel)
    np.testing.assert_allclose(
        of(model, "encode", IMAGES) - TOLERANCE, 100 * found, rtol=0.1
    )


def test_behind_both_networks_steep_images_may_move_more():
    assert of(Flat(), "reconstruct", IMAGES) == TOLERANCE

    class Rising(Steep):
        slope = 20.0

    assert of(Rising(), "reconstruct", IMAGES) > 2 * TOLERANCE


def test_png_files_are_held_to_the_same():
    model = TinyModel((4, 3, 1))
    files = write_pngs(IMAGES[..., :1])
    images = tf.round(255 * IMAGES[..., :1]) / 255
    np.testing.assert_allclose(
        of(model, "encode_png", files), of(model, "encode", images), rtol=1e-3
    )


def test_traversals_are_taken_where_they_go():
    model = Steep()
    latent = tf.constant([1, 1, 1], tf.int64)
    far = tf.fill([3, 2], 1e6)  # where every pixel is 0 or 1 for good
    assert of(model, "traverse_images", IMAGES, latent, far) < 2e-5
    near = tf.zeros([3, 2])
    assert of(model, "traverse_images", IMAGES, latent, near) > 5e-5


def test_a_steep_model_is_exported(tmp_path):
    assert export_model(Steep(), tmp_path).is_dir()


def test_more_than_that_is_still_refused(tmp_path, monkeypatch):
    """Images of the model are off by 1e-4 behind both networks alone."""
    seen = []
    monkeypatch.setattr(
        "tfdisent.export.saved_model.check_export",
        lambda saved, examples: (
            seen.append((saved, examples))
            or check_export(saved, [_off(example) for example in examples])
        ),
    )
    with pytest.raises(RunError, match="'reconstruct'.* differs by 0.0001"):
        export_model(TinyModel(), tmp_path)
    assert seen


def _off(example):
    if example.signature != "reconstruct":
        return example
    images = example.outputs["images"] + np.float32(1e-4)
    return example._replace(outputs={"images": images})
