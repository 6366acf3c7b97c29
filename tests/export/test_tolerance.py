import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from export_models import TinyModel

from tfdisent.errors import RunError
from tfdisent.export.contract import endpoints_of
from tfdisent.export.gate import check_export
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


def test_one_network_is_held_to_1e5():
    model = Steep()
    assert of(model, "encode", IMAGES) == TOLERANCE == 1e-5
    assert of(model, "decode", tf.zeros([3, 5])) == TOLERANCE


def test_behind_both_it_is_what_codes_1e5_off_move():
    """Of a linear decoder: the sum of a pixel's weights, by hand."""

    class Linear(TinyModel):
        def decode(self, codes):
            pixels = 0.5 + 10 * self.decoder(codes)
            return tfd.Independent(tfd.Normal(pixels, 1.0), 3)

    model = Linear()
    found = of(model, "reconstruct", tf.zeros([1, 4, 3, 2]))  # of codes 0
    (dense, _) = model.decoder.layers
    weights = 10 * np.abs(dense.kernel.numpy()).sum(axis=0)  # [pixels]
    expected = 1e-5 + 1e-5 * weights.max()
    np.testing.assert_allclose(found, expected, rtol=0.03)
    assert of(Flat(), "reconstruct", IMAGES) == TOLERANCE


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
