"""What every entry of DATASETS must do."""

import hashlib
import pathlib
import re

import numpy as np
import pytest
from stored_files import TABLES

from tfdisent.data import DATASETS, DRAWN, STORED
from tfdisent.data.members import members_of
from tfdisent.data.subsets import parse_subset
from tfdisent.errors import UsageError

# sha256 of every 9,973rd image of what is drawn, the same on every machine.
HASHES = {
    "dsprites": (
        "5b4cdff8ed78e5f0ea87a9eaad3118978ed733a3b28b42e2040f8eb4a2f33f09"
    ),
    "dsprites_color": (
        "f45bcbd4bc1a0b51d5a84fe227975bac4ec9929c951189eb06bebd8dfd600cba"
    ),
    "dsprites_noisy": (
        "a254e04a6f072af5d17ce1559251cd3f2ae99555f18da9cf70bf7ba5e3838669"
    ),
    "shapes3d": (
        "f6bfe614a4e8fc8915e56dbb12d1b756f008f36916582dfb32dd98dd08cfde30"
    ),
    "mpi3d_rendered": (
        "cb37399a2fed94d561486b2dca7db6e3c3e1f475329e566de38effe7cec7899a"
    ),
    "room": "66a6ee9a7e949bcef1e5a7f07bbf8238fc7f81e466933fcc014bd4bbe85bf721",
}
# Means of their channels instead, where decoders of JPEG may differ by a level.
MEANS = {
    "photo_patches": [
        [183.19, 207.03, 234.54],
        [141.95, 144.10, 130.92],
        [205.50, 85.47, 37.48],
    ]
}


@pytest.fixture
def indices(dataset):
    return np.random.default_rng(0).integers(len(dataset), size=200)


def test_it_says_what_it_is(dataset, arguments):
    assert DATASETS[dataset.name].__doc__
    assert arguments["name"].startswith(dataset.name)
    assert len(dataset.factor_names) == len(dataset.factor_sizes)
    assert len(set(dataset.factor_names)) == len(dataset.factor_names)
    sizes = dict(zip(dataset.factor_names, dataset.factor_sizes, strict=True))
    for factor, names in dataset.value_names.items():
        # The tiny files have not all values.
        assert len(set(names)) == len(names) >= sizes[factor]
        assert len(names) == sizes[factor] or dataset.name in STORED
    assert dataset.whole is dataset
    dataset.verify()


def test_all_but_tables_are_products(dataset, request):
    case = request.node.callspec.params["arguments"]
    assert dataset.is_product == (case not in TABLES)
    if dataset.is_product:
        assert len(dataset) == np.prod(dataset.factor_sizes)


def test_nothing_is_called_the_original_that_is_not(dataset, arguments):
    # The files are written by the tests, and drawn ones never are.
    assert "original" not in dataset.provenance
    assert re.search(r"(sha256|md5) [0-9a-f]{8}", dataset.provenance)
    if file := arguments.get("data_file", arguments.get("background_file")):
        assert pathlib.Path(file).name in dataset.provenance
    if dataset.name in DRAWN and dataset.name not in MEANS:
        assert dataset.provenance.startswith("rendered (sha256 ")


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_images_are_those_of_every_machine(name, load_kept):
    dataset = load_kept(name)
    images = dataset.images(np.arange(0, len(dataset), 9973))
    if name in MEANS:
        means = images.mean(axis=(1, 2))
        np.testing.assert_allclose(means, MEANS[name], atol=0.5)
    else:
        digest = hashlib.sha256(images).hexdigest()
        assert digest == HASHES.get(name)


def test_images_are_uint8_of_the_shape(dataset, indices):
    images = dataset.images(indices)
    assert images.dtype == np.uint8
    assert images.shape == (200, *dataset.image_shape)
    assert images.max() - images.min() > 150
    assert dataset.images(indices[:0]).shape == (0, *dataset.image_shape)


