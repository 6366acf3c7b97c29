import hashlib

import numpy as np
import pytest
from PIL import Image

from tfdisent.data import dsprites_variants
from tfdisent.data.dsprites_variants import (
    load_dsprites_color,
    load_dsprites_noisy,
    load_dsprites_scream,
)
from tfdisent.errors import RunError, UsageError

INDICES = np.random.default_rng(0).integers(737_280, size=400)
SHA256 = {
    "dsprites_color": (
        "325ad13031fc5404164d69f76bda4f38a873664245304f60fecc33fc4168d674"
    ),
    "dsprites_noisy": (
        "c3c011ea8f29546e0beb0a0f13c981e20719fb36de3c0812d730270fe9981072"
    ),
    "dsprites_scream": (
        "3558e5499d18bf7898ed316bff7057bcd2a990c0aefa739dc6256cda714031d1"
    ),
}


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch, dsprites):
    monkeypatch.setattr(
        dsprites_variants, "load_dsprites", lambda **options: dsprites
    )


def noise_picture(height, width):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.fixture
def saved(tmp_path):
    """Writes a picture to a file; gives its path."""

    def save(array, name="picture.png", mode=None):
        picture = Image.fromarray(array)
        (picture.convert(mode) if mode else picture).save(tmp_path / name)
        return str(tmp_path / name)

    return save


@pytest.fixture
def scream(saved):
    return load_dsprites_scream(background_file=saved(noise_picture(66, 69)))


@pytest.fixture
def variants(scream):
    return load_dsprites_color(), load_dsprites_noisy(), scream


def test_they_have_the_factors_of_dsprites_and_three_channels(
    variants, dsprites
):
    for variant in variants:
        assert variant.factor_names == dsprites.factor_names
        assert variant.factor_sizes == dsprites.factor_sizes
        assert variant.value_names == dsprites.value_names
        assert variant.image_shape == (64, 64, 3)
        assert variant.is_product and len(variant) == 737_280
        assert dsprites.provenance in variant.provenance


def test_the_same_index_gives_the_same_image_always(variants):
    for variant in variants:
        images = variant.images(INDICES)
        assert images.shape == (400, 64, 64, 3) and images.dtype == np.uint8
        np.testing.assert_array_equal(
            variant.images(INDICES[[9, 3, 9]]), images[[9, 3, 9]]
        )
        sha256 = hashlib.sha256(images).hexdigest()
        assert sha256 == SHA256[variant.name], variant.name


def test_no_index_gives_no_image(variants):
    for variant in variants:
        assert variant.images(np.array([], int)).shape == (0, 64, 64, 3)


def test_color_is_the_sprite_in_one_light_colour(dsprites):
    images = load_dsprites_color().images(INDICES)
    sprites = dsprites.images(INDICES) == 255
    colours = images.max((1, 2))
    expected = sprites * colours[:, None, None]
    np.testing.assert_array_equal(images, expected)
    assert colours.min() in range(128, 132)
    assert colours.max() in range(252, 256)
    # Uniform on 128 to 255: mean 191.5 and 37 / sqrt(400) = 1.8 about it.
    np.testing.assert_allclose(colours.mean(0), 191.5, atol=7)
    correlations = np.corrcoef(colours.T)
    assert np.abs(correlations - np.eye(3)).max() < 0.2


def test_noisy_is_a_white_sprite_before_uniform_noise(dsprites):
    images = load_dsprites_noisy().images(INDICES)
    sprites = np.broadcast_to(dsprites.images(INDICES) == 255, images.shape)
    assert np.all(images[sprites] == 255)
    counts = np.bincount(images[~sprites], minlength=256)
    np.testing.assert_allclose(counts / counts.mean(), 1, atol=0.05)
    corner = images[:, :8, :8].reshape(400, -1).astype(float)
    for axis in (0, 1):
        other = np.roll(corner, 1, axis)
        assert abs(np.corrcoef(corner.ravel(), other.ravel())[0, 1]) < 0.03


