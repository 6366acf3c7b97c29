"""Texts of views, and all views on all kinds of data sets in any order."""

import fractions
import math
import re

import numpy as np
import pytest

from tfdisent.data.members import part_of, random_subset
from tfdisent.data.rows_dataset import RowsDataset
from tfdisent.data.subsets import VIEWS, help_text, parse_subset
from tfdisent.errors import UsageError

EXAMPLES = {
    "c<=3": "FACTOR<=T",
    "c<=1@0": "FACTOR<=T",
    "b=low,2": "FACTOR=V1,V2,...",
    "c=1..3": "FACTOR=V1,V2,...",
    "c/2": "FACTOR/STEP",
    "random=7@5": "random=N@SEED",
    "weights(c)=1,2,1,3": "weights(FACTOR)=W1,W2,...",
    "correlated=b,c@3": "correlated=FACTOR1,FACTOR2@R",
    "flip=0.05@1": "flip=P@SEED",
}


@pytest.fixture
def toy(make_toy):
    toy = make_toy()
    toy.value_names = {"b": ("low", "mid", "high")}
    return toy


@pytest.fixture
def table():
    """30 images; several share their factors, and b is never 1 with a = 0."""
    rng = np.random.default_rng(1)
    factors = rng.integers([2, 3, 4], size=(30, 3))
    factors[factors[:, 0] == 0, 1] %= 2
    factors[factors[:, 0] == 0, 1] *= 2
    return rows_dataset(factors)


@pytest.fixture
def sources(toy, table):
    """A data set of each kind that there is."""
    order = np.random.default_rng(2).permutation(24)
    stored = rows_dataset(toy.factors_of(order))
    assert stored.is_product and not table.is_product
    return {
        "product": toy,
        "stored product": stored,
        "part of a product": random_subset(toy, 17, 0),
        "repeated members": part_of(toy, [0, 3, 3, 9, 16, 16, 23], "some"),
        "table": table,
        "part of a table": part_of(table, [1, 4, 4, 6, 11, 20, 29], "some"),
    }


CONCEPTS = {"seen=300@0": "seen=N@SEED", "unseen=3@7": "unseen=N@SEED"}


def rows_dataset(factors):
    rows = np.zeros((len(factors), 3, 1, 1), np.uint8)
    rows[:, 2, 0, 0] = np.arange(len(factors))
    return RowsDataset(
        rows,
        factors,
        name="table",
        provenance="drawn",
        factor_names="abc",
        value_names={"b": ("low", "mid", "high")},
    )


@pytest.mark.parametrize("text, usage", (EXAMPLES | CONCEPTS).items())
def test_a_text_has_one_form(text, usage):
    fitting = [f.usage for f in VIEWS if re.fullmatch(f.pattern, text)]
    assert fitting == [usage]


@pytest.mark.parametrize("text", EXAMPLES)
def test_provenance_holds_the_text(toy, text):
    said = {"b=low,2": "b=low,high"}.get(text, text)
    assert parse_subset(text)(toy).provenance == f"subset({said}) of made up"


@pytest.mark.parametrize(
    "text, said",
    [
        ("b<=2@1", "b<=2"),
        ("b=0,mid", "b=low,mid"),
        ("c=0,1,2", "c=0..2"),
        ("c=3,0..1", "c=3,0,1"),
        ("correlated=b,c", "correlated=b,c@4"),
        ("flip=.10@01", "flip=0.1@1"),
        ("flip=1e-3@0", "flip=0.001@0"),
    ],
)
def test_one_view_has_one_text(toy, text, said):
    assert parse_subset(text)(toy).provenance == f"subset({said}) of made up"


@pytest.mark.parametrize(
    "text, size",
    [
        ("c<=3", 18),
        ("c<=1@0", 12),
        ("b=low", 8),
        ("c=1..2,0", 18),
        ("c/3", 12),
        ("random=5@0", 5),
        ("weights(b)=1,2,3", 48),
        ("flip=0.5@0", 24),
    ],
)
def test_texts_keep_so_many_images(toy, text, size):
    assert len(parse_subset(text)(toy)) == size


def test_names_of_values_go_before_numbers(toy):
    toy.value_names = {"c": ("3", "2", "1", "0")}
    view = parse_subset("c=3")(toy)
    np.testing.assert_array_equal(view.images([0]), toy.images([0]))


@pytest.mark.parametrize(
    "text, kept", [("c=1..2", [1, 2]), ("c=4..4", [0]), ("c=2..0", None)]
)
def test_ends_of_a_range_are_names_before_they_are_numbers(toy, text, kept):
    toy.value_names = {"c": ("4", "1", "2", "3")}
    if kept is None:  # the name 2 is at place 2, and 0 is a number
        with pytest.raises(UsageError, match="'2..0'"):
            parse_subset(text)(toy)
        return
    view = parse_subset(text)(toy)
    indices = np.arange(len(view))
    expected = [f for f in toy.factors_of(np.arange(24)) if f[2] in kept]
    np.testing.assert_array_equal(
        view.images(indices), toy.images(toy.indices_of(np.array(expected)))
    )


