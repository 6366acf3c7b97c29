"""What a data set looks like: a row of images for each of its factors."""

import numpy as np
from matplotlib.figure import Figure

from tfdisent.data.factor_dataset import FactorDataset
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.mosaic import Margins, Mosaic, draw_mosaic

COLUMNS = 10
ROWS_WITHOUT_FACTORS = 6
MANY_NAMES = 4


def contact_sheet(dataset: FactorDataset, seed: int = 0) -> Figure:
    """Draws images in which one factor goes through its values, row by row.

    Of a product the other factors have values in the middle, different ones if
    they have as many values, lest floor and wall be of one colour; of any other
    set the images of a row are drawn at random among those with its values.
    Without factors all images are drawn at random.

    Args:
      dataset: What is shown; at most 10 values of a factor, evenly spaced.
      seed: Of what is drawn.
    """
    if not dataset.factor_names:
        return _at_random(dataset, seed)
    rows, labels = [], []
    for k, (name, size) in enumerate(
        zip(dataset.factor_names, dataset.factor_sizes, strict=True)
    ):
        values = np.unique(
            np.linspace(0, size - 1, COLUMNS).round().astype(int)
        )
        values, indices = _images_with(dataset, k, values, seed)
        images = dataset.images(indices) / np.float32(255)
        paper = np.ones((COLUMNS - len(images), *dataset.image_shape))
        rows.append(np.concatenate([images, paper]))
        labels.append((name, _meaning(dataset, name, size, values)))
    margins = Margins(
        left=_room([name for name, _ in labels]),
        right=_room([meaning for _, meaning in labels]),
        top=14,
        bottom=14,
    )
    mosaic = draw_mosaic(np.stack(rows), margins)
    for row, (name, meaning) in enumerate(labels):
        _label_row(mosaic, row, name, meaning)
    return mosaic.figure


def _at_random(dataset: FactorDataset, seed: int) -> Figure:
    rng = np.random.default_rng(seed)
    count = min(len(dataset), ROWS_WITHOUT_FACTORS * COLUMNS)
    rows = -(-count // COLUMNS)
    images = np.ones((rows * COLUMNS, *dataset.image_shape), np.float32)
    chosen = rng.choice(len(dataset), size=count, replace=False)
    images[:count] = dataset.images(chosen) / np.float32(255)
    images = images.reshape(rows, COLUMNS, *dataset.image_shape)
    return draw_mosaic(images, Margins(14, 14, 14, 14)).figure


def _images_with(dataset, k, values, seed) -> tuple[np.ndarray, np.ndarray]:
    """Those values of factor k that occur, and an image with each."""
    if dataset.is_product:
        factors = np.tile(
            _in_the_middle(dataset.factor_sizes), (len(values), 1)
        )
        factors[:, k] = values
        return values, dataset.indices_of(factors)
    rng = np.random.default_rng(seed)
    column = dataset.factors_of(np.arange(len(dataset)))[:, k]
    among = [np.flatnonzero(column == value) for value in values]
    chosen = [
        (v, rng.choice(a)) for v, a in zip(values, among, strict=True) if len(a)
    ]
    found, indices = zip(*chosen, strict=True)
    return np.array(found), np.array(indices)


def _in_the_middle(sizes: tuple[int, ...]) -> list[int]:
    """A value of each factor; m factors of one size share its range out."""
    return [
        size * (1 + sizes[:k].count(size)) // (1 + sizes.count(size))
        for k, size in enumerate(sizes)
    ]


def _meaning(dataset, name: str, size: int, values: np.ndarray) -> str:
    """What the images of a row are of."""
    names = dataset.value_names.get(name)
    first, last = values[0], values[-1]
    if names and size <= MANY_NAMES:
        return "\n".join(names[value] for value in values)
    if names:
        return f"{names[first]}\nto {names[last]}\n({size} values)"
    return f"{first} to {last}"


def _label_row(mosaic: Mosaic, row: int, name: str, meaning: str) -> None:
    y, right_edge = mosaic.row_centres[row], mosaic.axes.get_xlim()[1]
    text = {"va": "center", "fontsize": style.LABEL, "color": style.INK}
    mosaic.axes.text(-12, y, name, ha="right", **text)
    mosaic.axes.text(right_edge + 12, y, meaning, **text)


def _room(labels: list[str]) -> int:
    """Pixels of margin that the widest label takes."""
    return round(max(style.text_width(x, style.LABEL) for x in labels)) + 26