def place_and_colour(background, picture):
    """All patches and colours of which (patch + colour) / 2 is the image."""
    found = []
    doubled = 2 * background.astype(int)
    for row in range(picture.shape[0] - 63):
        for column in range(picture.shape[1] - 63):
            patch = picture[row : row + 64, column : column + 64]
            least = (doubled - patch).max((0, 1))
            if np.all((doubled + 1 - patch).min((0, 1)) >= least):
                found.append((row, column, *least))
    return found


def test_scream_is_a_tinted_patch_inverted_by_the_sprite(scream, dsprites):
    images = scream.images(INDICES)
    backgrounds = images ^ dsprites.images(INDICES)  # 255 - x where it is white
    picture = noise_picture(66, 69)
    found = [place_and_colour(image, picture) for image in backgrounds]
    assert all(len(candidates) == 1 for candidates in found)
    row, column, *colours = np.array(found)[:, 0].T
    # 3 rows and 6 columns are possible, each about as often.
    np.testing.assert_allclose(np.bincount(row) / 400, 1 / 3, atol=0.1)
    np.testing.assert_allclose(np.bincount(column) / 400, 1 / 6, atol=0.08)
    for colour in colours:
        assert colour.min() < 5 and colour.max() > 250
        assert abs(colour.mean() - 127.5) < 15
    draws = np.corrcoef([row, column, *colours])
    assert np.abs(draws - np.eye(5)).max() < 0.2


def test_a_large_picture_is_made_smaller_first(saved):
    tall = np.zeros((2740, 1000, 3), np.uint8)
    tall[:1370] = 254
    variant = load_dsprites_scream(background_file=saved(tall))
    # 1000 x 2740 becomes 100 x 274: both halves show in about a quarter.
    rows = variant.images(INDICES)[:, :, 0].astype(int)
    steps = np.abs(np.diff(rows.mean(-1), axis=1)).max(1) > 100
    assert np.mean(steps) == pytest.approx(64 / 211, abs=0.1)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
def test_grey_palette_and_alpha_are_pictures_too(saved, mode):
    grey = np.full((64, 64, 3), 102, np.uint8)
    variant = load_dsprites_scream(
        background_file=saved(grey, f"{mode}.png", mode)
    )
    corners = variant.images(INDICES)[:, 0, 0]
    assert corners.min() in range(51, 55) and corners.max() in range(175, 179)


def test_the_provenance_tells_pictures_apart(saved):
    first = noise_picture(64, 64)
    provenances = {
        load_dsprites_scream(background_file=saved(array)).provenance
        for array in (first, first, 255 - first)
    }
    assert len(provenances) == 2
    assert all("over picture.png" in text for text in provenances)


def test_scream_without_a_picture_says_what_to_give():
    with pytest.raises(UsageError, match="--background_file=PICTURE"):
        load_dsprites_scream()


def test_a_picture_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"missing\.png is not a file"):
        load_dsprites_scream(background_file=str(tmp_path / "missing.png"))


def test_a_file_that_is_no_picture_is_named(tmp_path):
    path = tmp_path / "text.png"
    path.write_text("no picture")
    with pytest.raises(RunError, match=r"text\.png"):
        load_dsprites_scream(background_file=str(path))


@pytest.mark.parametrize("size", [(63, 200), (64, 4000)])
def test_a_picture_that_is_too_small_is_named(saved, size):
    path = saved(np.zeros((*size, 3), np.uint8))
    with pytest.raises(UsageError, match="at least 64 x 64"):
        load_dsprites_scream(background_file=path)


@pytest.mark.parametrize("load", [load_dsprites_color, load_dsprites_noisy])
def test_the_sprites_come_from_where_one_says(monkeypatch, dsprites, load):
    given = {}

    def loaded(**options):
        given.update(options)
        return dsprites

    monkeypatch.setattr(dsprites_variants, "load_dsprites", loaded)
    options = {"data_file": "a", "tfds_data_dir": "b", "data_dir": "c"}
    load(**options)
    assert given == options