def test_the_same_index_gives_the_same_image(dataset, indices):
    images = dataset.images(indices)
    images_before = images.copy()
    backwards = dataset.images(indices[::-1])[::-1]
    np.testing.assert_array_equal(images, backwards)
    images[:] = 7  # What is handed out is the caller's own.
    np.testing.assert_array_equal(dataset.images(indices), images_before)
    one_by_one = [dataset.images([index])[0] for index in indices[:5]]
    np.testing.assert_array_equal(one_by_one, images_before[:5])


def test_the_second_time_it_comes_from_what_was_kept(
    dataset, arguments, indices, load_kept, drawn_dir
):
    before = times(dataset, drawn_dir)
    again = load_kept(**arguments)
    assert times(dataset, drawn_dir) == before
    assert again.storage == dataset.storage
    assert again.provenance == dataset.provenance
    np.testing.assert_array_equal(
        again.images(indices), dataset.images(indices)
    )
    if dataset.storage != "memory":
        path = pathlib.Path(dataset.storage)
        given = arguments.get("data_file")
        assert path.is_relative_to(drawn_dir) or str(path) == given


def times(dataset, drawn_dir):
    """Of the files that keep it; other processes write theirs meanwhile."""
    path = pathlib.Path(dataset.storage)
    if not path.is_relative_to(drawn_dir):
        return {}
    files = [path] if path.parent == drawn_dir else path.parent.iterdir()
    return {path: path.stat().st_mtime_ns for path in files}


def test_factors_are_in_their_range(dataset, indices):
    factors = dataset.factors_of(indices)
    assert factors.dtype == np.int64
    assert factors.shape == (200, len(dataset.factor_names))
    assert np.all((factors >= 0) & (factors < dataset.factor_sizes))
    with pytest.raises((ValueError, IndexError)):
        dataset.factors_of([len(dataset)])


def test_an_index_of_factors_has_these_factors(dataset, indices):
    factors = dataset.factors_of(indices)
    found = dataset.indices_of(factors)
    np.testing.assert_array_equal(dataset.factors_of(found), factors)
    if dataset.is_product:
        np.testing.assert_array_equal(found, indices)
    if dataset.factor_names:
        with pytest.raises(ValueError):
            dataset.indices_of([dataset.factor_sizes])


def test_sampled_factors_are_members(dataset):
    factors = dataset.sample_factors(500, np.random.default_rng(1))
    assert factors.shape == (500, len(dataset.factor_sizes))
    np.testing.assert_array_equal(
        dataset.factors_of(dataset.indices_of(factors)), factors
    )
    np.testing.assert_array_equal(
        factors, dataset.sample_factors(500, np.random.default_rng(1))
    )
    for k, size in enumerate(dataset.factor_sizes):
        if dataset.is_product and size < 50:
            assert len(np.unique(factors[:, k])) == size


def test_some_images_at_random_are_a_view(dataset):
    view = parse_subset("random=5@0")(dataset)
    assert len(view) == 5 and view.whole is dataset
    assert view.provenance == f"subset(random=5@0) of {dataset.provenance}"
    members = members_of(view)
    np.testing.assert_array_equal(
        view.images(np.arange(5)), dataset.images(members)
    )
    np.testing.assert_array_equal(
        view.factors_of(np.arange(5)), dataset.factors_of(members)
    )


def test_the_first_values_of_a_factor_are_a_view(dataset):
    if not dataset.factor_names:
        with pytest.raises(UsageError, match="no factors"):
            parse_subset("size<=1")(dataset)
        return
    k = np.argmax(dataset.factor_sizes)
    last = max(1, dataset.factor_sizes[k] // 2)
    view = parse_subset(f"{dataset.factor_names[k]}<={last}")(dataset)
    values = dataset.factors_of(np.arange(len(dataset)))[:, k]
    assert len(view) == np.sum(values < last) < len(dataset)
    factors = view.factors_of(np.arange(0, len(view), 997))
    assert (factors[:, k] < last).all()
    np.testing.assert_array_equal(
        view.images(view.indices_of(factors)),
        dataset.images(dataset.indices_of(factors)),
    )