def test_factors_may_have_any_names():
    dataset = RowsDataset(
        np.zeros((2, 1, 1, 1), np.uint8),
        [[0, 0], [1, 1]],
        name="x",
        provenance="y",
        factor_names=("5 o'clock-shadow", "flipped"),
    )
    for text in ("5 o'clock-shadow=1", "flipped<=1", "weights(flipped)=1,1"):
        assert parse_subset(text)(dataset).provenance == f"subset({text}) of y"


@pytest.mark.parametrize(
    "text",
    ["", "c", "c<3", "c<=x", "c<=-1", "random=5", "random=@1", "c<=1 "]
    + ["c=", "=3", "c/", "c/x", "flip=0.1", "flip=x@0", "correlated=a"]
    + ["correlated=a,b,c", "weights(c)=", "weights(c)=1.5", "weights()=1"],
)
def test_other_text_is_refused_with_all_forms(text):
    with pytest.raises(UsageError) as raised:
        parse_subset(text)
    for form in VIEWS:
        assert form.usage in str(raised.value)


@pytest.mark.parametrize(
    "text, said",
    [
        ("d<=1", "'d'; it has a, b, c"),
        ("c<=5", "1 to 4"),
        ("c<=1@2", "0 or 1"),
        ("d=1", "'d'; it has a, b, c"),
        ("c=4", "'4', which is none of its values; they are 0..3"),
        ("c=2..4", "'2..4', which"),
        ("c=2..1", "'2..1', which"),
        ("c=1,,2", "'', which"),
        ("b=tall", "'tall', .* they are low, mid, high, or by number 0..2"),
        ("b=low,0", "give each once"),
        ("c=0..9999999999999", "none of its values"),
        ("d/2", "'d'; it has a, b, c"),
        ("c/4", "from 1 to 3"),
        ("c/0", "from 1 to 3"),
        ("random=25@0", "between 1 and 24"),
        ("weights(d)=1", "'d'; it has a, b, c"),
        ("weights(c)=1,2", "needs 4 whole numbers of 1 or more"),
        ("weights(c)=1,0,1,1", "needs 4 whole numbers of 1 or more"),
        ("weights(c)=1,-1,1,1", "needs 4 whole numbers of 1 or more"),
        ("weights(c)=9999999999,1,1,1", "at most 100000000"),
        ("correlated=a,d", "'d'; it has a, b, c"),
        ("correlated=a,a", "two different factors"),
        ("correlated=a,b@1", "a ratio from 2"),
        ("flip=-0.1@0", "from 0 to 1"),
        ("flip=1.5@0", "from 0 to 1"),
    ],
)
def test_what_a_data_set_has_not_is_refused(toy, text, said):
    view = parse_subset(text)
    with pytest.raises(UsageError, match=said) as raised:
        view(toy)
    sentence = str(raised.value)
    assert sentence.endswith(".") and ". " not in sentence


def test_images_without_factors_can_be_drawn_and_flipped():
    rows = np.arange(20, dtype=np.uint8).reshape(20, 1, 1, 1)
    dataset = RowsDataset(rows, np.zeros((20, 0)), name="x", provenance="y")
    view = parse_subset("flip=1@0")(parse_subset("random=5@0")(dataset))
    assert len(view) == 5 and view.factors_of([0]).shape == (1, 0)
    assert set(255 - view.images(np.arange(5)).ravel()) < set(range(20))
    with pytest.raises(UsageError, match="no factor 'c'; it has no factors"):
        parse_subset("c<=1")(dataset)


def test_the_help_says_all_forms_line_by_line():
    lines = help_text().splitlines()
    assert len(lines) == len(VIEWS) == len(set((EXAMPLES | CONCEPTS).values()))
    for line, form in zip(lines, VIEWS, strict=True):
        assert line.startswith(f"{form.usage}: ")


# What follows describes a data set by its images, each as its number and its
# factors, and what a view should make of them.


def images_of(dataset):
    """The numbers [n] that the images spell, whether inverted or not."""
    pixels = dataset.images(np.arange(len(dataset))).reshape(-1, 3)
    if len(pixels) and pixels[0, 0]:  # The first of 3 digits is always 0.
        pixels = 255 - pixels
    return pixels.astype(int) @ [256**2, 256, 1]


def rows_of(dataset):
    factors = dataset.factors_of(np.arange(len(dataset)))
    numbers = images_of(dataset).tolist()
    return list(zip(numbers, map(tuple, factors.tolist()), strict=True))


