"""Principal components of pixels: a baseline of the beta-VAE paper."""

import numpy as np
from sklearn import decomposition

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import UsageError
from tfdisent.evaluation.dataset_codes import DatasetCodes, pixels
from tfdisent.metrics.checks import check_at_least


def pca(
    dataset: FactorDataset,
    *,
    num_latents: int = 10,
    seed: int = 0,
    num_images: int | None = None,
) -> DatasetCodes:
    """The coordinates of an image along the first principal components.

    Ten components of the 4,096 pixels of dSprites explain 60.8 % of the
    variance, as in the beta-VAE paper, in "explained_variance_ratio" of the
    settings. Two draws of 25,000 images span all but the same space (cosines
    of the principal angles above 0.998).

    Args:
      dataset: Where the images are.
      num_latents: Number of components.
      seed: Of the images and of the randomised solver.
      num_images: Images, drawn at random, that are fitted; 25,000 if None, or
        3,500 of several channels, as in Oxford's replication of the paper.

    Raises:
      UsageError: If a number is out of range.
    """
    return _codes(dataset, num_latents, seed, num_images, whiten=False)


def pca_whitened(
    dataset: FactorDataset,
    *,
    num_latents: int = 10,
    seed: int = 0,
    num_images: int | None = None,
) -> DatasetCodes:
    """`pca` with each component divided by its standard deviation."""
    return _codes(dataset, num_latents, seed, num_images, whiten=True)


def _codes(dataset, num_latents, seed, num_images, whiten) -> DatasetCodes:
    model = fit_pca(dataset, num_latents, seed, num_images, whiten=whiten)
    explained = model.explained_variance_ratio_.tolist()
    return DatasetCodes(
        dataset,
        lambda images: model.transform(flat(images)),
        settings={
            "num_latents": num_latents,
            "seed": seed,
            "num_images": model.n_samples_,
            "explained_variance_ratio": explained,
        },
        provenance=(
            f"{'whitened ' if whiten else ''}PCA of {model.n_samples_} images "
            f"of {dataset.provenance}"
        ),
    )


def fit_pca(
    dataset: FactorDataset,
    num_latents: int,
    seed: int,
    num_images: int | None = None,
    *,
    whiten: bool,
) -> decomposition.PCA:
    """Fits num_latents components to random images; see `pca`."""
    check_at_least(1, num_latents=num_latents)
    if num_images is None:
        several_channels = dataset.image_shape[-1] > 1
        num_images = 3_500 if several_channels else 25_000
    points = random_points(dataset, num_images, seed)
    images = flat(pixels(dataset, points))
    most = min(len(images) - 1, images.shape[1])
    if num_latents > most:
        raise UsageError(
            f"num_latents is {num_latents}; {len(images)} images of "
            f"{images.shape[1]} pixels have {most} principal components."
        )
    model = decomposition.PCA(
        num_latents,
        whiten=whiten,
        copy=False,
        svd_solver="randomized",
        random_state=seed,
    )
    return model.fit(images)


def random_points(
    dataset: FactorDataset, num_images: int, seed: int
) -> np.ndarray:
    """Different images at random, [num_images]; all if there are fewer."""
    check_at_least(1, num_images=num_images)
    check_at_least(0, seed=seed)
    if num_images >= len(dataset):
        return np.arange(len(dataset))
    rng = np.random.default_rng(seed)
    return rng.choice(len(dataset), num_images, replace=False)


def flat(images: np.ndarray) -> np.ndarray:
    """Images [n, H, W, C] as rows of pixels, [n, H * W * C]."""
    return images.reshape(len(images), -1)
