"""Concepts: what may be said of the walls, the floor and the object of a room.

A concept gives a value to some of the four factors and leaves the others open,
as "red wall, hat" does. It is held as four values, -1 where nothing is said, or
as a symbol, the k-hot vector that SCAN learns from:

    [wall colour 16 | floor colour 16 | object colour 16 | identity 3]   51

There are 17 * 17 * 17 * 4 - 1 = 19,651 concepts; the published count is 18,883,
which is 16 * 16 * 3 less, for a reason that is not known. 16 * 16 * 16 * 3 =
12,288 of them say everything. Views with fewer colours have shorter symbols:
functions take the `sizes` of the factors, or a data set that has them.

References:
  Higgins et al. (2018), SCAN: Learning hierarchical compositional visual
  concepts. ICLR.
"""

import numpy as np

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.data.room import HUES, IDENTITIES, VALUE_NAMES
from tfdisent.errors import UsageError

FACTORS = tuple(VALUE_NAMES)
SIZES = tuple(len(names) for names in VALUE_NAMES.values())


def _phrases() -> dict[str, tuple[int, ...]]:
    """Everything that can be said between two commas."""
    phrases = {}
    for colour, hue in enumerate(HUES):
        phrases[f"{hue} wall"] = (colour, -1, -1, -1)
        phrases[f"{hue} floor"] = (-1, colour, -1, -1)
        phrases[f"{hue} object"] = (-1, -1, colour, -1)
        for identity, noun in enumerate(IDENTITIES):
            phrases[noun] = (-1, -1, -1, identity)
            phrases[f"{hue} {noun}"] = (-1, -1, colour, identity)
    return phrases


_PHRASES = _phrases()
_NAMES = {values: phrase for phrase, values in _PHRASES.items()}


def sizes_of(dataset: FactorDataset) -> tuple[int, ...]:
    """The numbers of values of the four factors of concepts.

    Raises:
      UsageError: the data set's first four factors are others.
    """
    if dataset.factor_names[: len(FACTORS)] != FACTORS:
        raise UsageError(
            f"{dataset.name} has no concepts, because its factors do not "
            f"start with {', '.join(FACTORS)}; use room."
        )
    return dataset.factor_sizes[: len(FACTORS)]


def all_concepts(sizes: tuple[int, ...] = SIZES) -> np.ndarray:
    """Every concept that says something, `[19651, 4]` int64 for the room."""
    values = np.indices([size + 1 for size in sizes]).reshape(len(sizes), -1).T
    return values[1:] - 1


def symbols_of(
    values: np.ndarray, sizes: tuple[int, ...] = SIZES
) -> np.ndarray:
    """The symbols of concepts.

    Args:
      values: `[n, 4]` integers in [0, size), or -1 for what is not said.
      sizes: Of the four factors.

    Returns:
      `[n, 51]` float32 in {0, 1}; the width is the sum of the sizes.

    Raises:
      UsageError: a value is out of range.
    """
    values = np.asarray(values)
    if np.any((values < -1) | (values >= sizes)):
        raise UsageError(
            f"A concept has values from -1 (not said) up to, but without, "
            f"{sizes}; {values.min(axis=0)} to {values.max(axis=0)} are given."
        )
    blocks = [
        column[:, None] == np.arange(size)
        for column, size in zip(values.T, sizes, strict=True)
    ]
    return np.concatenate(blocks, axis=1).astype(np.float32)


