"""Answers of an export in the C++ runtime."""

import numpy as np
import pytest
from export_models import serve

RNG = np.random.default_rng(0)
CODES = RNG.standard_normal((3, 5)).astype(np.float32)
IMAGES = RNG.random((3, 4, 3, 2)).astype(np.float32)
TRAVERSE = {
    "codes": CODES,
    "latent": np.array([0, 4, 2]),
    "values": np.array([[-9.0, 0], [1, 2], [3, 4]], np.float32),
}


def _images_of(model, codes):
    """The decoder's dense layer and the clip, in numpy."""
    kernel, bias = (w.numpy() for w in model.decoder.layers[0].weights)
    images = np.reshape(codes @ kernel + bias, (-1, *model.image_shape))
    return np.clip(images, 0, 1)


def _posterior_of(model, images):
    kernel, bias = (w.numpy() for w in model.encoder.layers[1].weights)
    mean, log_scale = np.split(
        images.reshape(len(images), -1) @ kernel + bias, 2, axis=-1
    )
    return mean, np.exp(log_scale)


@pytest.mark.parametrize("signature", ["encode", "serving_default"])
def test_encode(tiny_model, exported, signature):
    (answer,) = serve(exported, [(signature, {"images": IMAGES})])
    mean, stddev = _posterior_of(tiny_model, IMAGES)
    np.testing.assert_allclose(answer["mean"], mean, atol=1e-5)
    np.testing.assert_allclose(answer["stddev"], stddev, rtol=1e-5)


def test_decode_clips(tiny_model, exported):
    (answer,) = serve(exported, [("decode", {"codes": CODES})])
    expected = _images_of(tiny_model, CODES)
    assert (expected == 0).any() and (expected == 1).any()
    np.testing.assert_allclose(answer["images"], expected, atol=1e-5)


def test_reconstruct_decodes_the_mean(tiny_model, exported):
    (answer,) = serve(exported, [("reconstruct", {"images": IMAGES})])
    mean, _ = _posterior_of(tiny_model, IMAGES)
    np.testing.assert_allclose(
        answer["images"], _images_of(tiny_model, mean), atol=1e-5
    )


def test_traverse_moves_one_latent(tiny_model, exported):
    (answer,) = serve(exported, [("traverse", TRAVERSE)])
    for row in range(3):
        for k in range(2):
            code = CODES[row].copy()
            code[TRAVERSE["latent"][row]] = TRAVERSE["values"][row, k]
            (expected,) = _images_of(tiny_model, code[None])
            np.testing.assert_allclose(
                answer["images"][row, k], expected, atol=1e-5
            )


def test_sample_depends_on_the_rows_seed_alone(tiny_model, exported):
    seeds = np.array([3, -1, 3, 2**62, 3 + 2**32, 0])
    together, reversed_, alone = serve(
        exported,
        [
            ("sample", {"seed": seeds}),
            ("sample", {"seed": seeds[::-1]}),
            ("sample", {"seed": seeds[3:4]}),
        ],
    )
    codes = together["codes"]
    np.testing.assert_array_equal(codes, reversed_["codes"][::-1])
    np.testing.assert_array_equal(codes[3], alone["codes"][0])
    np.testing.assert_array_equal(codes[0], codes[2])
    assert len(np.unique(codes, axis=0)) == 5
    np.testing.assert_allclose(
        together["images"], _images_of(tiny_model, codes), atol=1e-5
    )


def test_sample_draws_from_the_prior(exported):
    (answer,) = serve(exported, [("sample", {"seed": np.arange(4000)})])
    codes = answer["codes"]
    # Five standard errors of 4,000 draws.
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=5 / 4000**0.5)
    np.testing.assert_allclose(
        np.cov(codes, rowvar=False), np.eye(5), atol=5 * (2 / 4000) ** 0.5
    )
    neighbours = np.mean(codes[1:] * codes[:-1], axis=0)
    np.testing.assert_allclose(neighbours, 0, atol=5 / 4000**0.5)


def test_empty_batches_keep_their_rank(exported):
    empty = {key: array[:0] for key, array in TRAVERSE.items()}
    no_values = TRAVERSE | {"values": TRAVERSE["values"][:, :0]}
    encoded, sampled, traversed, none = serve(
        exported,
        [
            ("encode", {"images": IMAGES[:0]}),
            ("sample", {"seed": np.zeros(0, np.int64)}),
            ("traverse", empty),
            ("traverse", no_values),
        ],
    )
    assert encoded["mean"].shape == (0, 5)
    assert sampled["images"].shape == (0, 4, 3, 2)
    assert traversed["images"].shape == (0, 2, 4, 3, 2)
    assert none["images"].shape == (3, 0, 4, 3, 2)


def test_non_finite_values_stay_in_their_row(exported):
    images, codes = IMAGES.copy(), CODES.copy()
    images[1, 0, 0, 0] = np.nan
    codes[1, 2] = np.nan
    encoded, reconstructed, decoded = serve(
        exported,
        [
            ("encode", {"images": images}),
            ("reconstruct", {"images": images}),
            ("decode", {"codes": codes}),
        ],
    )
    for array in (
        encoded["mean"],
        encoded["stddev"],
        reconstructed["images"],
        decoded["images"],
    ):
        assert np.isnan(array[1]).any()
        assert np.isfinite(array[[0, 2]]).all()


def test_bad_requests_are_refused_and_harm_nobody(exported):
    many = np.zeros((3, 257), np.float32)
    bad = [
        ("encode", {"images": IMAGES[:, :3]}, "expected shape [?,4,3,2]"),
        ("encode", {"images": IMAGES[..., :1]}, "expected shape [?,4,3,2]"),
        ("encode", {"images": IMAGES[0]}, "expected shape [?,4,3,2]"),
        ("encode", {"images": IMAGES.astype(np.float64)}, "to be float"),
        ("decode", {"codes": CODES[:, :4]}, "expected shape [?,5]"),
        ("sample", {"seed": np.int64(3)}, "expected shape [?]"),
        ("traverse", TRAVERSE | {"latent": np.array([0, -1, 2])}, "[0, 5)"),
        ("traverse", TRAVERSE | {"latent": np.array([5, 0, 2])}, "[0, 5)"),
        ("traverse", TRAVERSE | {"values": many}, "at most 256 values"),
        ("traverse", TRAVERSE | {"codes": CODES[:1]}, "same batch size"),
        ("traverse", TRAVERSE | {"latent": np.array([0])}, "same batch size"),
    ]
    good = ("traverse", TRAVERSE | {"values": many[:, :256]})
    calls = [good]
    for signature, inputs, _ in bad:
        calls += [(signature, inputs), good]
    first, *answers = serve(exported, calls)
    for (_, _, message), refused, after in zip(
        bad, answers[::2], answers[1::2], strict=True
    ):
        assert message in refused
        np.testing.assert_array_equal(after["images"], first["images"])
