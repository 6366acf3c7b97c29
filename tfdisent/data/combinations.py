"""Finds images by the combination of their factors."""

import numpy as np


class Combinations:
    """The combinations of N images, in their order.

    Attributes:
      order: `[N]` the images, by the number of their combination; those of the
        same combination in their own order.
      numbers: `[N]` these numbers, sorted.

    Args:
      numbers: `[N]` the combination of each image: the mixed radix of its
        factors.
    """

    def __init__(self, numbers: np.ndarray):
        self.order = np.argsort(numbers, kind="stable")
        self.numbers = numbers[self.order]

    def first(self, wanted: np.ndarray, where: str) -> np.ndarray:
        """The first image of each of the combinations [n].

        Args:
          wanted: Their numbers.
          where: What the images are, for the message.

        Raises:
          ValueError: No image has one of them.
        """
        places = np.searchsorted(self.numbers, wanted)
        last = len(self.numbers) - 1
        found = self.numbers[np.minimum(places, last)] == wanted
        if not np.all(found):
            raise ValueError(
                f"{np.count_nonzero(~found)} of {np.size(found)} combinations "
                f"of factors are not in {where}."
            )
        return self.order[places]
