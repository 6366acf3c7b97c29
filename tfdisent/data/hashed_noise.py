"""Noise that belongs to an image: a function of its index and a seed alone."""

import functools

import numpy as np

_POOL_SIZE = 1 << 24
_STEP = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio


def hashes(indices: np.ndarray, seed: int) -> np.ndarray:
    """Well mixed numbers, [n] uint64, for indices [n] and a seed >= 0.

    Number i + 1 of the generator SplitMix64, started at the seed's own place:

        hash = mix(mix((seed + 1) step) + (i + 1) step)    modulo 2^64

    References:
      Steele et al., "Fast splittable pseudorandom number generators", 2014.
    """
    start = _mixed(np.array([(seed + 1) * _STEP % (1 << 64)], np.uint64))
    steps = np.asarray(indices, np.uint64) + np.uint64(1)
    return _mixed(start + steps * np.uint64(_STEP))


def uniforms(indices: np.ndarray, seed: int, count: int) -> np.ndarray:
    """Draws from [0, 1), [n, count] float64, for indices [n]."""
    rows = hashes(indices, seed)[:, None]
    words = hashes(rows + np.arange(count, dtype=np.uint64), seed + 1)
    return (words >> np.uint64(11)) * 2.0**-53


def noise_bytes(indices: np.ndarray, seed: int, count: int) -> np.ndarray:
    """Uniform bytes, [n, count] uint8, for indices [n].

    They are cut out of one pool of 16 million random bytes, each image's from a
    place of its own. So two images may share some noise, at different pixels;
    drawing every byte anew would take ten times as long.
    """
    starts = hashes(indices, seed) % np.uint64(_POOL_SIZE - count + 1)
    cuts = np.lib.stride_tricks.sliding_window_view(_pool(), count)
    return cuts[starts.astype(np.int64)]


def _mixed(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@functools.cache
def _pool() -> np.ndarray:
    words = np.random.PCG64(0).random_raw(_POOL_SIZE // 8)
    return words.astype("<u8").view(np.uint8)
