import numpy as np
import pytest

from tfdisent.errors import UsageError
from tfdisent.evaluation.metric_calls import (
    metrics_help,
    options_help,
    parse_calls,
)


def gap(sampler, rng, *, num_bins=20, equal="width", without=("shape",)):
    """How far the first is ahead of the second.

    Args:
      sampler: gives codes.
      rng: source of randomness.
      num_bins: bins for each code, at least 2, which is less than any
        histogram needs.
      equal: width or mass.
    """
    return {"gap": float(num_bins), "equal": equal, "drawn": rng.random()}


def plain(sampler, rng):
    """Takes nothing."""
    return {"plain": 1.0}


TABLE = {"gap": gap, "plain": plain}


def test_reads_names_and_options_in_order():
    calls = parse_calls(
        "plain, gap(without=[shape, 'a b'], num_bins=16),\n gap", TABLE
    )
    assert [(c.name, c.options) for c in calls] == [
        ("plain", {}),
        ("gap", {"num_bins": 16, "without": ["shape", "a b"]}),
        ("gap", {}),
    ]


def test_key_is_canonical_and_reads_back():
    (call,) = parse_calls(
        " gap ( without = [ 'x' ] , equal=mass, num_bins=1_0 ) ", TABLE
    )
    assert call.key == "gap(num_bins=10, equal='mass', without=['x'])"
    assert parse_calls(call.key, TABLE) == [call]
    assert [c.key for c in parse_calls("gap(), plain,", TABLE)] == [
        "gap",
        "plain",
    ]


def test_settings_hold_every_option_in_effect():
    (call,) = parse_calls("gap(equal=mass)", TABLE)
    assert call.settings() == {
        "num_bins": 20,
        "equal": "mass",
        "without": ("shape",),
    }
    assert parse_calls("plain", TABLE)[0].settings() == {}


def test_a_call_computes_the_metric_with_its_options():
    (call,) = parse_calls("gap(num_bins=3)", TABLE)
    values = call(None, np.random.default_rng(0))
    assert values == gap(None, np.random.default_rng(0), num_bins=3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-3", -3),
        ("1e-3", 0.001),
        ("None", None),
        ("True", True),
        ("forest", "forest"),
        ('"a, b)"', "a, b)"),
        ("(1, 2.5)", (1, 2.5)),
        ("[]", []),
    ],
)
def test_values_are_literals_or_words(text, value):
    (call,) = parse_calls(f"gap(equal={text})", TABLE)
    assert call.options == {"equal": value}
    assert type(call.options["equal"]) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "No metric was named; give some of gap, plain"),
        (" \n", "No metric was named"),
        (
            "gop",
            r"no metric 'gop' \(did you mean gap\?\); there are gap, plain",
        ),
        ("zzz", "no metric 'zzz'; there are gap, plain"),
        ("gap(10)", "given 10 without the name .* takes num_bins, equal"),
        ("gap(*a)", r"given \*a without"),
        ("gap(**a)", r"given \*\*a without"),
        ("gap(bins=3)", r"no bins \(did you mean num_bins\?\); it takes num_"),
        ("gap(rng=3)", "takes no rng"),
        ("plain(a=3)", "takes no a; it takes none"),
        ("gap(num_bins=1, num_bins=2)", "num_bins twice"),
        ("gap(num_bins=int('3'))", "value is a number, a word"),
        ("gap(num_bins=a.b)", "value is a number, a word"),
        ("gap(num_bins={[]: 1})", "value is a number, a word"),
        ("gap, plain, gap", "gap asks for the same as gap"),
        ("gap(num_bins=20), gap", r"gap asks for the same as gap\(num_bins=20"),
        ("gap plain", "is no list of metrics"),
        ("gap,,plain", "is no list of metrics"),
        ("gap(num_bins=3", "is no list of metrics"),
        ("gap] + [plain", "is no list of metrics"),
        ("x for x in gap", "is no list of metrics"),
        ("gap\0", "is no list of metrics"),
        ("gap\udc80", "is no list of metrics"),
        ("3", "3 is no metric"),
        ("gap.plain", "gap.plain is no metric"),
        ("gap()()", r"gap\(\)\(\) is no metric"),
        ("*gap", r"\*gap is no metric"),
    ],
)
def test_what_cannot_be_is_one_sentence(text, message):
    with pytest.raises(UsageError, match=message) as error:
        parse_calls(text, TABLE)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_nothing_is_executed(tmp_path):
    path = tmp_path / "made"
    with pytest.raises(UsageError):
        parse_calls(f"gap(equal=open({str(path)!r}, 'w'))", TABLE)
    assert not path.exists()


def test_help_names_metrics_and_options_with_defaults_and_meanings():
    first, second = metrics_help(TABLE).splitlines()
    assert first.split(maxsplit=1) == [
        "gap",
        "How far the first is ahead of the second.",
    ]
    assert second.split(maxsplit=1) == ["plain", "Takes nothing."]
    text = options_help(gap)
    assert all(len(line) <= 79 for line in text.splitlines())
    assert " ".join(text.split()) == (
        "num_bins=20 bins for each code, at least 2, which is less than any "
        "histogram needs. equal='width' width or mass. without=('shape',)"
    )
    assert options_help(plain) == ""