def values_of(
    symbols: np.ndarray, sizes: tuple[int, ...] = SIZES
) -> np.ndarray:
    """The concepts `[n, 4]` int64 of symbols `[n, 51]`.

    Raises:
      UsageError: a symbol has another width, has numbers that are not 0 or 1,
        or says two values of one factor.
    """
    symbols = np.asarray(symbols)
    if symbols.ndim != 2 or symbols.shape[1] != sum(sizes):
        raise UsageError(
            f"Symbols have the shape [n, {sum(sizes)}], not "
            f"{list(symbols.shape)}."
        )
    if not np.isin(symbols, (0, 1)).all():
        raise UsageError("Symbols are made of 0 and 1; round them first.")
    blocks = np.split(symbols, np.cumsum(sizes)[:-1], axis=1)
    said = np.stack([block.sum(axis=1) for block in blocks], axis=1)
    if said.max(initial=0) > 1:
        row, factor = np.argwhere(said > 1)[0]
        raise UsageError(
            f"Symbol {row} says {said[row, factor]:.0f} values of "
            f"{FACTORS[factor]}; it may say one."
        )
    hot = np.stack([block.argmax(axis=1) for block in blocks], axis=1)
    return np.where(said > 0, hot, -1)


def concept_of(text: str) -> np.ndarray:
    """Reads a concept, such as "red wall, hat" or "cyan floor, blue suitcase".

    Args:
      text: In any order and with commas between them, "COLOUR wall", "COLOUR
        floor", "COLOUR object", and the name of an object, with or without its
        colour.

    Returns:
      `[4]` int64, -1 for what is not said.

    Raises:
      UsageError: it is not understood, or says something twice.
    """
    concept = np.full(len(FACTORS), -1)
    for phrase in map(str.strip, text.split(",")):
        if phrase not in _PHRASES:
            raise UsageError(
                f"{phrase!r} is not understood; write a colour "
                f"({', '.join(HUES)}) before wall, floor, object, "
                f"{', '.join(IDENTITIES)}; the last three also without one."
            )
        values = np.array(_PHRASES[phrase])
        if np.any((values >= 0) & (concept >= 0)):
            raise UsageError(f"{text!r} says something of a factor twice.")
        concept = np.maximum(concept, values)
    return concept


def name_of(values: np.ndarray) -> str:
    """Says a concept `[4]` as `concept_of` reads it; "" if it says nothing."""
    wall, floor, colour, identity = map(int, values)
    parts = (
        (wall, -1, -1, -1),
        (-1, floor, -1, -1),
        (-1, -1, colour, identity),
    )
    return ", ".join(_NAMES[part] for part in parts if max(part) >= 0)


def shown_by(dataset: FactorDataset, indices: np.ndarray) -> np.ndarray:
    """The concepts `[n, 4]`, which say everything, that images `[n]` show.

    Raises:
      UsageError: the data set has no concepts.
    """
    return dataset.factors_of(indices)[:, : len(sizes_of(dataset))]


def images_of(
    dataset: FactorDataset,
    values: np.ndarray,
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draws images that show a concept; what it leaves open is uniform.

    It looks through all factors of the data set: 0.2 s for the whole room.

    Args:
      dataset: The room or a view of it.
      values: `[4]`, -1 for what is not said.
      n: How many, with replacement.
      rng: Source of the draw.

    Returns:
      `[n]` int64 indices.

    Raises:
      UsageError: no image shows it, or the data set has no concepts.
    """
    shown = shown_by(dataset, np.arange(len(dataset)))
    shows = ((shown == values) | (np.asarray(values) < 0)).all(axis=1)
    if not shows.any():
        raise UsageError(
            f"No image of {dataset.provenance} shows {name_of(values)}."
        )
    return rng.choice(np.flatnonzero(shows), n)


def sample_concepts(
    dataset: FactorDataset, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draws images, and of each a concept that it shows.

    1 to 4 of the factors are said, each number as often, each set of that
    number as often. Concepts of `room_held_out.seen` are never held-out ones.

    Args:
      dataset: The room or a view of it.
      n: How many, with replacement.
      rng: Source of the draw.

    Returns:
      Indices `[n]` int64 of images, and concepts `[n, 4]` int64.
    """
    indices = rng.integers(len(dataset), size=n)
    shown = shown_by(dataset, indices)
    rank = rng.random(shown.shape).argsort(axis=1)
    said = rank < rng.integers(1, len(FACTORS) + 1, size=(n, 1))
    return indices, np.where(said, shown, -1)
