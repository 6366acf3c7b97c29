import pytest

from tfdisent.cli.seeds import parse_seeds
from tfdisent.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", [0]),
        ("0-4", [0, 1, 2, 3, 4]),
        ("7-7", [7]),
        ("0,2,5", [0, 2, 5]),
        ("5, 2", [5, 2]),
        ("0-2,7,10-11", [0, 1, 2, 7, 10, 11]),
        ("2147483647", [2**31 - 1]),
        ("1-1000", list(range(1, 1001))),
    ],
)
def test_seeds_and_ranges(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' is none"),
        ("0,", "'' is none"),
        ("-1", "'-1' is none"),
        ("0,-1", "'-1' is none"),
        ("4-0", "'4-0' ends before"),
        ("0-", "'0-' is none"),
        ("0-2-4", "'0-2-4' is none"),
        ("1.5", "'1.5' is none"),
        ("two", "'two' is none"),
        ("²", "'²' is none"),
        ("2147483648", "2147483648 is too large"),
        ("99999999999999999999", "is none"),
        ("0-1000", "1000 seeds are the most"),
        ("0-999,1000", "1000 seeds are the most"),
        ("0-2147483647", "1000 seeds are the most"),
        ("3,1,3", "3 is there twice"),
        ("0-4,2", "2 is there twice"),
    ],
)
def test_anything_else_is_one_sentence(text, reason):
    with pytest.raises(UsageError) as error:
        parse_seeds(text)
    message = str(error.value)
    assert reason in message
    assert f"--seeds={text}" in message and "as 0-4 or 0,2,5" in message