def weight(a, b, size_a, size_b, ratio):
    distance = abs(
        fractions.Fraction(a, size_a - 1) - fractions.Fraction(b, size_b - 1)
    )
    return ratio - math.floor((ratio - 1) * distance + fractions.Fraction(1, 2))


def random_text(dataset, rng):
    """The text of a view, and what becomes of each row: a list of rows."""
    k = int(rng.integers(3))
    factor, size = "abc"[k], dataset.factor_sizes[k]
    form = rng.choice(["<=", "=", "/", "weights", "correlated", "flip"])
    if form == "<=":
        values = list(range(rng.integers(1, size + 1)))
        text = f"{factor}<={len(values)}"
    elif form == "=":
        values = rng.permutation(size)[: rng.integers(1, size + 1)].tolist()
        names = dataset.value_names.get(factor, range(size))
        text = f"{factor}={','.join(str(names[v]) for v in values)}"
    elif form == "/":
        step = int(rng.integers(1, max(size, 2)))
        values = list(range(size))[::step]
        text = f"{factor}/{step}"
    elif form == "weights":
        weights = rng.integers(1, 4, size=size).tolist()
        text = f"weights({factor})={','.join(map(str, weights))}"
        return text, lambda row: [row] * weights[row[1][k]]
    elif form == "correlated" and min(dataset.factor_sizes[:2]) > 1:
        ratio = int(rng.integers(2, 6))
        sizes = dataset.factor_sizes[:2]
        return (
            f"correlated=a,b@{ratio}",
            lambda row: [row] * weight(*row[1][:2], *sizes, ratio),
        )
    else:
        return f"flip=1.0@{rng.integers(9)}", lambda row: [row]

    def relabelled(row):
        factors = list(row[1])
        if factors[k] not in values:
            return []
        factors[k] = values.index(factors[k])
        return [(row[0], tuple(factors))]

    return text, relabelled


def check(view):
    """What every view is, beside its images."""
    n = len(view)
    assert view.whole.whole is view.whole and n > 0
    factors = view.factors_of(np.arange(n))
    assert factors.dtype == np.int64
    places = view.indices_of(factors)
    np.testing.assert_array_equal(view.factors_of(places), factors)
    assert np.all(places <= np.arange(n))
    if view.is_product:
        assert n == math.prod(view.factor_sizes) and view.whole is view
        np.testing.assert_array_equal(places, np.arange(n))
    elif view.whole is not view:
        assert {i for i, _ in rows_of(view)} <= set(images_of(view.whole))
        assert (view.factor_names, view.factor_sizes, view.value_names) == (
            view.whole.factor_names,
            view.whole.factor_sizes,
            view.whole.value_names,
        )
    drawn = view.sample_factors(50, np.random.default_rng(0))
    assert set(map(tuple, drawn)) <= set(map(tuple, factors))
    for name, values in view.value_names.items():
        size = view.factor_sizes[view.factor_names.index(name)]
        assert len(values) == size


def compose(dataset, rng, inverted=False):
    """Applies three views, each checked against what it is to make."""
    for _ in range(3):
        text, becomes = random_text(dataset, rng)
        expected = [r for row in rows_of(dataset) for r in becomes(row)]
        if not expected:
            with pytest.raises(UsageError, match="leaves no image"):
                parse_subset(text)(dataset)
            continue
        view = parse_subset(text)(dataset)
        assert sorted(rows_of(view)) == sorted(expected), text
        inverted ^= text.startswith("flip")
        assert inverted == (view.images([0])[0, 0, 0, 0] == 255)
        if dataset.whole is not dataset:
            whole = parse_subset(text)(dataset.whole)
            if text.startswith(("weights", "correlated")):
                whole = dataset.whole
            assert rows_of(view.whole) == rows_of(whole)
            assert view.whole.is_product == whole.is_product
        # The provenance holds a text that gives the same view again.
        head, tail = "subset(", f") of {dataset.provenance}"
        said = view.provenance.removeprefix(head).removesuffix(tail)
        assert view.provenance == head + said + tail
        assert rows_of(parse_subset(said)(dataset)) == rows_of(view)
        check(view)
        if rng.random() < 0.3:
            few = int(rng.integers(1, len(view) + 1))
            part = parse_subset(f"random={few}@{rng.integers(99)}")(view)
            assert len(part) == few and part.whole is view.whole
            kept = rows_of(view)
            for row in rows_of(part):
                kept.remove(row)
            check(part)
            view = part
        dataset = view
    return len(dataset)


@pytest.mark.parametrize(
    "kind",
    ["product", "stored product", "part of a product", "repeated members"]
    + ["table", "part of a table"],
)
def test_views_compose_in_any_order(sources, kind):
    rng = np.random.default_rng(7)
    for _ in range(60):
        compose(sources[kind], rng)
