import pytest

from tfdisent.errors import UsageError
from tfdisent.models.factor_groups import parse_groups


def parsed(text, num_latents=10):
    return [tuple(group) for group in parse_groups(text, num_latents)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:2,b,c+d:3", [(("a",), 2), (("b",), 1), (("c", "d"), 3)]),
        ("a,b:*,c:4", [(("a",), 1), (("b",), 5), (("c",), 4)]),
        ("a:10", [(("a",), 10)]),
        ("a:*", [(("a",), 10)]),
        ("light azimuth,b:9", [(("light azimuth",), 1), (("b",), 9)]),
    ],
)
def test_groups_share_the_latents(text, expected):
    assert parsed(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FACTOR"),
        ("a,,b", "FACTOR"),
        ("a:0,b", "FACTOR"),
        ("a:-1", "FACTOR"),
        ("a:x", "FACTOR"),
        ("a+:2", "FACTOR"),
        ("a,b+a", "more than once"),
        ("a:*,b:*", "more than once"),
        ("a:6,b:5", "needs 11 latents; num_latents is 10"),
        ("a:*,b:10", "needs 11 latents; num_latents is 10"),
    ],
)
def test_other_texts_are_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parsed(text)
