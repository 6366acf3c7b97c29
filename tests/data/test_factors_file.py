import numpy as np
import pytest

from tfdisent.data.factors_file import factors_of_table, read_factors
from tfdisent.errors import UsageError

NAMES = ("a/1.png", "a/2.png", "b/1.png", "b/2.png")
TABLE = """file,size,shape
a/2.png,10,heart
b/1.png,9,square
a/1.png,9,heart
b/2.png,10,square
"""


@pytest.fixture
def read(tmp_path):
    def read(text, pictures=NAMES, num_images=4, encoding="utf-8"):
        path = tmp_path / "f.csv"
        path.write_bytes(text.encode(encoding))
        return read_factors(path, num_images=num_images, pictures=pictures)

    return read


def test_rows_are_put_in_the_order_of_the_pictures(read):
    factors = read(TABLE)
    assert factors.names == ("size", "shape")
    assert factors.table.tolist() == [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert factors.table.dtype == np.int64
    assert factors.value_names == {
        "size": ("9", "10"),
        "shape": ("heart", "square"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + TABLE,
        TABLE.replace("\n", "\r\n"),
        TABLE.replace(",", " , "),
        TABLE.replace("file,", "Filename,"),
        TABLE.replace("a/2.png", "./a/2.png").replace("b/1.png", "b\\1.png"),
        TABLE.replace("a/2.png", '"a/2.png"'),
        TABLE + "\n\n",
    ],
)
def test_other_ways_to_write_the_same(read, text):
    assert read(text).table.tolist() == read(TABLE).table.tolist()


def column(read, *values):
    rows = [f"{v},{i % 2}" for i, v in enumerate((*values, values[0]))]
    text = "\n".join(["v,other", *rows])
    factors = read(text, pictures=None, num_images=len(rows))
    return factors.table[:-1, 0].tolist(), factors.value_names["v"]


def test_numbers_are_sorted_as_numbers_and_text_as_text(read):
    assert column(read, "0.5", "10", "-2", ".1") == (
        [2, 3, 0, 1],
        ("-2", ".1", "0.5", "10"),
    )
    assert column(read, "1e-3", "0.01", "2E1") == (
        [0, 1, 2],
        ("1e-3", "0.01", "2E1"),
    )
    assert column(read, "10", "9", "x") == ([0, 1, 2], ("10", "9", "x"))
    assert column(read, "1_0", "9") == ([0, 1], ("1_0", "9"))
    assert column(read, "2e400", "1e400", "-1e-400", "-2E-400") == (
        [3, 2, 1, 0],
        ("-2E-400", "-1e-400", "1e400", "2e400"),
    )
    assert column(read, "9" * 5000, "7")[0] == [1, 0]
    assert column(read, "9", "1e9999999999")[0] == [1, 0]  # As text.
    large = ("9007199254740993", "9007199254740992")
    assert column(read, *large) == ([1, 0], large[::-1])


def test_equal_numbers_are_one_value(read):
    assert column(read, "1.0", "1", "2") == ([0, 0, 1], ("1", "2"))
    assert column(read, "01", "1", "2") == ([0, 0, 1], ("01", "2"))


def test_rows_of_arrays_are_in_order(read):
    text = "a,b\n1,x\n0,x\n0,y\n1,y\n"
    assert read(text, pictures=None).table.tolist() == [
        [1, 0],
        [0, 0],
        [0, 1],
        [1, 1],
    ]


def test_values_that_no_longer_occur_are_left_out(read):
    left = read(TABLE).of(np.array([3, 1]))
    assert left.table.tolist() == [[0, 1], [0, 0]]
    assert left.value_names == {"size": ("10",), "shape": ("heart", "square")}


def changed(*changes):
    text = TABLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "needs a header and a row"),
        ("file,size\n", "needs a header and a row"),
        (changed(("file,", "name,")), "starts with the column 'name'.*`file`"),
        (
            "file\n" + "\n".join(NAMES),
            "no column beside the files' names",
        ),
        (changed(("size,", ",")), "columns 'file', '', 'shape'; each needs"),
        (changed(("size,", "shape,")), "each needs a name of its own"),
        (
            changed(("9,square", "square"), ("9,heart", "9,heart,2")),
            "3 columns and 2 rows with more or fewer cells: line 3, 4; cells",
        ),
        (
            changed(("9,square", ",square"), ("10,heart", "NaN,heart")),
            r"2 cells that are empty or nan, in line 2 \(size\), 3 \(size\);",
        ),
        (changed(("a/1.png", "a/2.png")), "several rows for 1 pictures: a/2"),
        (
            changed(("a/1.png,9,heart\n", ""), ("b/2.png,10,square\n", "")),
            "no row for 2 of 4 pictures: a/1.png, b/2.png; give one row",
        ),
        (
            TABLE + "c.png,9,heart\nd.png,9,heart\n",
            "rows for 2 files that are no pictures there: c.png, d.png;",
        ),
        (
            changed(("10,heart", "11,heart"), ("9,heart", "12,heart")),
            "'size' in .* has 4 values for 4 images.*sort its values into bins",
        ),
        (changed((",heart", ',"heart')), "cannot be read as CSV in UTF-8"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(read, text, message):
    with pytest.raises(UsageError, match=message) as error:
        read(text)
    assert "f.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_only_the_first_examples_are_named(read):
    names = [f"{i}.png" for i in range(100)]
    with pytest.raises(UsageError, match=r"98 of 100 .*6\.png, \.\.\.; give"):
        read("file,a\n0.png,1\n1.png,1\n", pictures=names, num_images=100)


def test_a_table_for_arrays_must_fit(read):
    with pytest.raises(UsageError, match="2 rows for 4 images"):
        read("a,b\n1,x\n0,x\n", pictures=None)
    with pytest.raises(UsageError, match="a column 'file', and images in an"):
        read(TABLE, pictures=None)


def test_too_many_values_are_refused(read):
    many = "v\n" + "\n".join(str(i % 1001) for i in range(1500))
    with pytest.raises(UsageError, match="'v' in .* has 1,001 values"):
        read(many, pictures=None, num_images=1500)
    most = "v\n" + "\n".join(str(i % 1000) for i in range(1500))
    assert read(most, pictures=None, num_images=1500).table.max() == 999


def test_what_is_no_text_is_refused(read, tmp_path):
    with pytest.raises(
        UsageError, match="f.csv cannot be read as CSV in UTF-8"
    ):
        read(TABLE.replace("heart", "h\u00e9art"), encoding="latin-1")
    with pytest.raises(UsageError, match="none.csv .*No such file"):
        read_factors(tmp_path / "none.csv", num_images=1)


def test_integers_are_numbered():
    table = np.array([[5, 1], [-3, 1], [5, 1]], np.int16)
    factors = factors_of_table(table, "here")
    assert factors.names == ("factor_1", "factor_2")
    assert factors.table.tolist() == [[1, 0], [0, 0], [1, 0]]
    assert factors.value_names == {"factor_1": ("-3", "5"), "factor_2": ("1",)}
    with pytest.raises(UsageError, match="'factor_1' in here has 3 values"):
        factors_of_table(np.arange(3)[:, None], "here")
