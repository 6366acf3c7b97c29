import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from tfdisent.data.photo_patches import load_photo_patches
from tfdisent.errors import UsageError

MEANS = [[156.04, 158.02, 152.40], [51.49, 73.30, 60.69]]


@pytest.mark.parametrize("size, grid", [(None, (91, 145)), (32, (99, 153))])
def test_patches_are_squares_of_the_photographs(size, grid):
    dataset = load_photo_patches(image_size=size)
    size = size or 64
    assert dataset.factor_names == ("photo", "row", "column")
    assert dataset.factor_sizes == (2, *grid)
    assert dataset.image_shape == (size, size, 3)
    photos = load_sample_images().images
    indices = np.random.default_rng(0).integers(len(dataset), size=50)
    indices = np.append(indices, [0, len(dataset) - 1])
    images = dataset.images(indices)
    assert images.dtype == np.uint8 and images.flags.c_contiguous
    for image, (photo, row, column) in zip(
        images, dataset.factors_of(indices), strict=True
    ):
        top, left = 4 * row, 4 * column
        np.testing.assert_array_equal(
            image, photos[photo][top : top + size, left : left + size]
        )


def test_the_photographs_are_those_that_are_known():
    # Averages, as JPEG decoders may differ by a level in some pixels.
    dataset = load_photo_patches()
    rows = np.arange(0, dataset.factor_sizes[1], 16)
    factors = [(p, r, c) for p in (0, 1) for r in rows for c in (0, 72, 144)]
    images = dataset.images(dataset.indices_of(factors))
    means = images.reshape(2, -1, 3).mean(axis=1)
    np.testing.assert_allclose(means, MEANS, atol=0.5)
    assert dataset.value_names == {"photo": ("china", "flower")}
    assert "no data set of the literature" in dataset.provenance


def test_another_size_is_refused():
    with pytest.raises(UsageError, match="--image_size=48 must be 32 or 64"):
        load_photo_patches(image_size=48)


def test_scikit_learn_is_not_imported():
    code = (
        "import sys; from tfdisent.data import photo_patches as p; "
        "p.load_photo_patches(); assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
