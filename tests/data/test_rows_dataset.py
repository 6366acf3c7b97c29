import itertools

import numpy as np
import pytest

from tfdisent.data.image_rows import ImageRows
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.errors import UsageError

SIZES = (2, 3, 4)
NAMES = ("shape", "scale", "angle")
PRODUCT = np.array(list(itertools.product(*map(range, SIZES))))


def image_of(factors):
    """An image [1, 3, 1] that spells out the factors."""
    return np.asarray(factors, np.uint8)[..., None, :, None]


def dataset_of(factors, rows=None, names=NAMES, **options):
    rows = image_of(factors) if rows is None else rows
    return RowsDataset(
        rows,
        factors,
        name="some",
        provenance="a file",
        factor_names=names,
        **options,
    )


@pytest.fixture(params=["stored in order", "shuffled"])
def product(request):
    order = np.arange(24)
    if request.param == "shuffled":
        order = np.random.default_rng(0).permutation(24)
    return dataset_of(PRODUCT[order])


# Of 24 combinations 18, and one of these three times.
TABLE = np.concatenate([PRODUCT[[7, 7]], PRODUCT[6:][::-1]])


@pytest.fixture
def table():
    return dataset_of(TABLE, factor_sizes=SIZES)


class TestProduct:
    def test_it_is_one_in_the_order_of_its_factors(self, product):
        assert product.is_product and len(product) == 24
        assert product.factor_sizes == SIZES and product.factor_names == NAMES
        every = np.arange(24)
        np.testing.assert_array_equal(product.factors_of(every), PRODUCT)
        np.testing.assert_array_equal(product.images(every), image_of(PRODUCT))

    def test_indices_and_factors_belong_together(self, product):
        indices = np.array([5, 0, 23, 5])
        factors = product.factors_of(indices)
        np.testing.assert_array_equal(product.indices_of(factors), indices)
        np.testing.assert_array_equal(
            product.images(indices), image_of(factors)
        )

    def test_drawn_factors_are_uniform_and_independent(self, product):
        drawn = product.sample_factors(24_000, np.random.default_rng(0))
        counts = np.bincount(product.indices_of(drawn), minlength=24)
        assert drawn.shape == (24_000, 3) and drawn.dtype == np.int64
        # 1000 each, with a standard deviation of 31.
        assert counts.min() > 850 and counts.max() < 1150


class TestTable:
    def test_it_is_in_its_stored_order(self, table):
        assert not table.is_product and len(table) == 20
        assert table.factor_sizes == SIZES
        every = np.arange(20)
        np.testing.assert_array_equal(table.factors_of(every), TABLE)
        np.testing.assert_array_equal(table.images(every), image_of(TABLE))

    def test_the_first_of_several_images_is_found(self, table):
        indices = table.indices_of(PRODUCT[[7, 23, 6]])
        np.testing.assert_array_equal(indices, [0, 2, 19])

    def test_the_first_of_very_many_images_is_found(self):
        factors = np.random.default_rng(0).integers(3, size=(5000, 1))
        table = dataset_of(factors, names=("shape",))
        expected = [np.argmax(factors[:, 0] == value) for value in range(3)]
        found = table.indices_of(np.arange(3)[:, None])
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("missing", [0, 5])
    def test_combinations_that_do_not_occur_are_refused(self, table, missing):
        with pytest.raises(ValueError, match="1 of 2 combinations"):
            table.indices_of(PRODUCT[[7, missing]])

    def test_a_combination_past_the_last_is_refused(self):
        table = dataset_of(PRODUCT[:20], factor_sizes=SIZES)
        with pytest.raises(ValueError, match="1 of 1 combinations"):
            table.indices_of(PRODUCT[[23]])

    def test_factors_are_drawn_as_often_as_they_occur(self, table):
        drawn = table.sample_factors(20_000, np.random.default_rng(0))
        counts = np.zeros(SIZES, int)
        np.add.at(counts, tuple(drawn.T), 1)
        expected = np.zeros(SIZES, int)
        np.add.at(expected, tuple(TABLE.T), 1000)
        assert np.abs(counts - expected).max() < 200

    def test_as_many_images_as_combinations_need_not_be_a_product(self):
        factors = PRODUCT.copy()
        factors[3] = factors[4]
        table = dataset_of(factors, factor_sizes=SIZES)
        assert not table.is_product
        np.testing.assert_array_equal(table.factors_of([3, 4]), factors[3:5])


class TestNoFactors:
    @pytest.fixture
    def bare(self):
        rows = image_of(PRODUCT)
        return dataset_of(np.empty((24, 0)), rows, names=())

    def test_it_has_images_and_no_factors(self, bare):
        assert len(bare) == 24 and not bare.is_product
        assert bare.factor_names == bare.factor_sizes == ()
        indices = np.array([23, 4])
        np.testing.assert_array_equal(
            bare.images(indices), image_of(PRODUCT[indices])
        )
        assert bare.factors_of(indices).shape == (2, 0)

    def test_drawing_and_looking_up_nothing_works(self, bare):
        drawn = bare.sample_factors(5, np.random.default_rng(0))
        assert drawn.shape == (5, 0)
        np.testing.assert_array_equal(bare.indices_of(drawn), np.zeros(5))


def test_images_may_lie_in_a_file(tmp_path):
    path = tmp_path / "rows"
    order = np.random.default_rng(0).permutation(24)
    path.write_bytes(image_of(PRODUCT[order]).tobytes())
    dataset = dataset_of(PRODUCT[order], ImageRows(path, (24, 1, 3, 1)))
    assert dataset.storage == str(path) and dataset.image_shape == (1, 3, 1)
    indices = np.array([9, 0, 9])
    np.testing.assert_array_equal(
        dataset.images(indices), image_of(PRODUCT[indices])
    )


def test_images_are_new_arrays(product):
    product.images(np.array([3]))[:] = 99
    np.testing.assert_array_equal(product.images([3]), image_of(PRODUCT[[3]]))


def test_sizes_are_those_that_occur_unless_given():
    assert dataset_of(TABLE).factor_sizes == (2, 3, 4)
    assert dataset_of(TABLE, factor_sizes=(5, 5, 5)).factor_sizes == (5, 5, 5)


def test_names_of_values_and_provenance_are_kept():
    dataset = dataset_of(TABLE, value_names={"shape": ("a", "b")})
    assert dataset.value_names == {"shape": ("a", "b")}
    assert (dataset.provenance, dataset.storage) == ("a file", "memory")


@pytest.mark.parametrize("value", [-1, 3])
def test_a_value_outside_its_factor_is_named(value):
    factors = TABLE.copy()
    factors[5, 1] = value
    with pytest.raises(ValueError, match="scale has values"):
        dataset_of(factors, image_of(TABLE), factor_sizes=SIZES)


@pytest.mark.parametrize("factors", [TABLE[:-1], TABLE[:, :-1]])
def test_a_table_that_does_not_fit_is_refused(factors):
    with pytest.raises(ValueError, match="shape"):
        dataset_of(factors, image_of(TABLE))


def test_more_combinations_than_can_be_numbered_are_refused():
    factors = np.repeat([[0], [99_999]], 4, axis=1)
    with pytest.raises(UsageError, match="leave some factors out"):
        dataset_of(factors, np.zeros((2, 1, 1, 1), np.uint8), names="abcd")
