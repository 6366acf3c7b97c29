"""Answers of an export in the C++ runtime."""

import io

import numpy as np
import pytest
import tensorflow as tf
from export_models import TinyModel, serve
from PIL import Image

from tfdisent.export.saved_model import export_model

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


def test_encode_sample_adds_the_draw_of_the_rows_seed(tiny_model, exported):
    seeds = np.array([7, -1, 7])
    together, alone, drawn = serve(
        exported,
        [
            ("encode_sample", {"images": IMAGES, "seed": seeds}),
            ("encode_sample", {"images": IMAGES[1:2], "seed": seeds[1:2]}),
            ("sample", {"seed": seeds}),
        ],
    )
    mean, stddev = _posterior_of(tiny_model, IMAGES)
    np.testing.assert_allclose(
        together["codes"], mean + stddev * drawn["codes"], atol=1e-5
    )
    np.testing.assert_allclose(
        together["codes"][1], alone["codes"][0], atol=1e-5
    )


def test_traverse_images_moves_the_mean(tiny_model, exported):
    mean, _ = _posterior_of(tiny_model, IMAGES)
    moves = {key: TRAVERSE[key] for key in ("latent", "values")}
    images, codes = serve(
        exported,
        [
            ("traverse_images", moves | {"images": IMAGES}),
            ("traverse", moves | {"codes": mean}),
        ],
    )
    np.testing.assert_allclose(images["images"], codes["images"], atol=1e-5)


def _levels(files):
    pictures = [np.asarray(Image.open(io.BytesIO(file))) for file in files.flat]
    return np.reshape(pictures, (*files.shape, 4, 3, 1)).astype(float)


def test_png_forms_answer_as_the_plain_ones(exported_grey):
    moves = {key: TRAVERSE[key] for key in ("latent", "values")}
    seed = {"seed": np.array([1, 2, 3])}
    (codes,) = serve(exported_grey, [("decode_png", {"codes": CODES})])
    files = codes["images_bytes"]
    plain = {"images": (_levels(files) / 255).astype(np.float32)}
    calls = {
        "encode": (plain, {}),
        "encode_sample": (plain, seed),
        "decode": ({}, {"codes": CODES}),
        "reconstruct": (plain, {}),
        "sample": ({}, seed),
        "traverse": ({}, TRAVERSE),
        "traverse_images": (plain, moves),
    }
    answers = serve(
        exported_grey,
        [(name, images | rest) for name, (images, rest) in calls.items()]
        + [
            (f"{name}_png", {"images_bytes": files} | rest if images else rest)
            for name, (images, rest) in calls.items()
        ],
    )
    for expected, answer in zip(answers[:7], answers[7:], strict=True):
        for name, array in expected.items():
            if name == "images":
                np.testing.assert_allclose(
                    _levels(answer["images_bytes"]), 255 * array, atol=0.501
                )
            else:
                np.testing.assert_allclose(answer[name], array, atol=1e-5)


def test_bad_pngs_are_refused_and_harm_nobody(exported_grey):
    (answer,) = serve(exported_grey, [("sample_png", {"seed": np.arange(2)})])
    files = answer["images_bytes"]
    wide = io.BytesIO()
    Image.new("L", (4, 4)).save(wide, "png")
    bad = [b"", b"no picture", wide.getvalue(), files[0][:-20]]
    calls = [("encode_png", {"images_bytes": files})]
    for file in bad:
        mixed = np.array([files[0], file], object)
        calls += [("encode_png", {"images_bytes": mixed}), calls[0]]
    calls.append(("encode_png", {"images_bytes": files[None]}))
    first, *answers, wrong_rank = serve(exported_grey, calls)
    for refused in answers[0:6:2]:
        assert "PNG files, 4 pixels high and 3 wide" in refused
    assert "Invalid PNG" in answers[6]
    assert "expected shape [?]" in wrong_rank
    for after in answers[1::2]:
        np.testing.assert_array_equal(after["mean"], first["mean"])


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


def test_empty_batches_of_pngs(exported_grey):
    none = np.zeros(0, object)
    encoded, sampled, traversed = serve(
        exported_grey,
        [
            ("encode_png", {"images_bytes": none}),
            ("sample_png", {"seed": np.zeros(0, np.int64)}),
            ("traverse_png", TRAVERSE | {"values": np.zeros((3, 0), "f4")}),
        ],
    )
    assert encoded["mean"].shape == (0, 5)
    assert sampled["images_bytes"].shape == (0,)
    assert traversed["images_bytes"].shape == (3, 0)


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
        (
            "encode_sample",
            {"images": IMAGES, "seed": np.array([1])},
            "same batch size",
        ),
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


class Noisy(TinyModel):
    """Shows codes and noise as pixels."""

    num_noise = 4

    def generate(self, codes, noise):
        rest = tf.zeros([tf.shape(codes)[0], 24 - 9])
        pixels = tf.concat([codes, noise, rest], axis=1) / 20 + 0.5
        return tf.reshape(pixels, [-1, *self.image_shape])


def test_the_seed_draws_the_noise_apart_from_the_codes(tmp_path):
    seeds = np.arange(200)
    exported = export_model(Noisy(), tmp_path)
    (drawn,) = serve(exported, [("sample", {"seed": seeds})])
    (again,) = serve(
        exported, [("generate", {"codes": drawn["codes"], "seed": seeds})]
    )
    np.testing.assert_allclose(again["images"], drawn["images"], atol=1e-6)
    pixels = 20 * (drawn["images"].reshape(200, -1) - 0.5)
    np.testing.assert_allclose(pixels[:, :5], drawn["codes"], atol=1e-4)
    noise = pixels[:, 5:9]
    assert abs(noise.mean()) < 0.15 and abs(noise.std() - 1) < 0.1
    together = np.corrcoef(drawn["codes"].T, noise.T)[:5, 5:]
    assert np.abs(together).max() < 0.3
