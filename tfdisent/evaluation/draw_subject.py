"""What figures of a run are made of, each computed when first asked for."""

import functools
import pathlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation.figures.factor_of_latents import factor_of_latents
from tfdisent.evaluation.figures.latents import check_latents, is_inactive
from tfdisent.evaluation.figures.start_image import Start
from tfdisent.evaluation.representation import Representation
from tfdisent.models.base import LatentModel
from tfdisent.training.workdir import read_log

MANY_FACTORS = 12
LONG_NAME = 16


class Walk(NamedTuple):
    """How traversals go.

    Attributes:
      reach: From -reach to reach, in standard deviations of the prior; None
        for the 1 % to the 99 % quantile of q(z), of each latent its own.
      start: Index of the image that they start from, in the whole data set;
        None for the one whose factors have their middle values, or any.
      latents: Which are shown; None for all.
    """

    reach: float | None = 3.0
    start: int | None = None
    latents: Sequence[int] | None = None


class Subject:
    """A trained model, and what it makes of images.

    What needs an encoder raises NotApplicable if the model has none.

    Args:
      model: The trained model.
      dataset: What it was trained on.
      workdir: Of the run.
      num_images: That averages are over.
      walk: How traversals go.
      seed: Of the images.
    """

    def __init__(
        self,
        model: LatentModel,
        dataset: FactorDataset,
        workdir: pathlib.Path,
        *,
        num_images: int,
        walk: Walk | None = None,
        seed: int = 0,
    ):
        self.model, self.dataset, self.workdir = model, dataset, workdir
        self.walk = walk or Walk()
        self.seed = seed
        self.representation = Representation(model, dataset)
        self._num_images = num_images

    def rng(self) -> np.random.Generator:
        """A source of randomness that starts anew."""
        return np.random.default_rng(self.seed)

    @functools.cached_property
    def records(self) -> list[dict]:
        """The lines of the log; at least one."""
        records = read_log(self.workdir / "log.jsonl")
        if not records:
            raise NotApplicable(f"{self.workdir / 'log.jsonl'} has no records.")
        return records

    @functools.cached_property
    def points(self) -> np.ndarray:
        """Images drawn at random `[n]`."""
        if not self.model.encode:
            raise NotApplicable("The model has no encoder, hence no codes.")
        return self.representation.sample(self._num_images, self.rng())

    @functools.cached_property
    def posteriors(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of q(z|x), `[n, D]` each."""
        return self.representation.posteriors(self.points)

    @functools.cached_property
    def kl(self) -> np.ndarray:
        """Mean KL(q(z_d|x) || p(z_d)) in nats, `[D]`."""
        return self.representation.kl(self.points).mean(axis=0)

    @functools.cached_property
    def factors(self) -> np.ndarray:
        """Factors of the points, `[n, K]`."""
        return self.representation.factors(self.points)

    @functools.cached_property
    def follows(self) -> list[tuple[str, float] | None]:
        """The factor that each latent follows, and its |rho|."""
        names = self.dataset.factor_names
        return factor_of_latents(self.posteriors[0], self.factors, names)

    @functools.cached_property
    def whole(self) -> Representation:
        """That of `dataset.whole`."""
        if self.dataset.whole is self.dataset:
            return self.representation
        return Representation(self.model, self.dataset.whole)

    @functools.cached_property
    def start(self) -> int:
        """Index of the image that walks start from, in the whole data set."""
        whole, index = self.dataset.whole, self.walk.start
        if index is not None and not 0 <= index < len(whole):
            raise UsageError(
                f"There is no image {index}; choose from 0 to {len(whole) - 1}."
            )
        if index is None and whole.is_product:
            middle = np.array([whole.factor_sizes]) // 2
            index = whole.indices_of(middle)[0]
        if index is None:
            index = self.whole.sample(1, self.rng())[0]
        return int(index)

    def start_image(self) -> Start:
        """The image that walks start from, with its code."""
        if not self.model.encode:
            raise NotApplicable("The model has no encoder, hence no codes.")
        codes = self.whole.codes(np.array([self.start]))
        return Start(
            f"image {self.start:,}",
            self.whole.images(np.array([self.start]))[0],
            self.representation.decode(codes)[0],
            codes[0],
        )

    @property
    def latents(self) -> list[int]:
        """Those that are shown."""
        size = self.model.num_latents
        latents = self.walk.latents
        latents = range(size) if latents is None else latents
        check_latents(latents, size)
        return list(dict.fromkeys(latents))

    @property
    def active(self) -> list[int]:
        """Those that are asked for, or else are active; at least one."""
        if self.walk.latents is not None:
            return self.latents
        active = [z for z in self.latents if not is_inactive(self.kl[z])]
        if not active:
            raise NotApplicable("No latent is active; name those to show.")
        return active

    @functools.cached_property
    def shown_factors(self) -> dict[int, str]:
        """Columns of the factors, and names that fit beside panels.

        Of many factors those that some latent follows.
        """
        names = self.dataset.factor_names
        shown = range(len(names))
        if len(names) > MANY_FACTORS:
            followed = {factor[0] for factor in self.follows if factor}
            shown = [k for k in shown if names[k] in followed]
        return {
            k: names[k]
            if len(names[k]) <= LONG_NAME
            else f"{names[k][: LONG_NAME - 1]}…"
            for k in shown
        }
