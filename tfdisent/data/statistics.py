"""What a data set holds, counted over all of its images."""

import hashlib
from typing import NamedTuple

import numpy as np
import tqdm

from tfdisent.data.factor_dataset import FactorDataset

_BYTES_PER_READ = 1 << 25


class Statistics(NamedTuple):
    """Of all images of a data set.

    Attributes:
      counts: Name of each factor -> images with each of its values.
      mean_image: `[H, W, C]` in [0, 1].
      mean: Of each channel, C numbers in [0, 1].
      sha256: Of the images [N, H, W, C] uint8, in the order of their indices.
    """

    counts: dict[str, list[int]]
    mean_image: np.ndarray
    mean: list[float]
    sha256: str


def statistics(dataset: FactorDataset) -> Statistics:
    """Reads every image once, with a progress bar."""
    total = np.zeros(dataset.image_shape, np.int64)
    digest = hashlib.sha256()
    sizes = zip(dataset.factor_names, dataset.factor_sizes, strict=True)
    counts = {name: np.zeros(size, np.int64) for name, size in sizes}
    num_reads = -(-len(dataset) * total.size // _BYTES_PER_READ)
    with tqdm.tqdm(
        total=len(dataset), desc="counting", unit=" images", disable=None
    ) as progress:
        for indices in np.array_split(np.arange(len(dataset)), num_reads):
            images = dataset.images(indices)
            digest.update(images)
            total += images.sum(axis=0, dtype=np.uint32)
            for name, values in zip(
                counts, dataset.factors_of(indices).T, strict=True
            ):
                counts[name] += np.bincount(values, minlength=len(counts[name]))
            progress.update(len(indices))
    mean_image = total / 255 / len(dataset)
    return Statistics(
        counts={name: count.tolist() for name, count in counts.items()},
        mean_image=mean_image,
        mean=mean_image.mean(axis=(0, 1)).tolist(),
        sha256=digest.hexdigest(),
    )
