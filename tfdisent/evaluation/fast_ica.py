"""Independent components of pixels: a baseline of the beta-VAE paper."""

import itertools
import warnings

from sklearn import decomposition, exceptions

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.factor_views import only
from tfdisent.errors import UsageError
from tfdisent.evaluation.dataset_codes import DatasetCodes
from tfdisent.evaluation.pca import fit_pca, flat, random_points

MAX_ITERATIONS = 400


def fast_ica(
    dataset: FactorDataset,
    *,
    num_latents: int = 10,
    seed: int = 0,
    num_images: int | None = None,
) -> DatasetCodes:
    """FastICA on whitened pixels.

    scikit-learn has no FastICA by mini-batches. But FastICA first reduces
    whitened pixels to num_latents components; here that is the PCA of 25,000
    random images (3,500 of several channels), and FastICA (parallel, logcosh)
    sees the reduced codes of all images, which are made batch by batch. For all
    of dSprites it takes a minute on 2 cores. IncrementalPCA over all images
    would take an hour and finds the same components.

    The codes have variance 1. On dSprites FastICA does not converge, neither in
    400 iterations nor in 2,000, and another seed gives other components
    (correlations of 0.7 to 1 with the first one's); 400 iterations are what
    Oxford's replication of the paper takes.

    Args:
      dataset: Where the images are.
      num_latents: Number of components.
      seed: Of the PCA and of the first unmixing matrix.
      num_images: Images, drawn at random, that FastICA sees; all if None.

    Raises:
      UsageError: If a number is out of range.

    References:
      Higgins et al. 2017, beta-VAE, appendix A.3.
    """
    if num_images is None:
        num_images = len(dataset)
    points = random_points(dataset, num_images, seed)
    pca = fit_pca(dataset, num_latents, seed, whiten=True)
    whitened = DatasetCodes(dataset, lambda images: pca.transform(flat(images)))
    seen = whitened.codes(points)
    ica = decomposition.FastICA(
        num_latents,
        algorithm="parallel",
        whiten="unit-variance",
        fun="logcosh",
        max_iter=MAX_ITERATIONS,
        tol=1e-4,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        ica.fit(seen)
    converged = ica.n_iter_ < MAX_ITERATIONS
    if not converged:
        warnings.warn(
            f"fast_ica: not converged after {MAX_ITERATIONS} iterations; "
            "another seed gives other components.",
            stacklevel=2,
        )
    return DatasetCodes(
        dataset,
        lambda images: ica.transform(pca.transform(flat(images))),
        settings={
            "num_latents": num_latents,
            "seed": seed,
            "num_images": len(seen),
            "iterations": ica.n_iter_,
            "converged": converged,
        },
        provenance=f"FastICA of {len(seen)} images of {dataset.provenance}",
    )


def fast_ica_pairwise(
    dataset: FactorDataset,
    *,
    num_latents: int = 10,
    seed: int = 0,
    num_images: int | None = None,
) -> list[DatasetCodes]:
    """FastICA for each pair of shapes, whose scores are to be averaged.

    The paper's way, which saved memory: each model is fitted to the images of
    two shapes, and here measured on them too, with a shape factor of size 2.

    Args:
      dataset: A product of factors, one of them called shape.
      num_latents: See `fast_ica`.
      seed: See `fast_ica`; the same for each pair.
      num_images: Images of each pair that FastICA sees; all if None.

    Returns:
      A representation for each pair: three for three shapes.

    Raises:
      UsageError: If the data set is no such product, or a number is out of
        range.

    References:
      Higgins et al. 2017, beta-VAE, appendix A.3.
    """
    names = dataset.factor_names
    size = dict(zip(names, dataset.factor_sizes, strict=True)).get("shape", 0)
    if size < 2 or not dataset.is_product:
        raise UsageError(
            f"fast_ica_pairwise of {dataset.provenance} is not possible; it "
            "takes all combinations of the factors, one of which is shape."
        )
    return [
        fast_ica(
            only(dataset, "shape", pair),
            num_latents=num_latents,
            seed=seed,
            num_images=num_images,
        )
        for pair in itertools.combinations(range(size), 2)
    ]
