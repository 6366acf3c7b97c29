import hashlib

import numpy as np
import pytest

from tfdisent.data.hashed_noise import hashes, noise_bytes, uniforms

INDICES = np.arange(100_000)
PINNED_HASHES = [16886114407743784434, 7276452696135751452, 6290713634057807997]
PINNED_UNIFORMS = [0.33032983721149023, 0.3528280740354951, 0.5397451230495609]
PINNED_NOISE = (
    "2e3ea0d802a3c469e117ae730a1ffceed2535435f9d22511ac7a60e0d865e640"
)


def splitmix64(state, count):
    """The generator as its authors write it, in Python's integers."""
    mask, numbers = (1 << 64) - 1, []
    for _ in range(count):
        state = state + 0x9E3779B97F4A7C15 & mask
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
        numbers.append(z ^ z >> 31)
    return numbers


def test_the_reference_gives_the_published_numbers():
    assert splitmix64(1234567, 2) == [6457827717110365317, 3203168211198807973]


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**64 - 2])
def test_hashes_are_splitmix64_started_at_the_seed(seed):
    start = splitmix64(seed * 0x9E3779B97F4A7C15, 1)[0]
    assert hashes(np.arange(5), seed).tolist() == splitmix64(start, 5)


def test_no_two_indices_or_seeds_share_a_hash():
    rows = [hashes(INDICES, seed) for seed in range(8)]
    assert len(np.unique(rows)) == 8 * len(INDICES)


def test_uniforms_fill_the_interval_evenly():
    draws = uniforms(INDICES, 0, 4)
    assert draws.shape == (100_000, 4) and draws.dtype == np.float64
    assert 0 <= draws.min() < 1e-4 and 1 - 1e-4 < draws.max() < 1
    for column in draws.T:
        counts, _ = np.histogram(column, 100, (0, 1))
        # Chi squared with 99 degrees of freedom: 99 +- 14.
        assert 55 < np.sum((counts - 1000) ** 2 / 1000) < 160


def test_draws_of_indices_columns_and_seeds_are_independent():
    a = uniforms(INDICES, 0, 2)
    b = uniforms(INDICES, 1, 2)
    neighbours = np.roll(a, 1, axis=0)
    far = np.roll(a, 1024, axis=0)
    correlations = np.corrcoef(np.hstack([a, b, neighbours, far]).T)
    # 4 standard deviations, 1 / sqrt(100,000) each, and a margin.
    assert np.abs(correlations - np.eye(8)).max() < 0.015


def test_an_image_keeps_its_noise_whatever_it_is_asked_with():
    together = noise_bytes(np.array([5, 7, 9]), 3, 100)
    np.testing.assert_array_equal(
        noise_bytes(np.array([7]), 3, 100)[0], together[1]
    )
    np.testing.assert_array_equal(
        uniforms(np.array([7]), 3, 4)[0], uniforms(np.array([5, 7]), 3, 4)[1]
    )


def test_noise_bytes_are_uniform_and_differ_by_index_and_seed():
    noise = noise_bytes(INDICES[:200], 0, 5000)
    assert noise.shape == (200, 5000) and noise.dtype == np.uint8
    counts = np.bincount(noise.ravel(), minlength=256)
    # Chi squared with 255 degrees of freedom: 255 +- 23.
    expected = noise.size / 256
    assert 160 < np.sum((counts - expected) ** 2 / expected) < 360
    other = noise_bytes(INDICES[:200], 1, 5000)
    for same_pixels in (
        np.roll(noise, 1, axis=0),
        np.roll(noise, 1, axis=1),
        other,
    ):
        correlation = np.corrcoef(noise.ravel(), same_pixels.ravel())[0, 1]
        assert abs(correlation) < 0.005


def test_noise_is_a_new_array():
    first = noise_bytes(np.array([4]), 0, 10)
    before = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(noise_bytes(np.array([4]), 0, 10), before)


def test_no_index_gives_no_rows():
    none = np.array([], np.int64)
    assert hashes(none, 0).shape == (0,)
    assert uniforms(none, 0, 3).shape == (0, 3)
    assert noise_bytes(none, 0, 3).shape == (0, 3)


def test_it_is_the_same_on_every_machine():
    indices = np.array([0, 1, 737_279])
    assert hashes(indices, 7).tolist() == PINNED_HASHES
    np.testing.assert_array_equal(
        uniforms(indices, 7, 1)[:, 0], PINNED_UNIFORMS
    )
    noise = noise_bytes(np.arange(2000), 7, 4096)
    assert hashlib.sha256(noise).hexdigest() == PINNED_NOISE
