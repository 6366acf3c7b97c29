"""JSON for Predict requests, good with a little harm done to it."""

import json

import hypothesis.strategies as st
from served.fuzz_strategies import (
    ANY_FILES,
    ANY_FLOATS,
    as_json,
    requests,
)


class Token(str):
    """A text that is put into JSON as it is."""


class Members(list):
    """Pairs of a name and a value; a name may come again."""


TOKENS = st.sampled_from(
    r"""
    NaN Infinity -Infinity Inf -Inf nan 1e400 -1e400 1e-400 01 +1 .5 1. - 0x10
    1_0 1e nul True ' " \ , : ] } [ { /**/ "\x" "\ud800" "\u0000" {} [] [[]]
    [[],[]] [[],[1]] {"b64":""} {"b64":1} {"b64":"A"} {"b64":null}
    {"b64":"AA==","x":1} {"b64":"AA==","b64":1}
    """.split()  # noqa: SIM905
).map(Token)
DEEP = st.builds(
    lambda signs, depth: Token(signs[0] * depth + "1" + signs[1] * depth),
    st.sampled_from(
        [("[", "]"), ("[", ""), ('{"a":', "}"), ('[{"b64":', "}]")]
    ),
    st.sampled_from([1, 31, 32, 33, 63, 64, 65, 1000, 30_000]),
)
HUGE = st.sampled_from(
    [2**31, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, 0.1, 1e39]
) | st.just(Token("9" * 5000))
JUNK = (
    TOKENS
    | DEEP
    | HUGE
    | ANY_FILES.map(as_json)
    | st.sampled_from([None, True, False, "", "a", 0, 1.0, -1])
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.integers(0, 9), max_size=5)
)
KEYS = st.sampled_from(
    ["signature_name", "instances", "inputs", "images", "seed", "b64", ""]
) | st.text(max_size=3)
# By the type of a good value, others that may pass for it.
LIKE = {
    dict: ANY_FILES.map(as_json) | st.just("\ud800"),
    str: KEYS,
    int: HUGE,
    float: HUGE,
}


def write(value):
    """JSON, or nearly, of nested lists, `Members` and `Token`s."""
    match value:
        case Token():
            return value
        case Members():
            pairs = [f"{json.dumps(k)}:{write(v)}" for k, v in value]
            return "{" + ",".join(pairs) + "}"
        case dict():
            return write(Members(value.items()))
        case list():
            return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


@st.composite
def documents(draw):
    """A good body as nested lists and `Members`."""
    signature, inputs = draw(requests(ANY_FLOATS, ANY_FILES))
    inputs = {name: as_json(array) for name, array in inputs.items()}
    key = draw(st.sampled_from(["instances", "inputs"]))
    if len(inputs) == 1 and draw(st.booleans()):
        (values,) = inputs.values()
    elif key == "inputs":
        values = Members(map(list, inputs.items()))
    else:
        values = [
            Members(map(list, zip(inputs, row, strict=True)))
            for row in zip(*inputs.values(), strict=True)
        ]
    pairs = [["signature_name", signature], [key, values]]
    return Members(draw(st.permutations(pairs)))


def places(tree):
    """All (list, index) of a tree; a pair's value is at index 1."""
    for i, item in enumerate(tree):
        pair = isinstance(tree, Members)
        yield (item, 1) if pair else (tree, i)
        value = item[1] if pair else item
        if isinstance(value, list):
            yield from places(value)


@st.composite
def texts(draw):
    """A document of which up to 3 parts are other than they should be."""
    if draw(st.integers(0, 9)) == 0:
        return write(draw(JUNK))
    tree = draw(documents())
    for _ in range(draw(st.integers(0, 3))):
        found = list(places(tree))
        if draw(st.booleans()):
            leaves = [x for x in found if not isinstance(x[0][x[1]], list)]
            found = leaves or found
        parent, i = draw(st.sampled_from(found))
        value = parent[i]
        match draw(st.integers(0, 5)):
            case 0 if isinstance(value, Members):
                value.append([draw(KEYS), draw(JUNK)])
            case 1 if isinstance(value, list) and value:
                del value[draw(st.integers(0, len(value) - 1))]
            case 2 if isinstance(value, list) and value:
                value.append(value[0])
            case 3:
                parent[i] = [value]
            case 4 if type(value) in LIKE:
                parent[i] = draw(LIKE[type(value)])
            case _:
                parent[i] = draw(JUNK)
    return write(tree)
