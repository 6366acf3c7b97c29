"""The texts that ask for views on a data set."""

import dataclasses
import re
from collections.abc import Callable

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.factor_views import at_most, every_nth, only, size_of
from tfdisent.data.members import random_subset
from tfdisent.data.pixel_noise import flip_pixels
from tfdisent.data.room_held_out import seen, unseen
from tfdisent.data.weighted import correlated, weighted
from tfdisent.errors import UsageError

View = Callable[[FactorDataset], FactorDataset]


def parse_subset(text: str) -> View:
    """Reads a view from the text of a flag.

    Args:
      text: In one of the forms of VIEWS, as x_position<=16.

    Returns:
      A function from a data set to the view. It raises UsageError if the data
      set has no such factor, value or number of images.

    Raises:
      UsageError: The text has another form.
    """
    for form in VIEWS:
        if match := re.fullmatch(form.pattern, text):
            return lambda dataset: form.make(dataset, **match.groupdict())
    forms = ", ".join(form.usage for form in VIEWS)
    raise UsageError(
        f"--subset={text} is not understood; write one of {forms}, for "
        "example x_position<=16."
    )


def help_text() -> str:
    """All forms and what they give, a line for each."""
    return "\n".join(f"{form.usage}: {form.meaning}" for form in VIEWS)


@dataclasses.dataclass(frozen=True)
class _Form:
    """How a view is written.

    Attributes:
      usage: The form, for people.
      meaning: What it gives.
      pattern: Of the text; its groups are what `make` takes, as texts.
      make: Gives the view of a data set.
    """

    usage: str
    meaning: str
    pattern: str
    make: Callable[..., FactorDataset]


def _at_most(dataset, factor, threshold, base):
    first_label = int(base or 1)
    return at_most(dataset, factor, int(threshold), first_label=first_label)


def _only(dataset, factor, values):
    size = size_of(dataset, factor)
    names = list(dataset.value_names.get(factor, ()))
    numbers = []
    for item in values.split(","):
        ends = [item] if item in names else item.split("..")
        known = [_number(end, names) for end in ends]
        if len(ends) > 2 or not 0 <= known[0] <= known[-1] < size:
            named = f"{', '.join(names)}, or by number " if names else ""
            raise UsageError(
                f"{factor}={values} asks for {item!r}, which is none of its "
                f"values; they are {named}0..{size - 1}."
            )
        numbers += range(known[0], known[-1] + 1)
    return only(dataset, factor, numbers)


def _number(value, names):
    """Of a value by its name, or else by its number; -1 if it is neither."""
    if value in names:
        return names.index(value)
    return int(value) if re.fullmatch(r"\d+", value) else -1


def _every_nth(dataset, factor, step):
    return every_nth(dataset, factor, int(step))


def _random(dataset, n, seed):
    return random_subset(dataset, int(n), int(seed))


def _weighted(dataset, factor, weights):
    return weighted(dataset, factor, [int(w) for w in weights.split(",")])


def _correlated(dataset, first, second, ratio):
    return correlated(dataset, first, second, int(ratio or 4))


def _seen(dataset, n, seed):
    return seen(dataset, int(seed), int(n))


def _unseen(dataset, n, seed):
    return unseen(dataset, int(seed), int(n))


def _flipped(dataset, probability, seed):
    return flip_pixels(dataset, float(probability), int(seed))


_NAME = r"[^<>=/@,()]+"
_INTEGERS = r"-?\d+(?:,-?\d+)*"
_REAL = r"-?\d*\.?\d+(?:e-?\d+)?"

VIEWS = (
    _Form(
        "FACTOR<=T",
        "values up to the T-th; numbered from 0 with FACTOR<=T@0",
        rf"(?P<factor>{_NAME})<=(?P<threshold>\d+)(?:@(?P<base>\d+))?",
        _at_most,
    ),
    _Form(
        "FACTOR=V1,V2,...",
        "these values, by name or else by number from 0; A..B is a range",
        rf"(?!(?:random|correlated|flip|seen|unseen)=)(?P<factor>{_NAME})=(?P<values>.+)",
        _only,
    ),
    _Form(
        "FACTOR/STEP",
        "every STEP-th value, a coarser grid",
        rf"(?P<factor>{_NAME})/(?P<step>\d+)",
        _every_nth,
    ),
    _Form(
        "random=N@SEED",
        "N images at random",
        r"random=(?P<n>\d+)@(?P<seed>\d+)",
        _random,
    ),
    _Form(
        "weights(FACTOR)=W1,W2,...",
        "images with the factor's first value W1 times, and so on",
        rf"weights\((?P<factor>{_NAME})\)=(?P<weights>{_INTEGERS})",
        _weighted,
    ),
    _Form(
        "correlated=FACTOR1,FACTOR2@R",
        "two factors go together, the likeliest values R times (4 unless "
        "given) as often as the least likely",
        rf"correlated=(?P<first>{_NAME}),(?P<second>{_NAME})"
        r"(?:@(?P<ratio>\d+))?",
        _correlated,
    ),
    _Form(
        "flip=P@SEED",
        "each pixel inverted with probability P",
        rf"flip=(?P<probability>{_REAL})@(?P<seed>\d+)",
        _flipped,
    ),
    _Form(
        "seen=N@SEED",
        "of the room, the images of all but N concepts that are held out",
        r"seen=(?P<n>\d+)@(?P<seed>\d+)",
        _seen,
    ),
    _Form(
        "unseen=N@SEED",
        "the images of these N concepts",
        r"unseen=(?P<n>\d+)@(?P<seed>\d+)",
        _unseen,
    ),
)
"""All forms; no text has two of them."""
