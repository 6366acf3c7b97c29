import numpy as np
import pytest

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation.code_files import function_codes, load_codes
from tfdisent.metrics.codes import factors_at, posteriors_at
from tfdisent.metrics.mig import mig_histogram

CODES = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
FACTORS = np.stack([np.arange(50) % 5, np.arange(50) // 25], axis=1)


@pytest.fixture
def save(tmp_path):
    def save(**arrays):
        np.savez(tmp_path / "codes.npz", **arrays)
        return tmp_path / "codes.npz"

    return save


def test_codes_and_factors_are_the_files(save):
    sampler = load_codes(save(codes=CODES, factors=FACTORS))
    points = np.array([3, 49, 3])
    np.testing.assert_array_equal(sampler.codes(points), CODES[points])
    np.testing.assert_array_equal(factors_at(sampler, points), FACTORS[points])
    assert sampler.factor_sizes == (5, 2)
    assert sampler.factor_names == ("factor_0", "factor_1")
    with pytest.raises(NotApplicable):
        posteriors_at(sampler, points, "metric")


def test_names_of_factors(save):
    path = save(codes=CODES, factors=FACTORS, factor_names=["size", "shape"])
    assert load_codes(path).factor_names == ("size", "shape")
    assert load_codes(str(path), ["a", "b"]).factor_names == ("a", "b")


def test_codes_alone(save):
    sampler = load_codes(save(codes=CODES))
    assert sampler.factor_names == ()
    with pytest.raises(NotApplicable, match="needs the factors"):
        mig_histogram(sampler, np.random.default_rng(0), num_points=50)


def test_posteriors(save):
    sampler = load_codes(save(codes=CODES, stddev=np.abs(CODES)))
    mean, stddev = posteriors_at(sampler, np.array([4, 2]), "metric")
    np.testing.assert_array_equal(mean, CODES[[4, 2]])
    np.testing.assert_array_equal(stddev, np.abs(CODES[[4, 2]]))


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"z": CODES, "v": FACTORS}, "holds z, v; it must hold .* codes"),
        ({}, "holds nothing"),
        ({"codes": CODES, "factors": FACTORS[:9]}, r"\(50, 3\) .* \(9, 2\)"),
        ({"codes": CODES, "factors": FACTORS - 1}, "outside 0..size - 1"),
        ({"codes": CODES, "factors": FACTORS + 0.5}, "whole numbers"),
        ({"codes": CODES[0]}, "shape"),
        ({"codes": CODES * np.nan}, "NaN"),
        ({"codes": CODES, "stddev": CODES[:9]}, r"stddev \(9, 3\)"),
        ({"codes": CODES, "stddev": -np.abs(CODES)}, "0 or less"),
        ({"codes": CODES, "stddev": CODES * np.nan}, "NaN"),
        (
            {"codes": CODES, "factors": FACTORS, "factor_names": ["size"]},
            "1 factor_names were given for 2",
        ),
        ({"codes": np.array([{}])}, "plain arrays"),
    ],
)
def test_bad_arrays(save, arrays, message):
    path = save(**arrays)
    with pytest.raises(UsageError, match=message) as caught:
        load_codes(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_files_that_are_no_npz(tmp_path, save):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_codes(tmp_path / "none.npz")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load_codes(tmp_path)
    whole = save(codes=CODES).read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2]):
        (tmp_path / "bad.npz").write_bytes(content)
        with pytest.raises(UsageError, match="bad.npz is no .npz file"):
            load_codes(tmp_path / "bad.npz")
    np.save(tmp_path / "one.npy", CODES)
    with pytest.raises(UsageError, match="is no .npz file"):
        load_codes(tmp_path / "one.npy")


def test_other_arrays_of_a_file_are_not_read(save):
    path = save(codes=CODES, notes=np.array([{"made": "of objects"}]))
    assert load_codes(path).num_points == 50


def test_codes_of_a_function(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def half(factors):\n    return factors[:, :1] / 2\n")
    sampler = function_codes(f"{file}:half", (3, 4), ("a", "b"))
    points = np.arange(12)
    np.testing.assert_array_equal(
        sampler.codes(points)[:, 0], sampler.factors(points)[:, 0] / 2
    )
    assert sampler.factor_names == ("a", "b")


def test_a_function_of_a_package():
    sampler = function_codes("numpy.ma.core:negative", (3, 4))
    np.testing.assert_array_equal(sampler.codes(np.array([5])), [[-1, -1]])


@pytest.mark.parametrize(
    "name, message",
    [
        ("numpy", "'numpy' names no function; write package.module:function"),
        (":f", "names no function"),
        ("numpy:", "names no function"),
        ("numpy:no_such", "numpy has no function 'no_such'"),
        ("numpy:pi", "numpy has no function 'pi'"),
        ("no.such.module:f", "ModuleNotFoundError"),
        ("no_such.py:f", "FileNotFoundError"),
        ("{folder}/bad.py:f", "bad.py cannot be imported: SyntaxError"),
        ("{folder}/fails.py:f", "ZeroDivisionError: division by zero"),
    ],
)
def test_no_function(tmp_path, name, message):
    (tmp_path / "bad.py").write_text("def f(:\n")
    (tmp_path / "fails.py").write_text("1 / 0\n")
    with pytest.raises(UsageError, match=message):
        function_codes(name.format(folder=tmp_path), (3, 4))
