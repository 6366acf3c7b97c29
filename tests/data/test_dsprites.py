import numpy as np
import pytest

from tfdisent.data.dsprites import load_dsprites
from tfdisent.errors import UsageError


def centroid(image):
    rows, columns = np.nonzero(image[:, :, 0])
    return rows.mean(), columns.mean()


def test_it_has_the_published_factors(dsprites):
    assert dsprites.factor_names == (
        "shape",
        "scale",
        "orientation",
        "x_position",
        "y_position",
    )
    assert dsprites.factor_sizes == (3, 6, 40, 32, 32)
    assert dsprites.image_shape == (64, 64, 1)
    assert len(dsprites) == 737_280


def test_images_are_the_packed_bits_as_0_and_255(dsprites, packed):
    indices = np.array([0, 737_279, 400_123, 0])
    images = dsprites.images(indices)
    assert images.dtype == np.uint8 and images.shape == (4, 64, 64, 1)
    for index, image in zip(indices, images, strict=True):
        words = packed[index].view("<u8")
        for row in (0, 17, 40):
            bits = [int(words[row]) >> column & 1 for column in range(64)]
            np.testing.assert_array_equal(image[row, :, 0] // 255, bits)


def test_x_moves_right_and_y_moves_down_by_32_over_31_pixels(dsprites):
    factors = np.array([(2, 5, 4, 5, 6), (2, 5, 4, 31, 6), (2, 5, 4, 5, 31)])
    start, right, down = map(
        centroid, dsprites.images(dsprites.indices_of(factors))
    )
    assert right[1] - start[1] == pytest.approx(26 * 32 / 31, abs=0.2)
    assert right[0] == pytest.approx(start[0], abs=0.2)
    assert down[0] - start[0] == pytest.approx(25 * 32 / 31, abs=0.2)
    assert down[1] == pytest.approx(start[1], abs=0.2)


def test_area_grows_with_the_square_of_the_scale(dsprites):
    factors = np.array([(s, k, 3, 16, 16) for s in range(3) for k in (0, 5)])
    images = dsprites.images(dsprites.indices_of(factors))
    areas = (images > 0).sum((1, 2, 3)).reshape(3, 2)
    np.testing.assert_allclose(areas[:, 1] / areas[:, 0], 4, rtol=0.1)


def test_without_a_cache_it_stays_in_memory(tmp_path, caplog):
    (tmp_path / "file").write_text("not a folder")
    dataset = load_dsprites(data_dir=str(tmp_path / "file"))
    assert dataset.storage == "memory"
    assert dataset.provenance == "rendered (sha256 faaf9cf5)"
    assert "Cannot keep the data" in caplog.text


@pytest.mark.parametrize("source", ["data_file", "tfds_data_dir"])
def test_a_source_that_is_not_there_is_named(tmp_path, source):
    path = str(tmp_path / "missing")
    with pytest.raises(UsageError, match="missing"):
        load_dsprites(**{source: path})
