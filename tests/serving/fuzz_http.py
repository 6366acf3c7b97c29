"""REST requests, good ones with a little harm done to them."""

import gzip
import json
import zlib

import hypothesis.strategies as st
from serving.fuzz_strategies import (
    FLOATS,
    PNG,
    SPECIAL_FLOATS,
    as_json,
    garbled,
    requests,
)

MAX_BODY_BYTES = 2**18
_BOMB = b'{"inputs":[' + b" " * MAX_BODY_BYTES


def mostly(good, bad):
    """One text, or seldom one of others."""
    return st.sampled_from([good] * 19 * len(bad) + bad)


def _gzip(content):
    return gzip.compress(content, 1, mtime=0)


class Token(str):
    """A text that is put into JSON as it is."""


class Members(list):
    """Pairs of a name and a value; a name may come again."""


TOKENS = st.sampled_from(
    """NaN Infinity -Infinity Inf -Inf nan 1e400 -1e400 1e-400 01 +1 .5 1. -
    0x10 1_0 1e nul True undefined ' " \\ , : ] } [ { /**/ "\\ud800" "\\u0000"
    "\\x" {} [] [[]] [[],[]] [[],[1]] {"b64":""} {"b64":1} {"b64":"A"}
    {"b64":"AA==","x":1} {"b64":"AA==","b64":1} {"b64":null}""".split()
).map(Token)
DEEP = st.tuples(
    st.sampled_from(["[]", ("{" + '"a":', "}"), "[ ", ('[{"b64":', "}]")]),
    st.sampled_from([1, 31, 32, 33, 63, 64, 65, 1000, 30_000]),
).map(lambda x: Token(x[0][0] * x[1] + "1" + x[0][1] * x[1]))
HUGE = st.sampled_from(
    [2**31, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, 0.1, 1e39]
) | st.just(Token("9" * 5000))
PICTURES = (st.just(PNG) | garbled(PNG)).map(as_json)
JUNK = (
    TOKENS
    | DEEP
    | HUGE
    | PICTURES
    | st.sampled_from([None, True, False, "", "a", 0, 1.0, -1])
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.integers(0, 9), max_size=5)
)
KEYS = st.sampled_from(
    ["signature_name", "instances", "inputs", "images", "seed", "b64", ""]
) | st.text(max_size=3)


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
    signature, inputs = draw(requests(FLOATS | SPECIAL_FLOATS))
    inputs = {name: as_json(array) for name, array in inputs.items()}
    key = draw(st.sampled_from(["instances", "inputs"]))
    if len(inputs) == 1 and draw(st.booleans()):
        (values,) = inputs.values()
    elif key == "inputs":
        values = Members(map(list, inputs.items()))
    else:
        rows = zip(*inputs.values(), strict=True)
        values = [Members(map(list, zip(inputs, row))) for row in rows]  # noqa: B905
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
def harmed_documents(draw):
    """A document of which up to 3 parts are other than they should be."""
    tree = draw(documents())
    for _ in range(draw(st.integers(0, 3))):
        parent, i = draw(st.sampled_from(list(places(tree))))
        value = parent[i]
        match draw(st.integers(0, 4)):
            case 0 if isinstance(value, Members):
                value.append([draw(KEYS), draw(JUNK)])
            case 1 if isinstance(value, list) and value:
                del value[draw(st.integers(0, len(value) - 1))]
            case 2 if isinstance(value, list) and value:
                value.append(value[0])
            case 3:
                parent[i] = [value]
            case _:
                parent[i] = draw(JUNK)
    return tree


@st.composite
def bodies(draw):
    """(body, headers) of a Predict request."""
    is_document = draw(st.integers(0, 9)) > 0
    text = write(draw(harmed_documents() if is_document else JUNK))
    encoding = draw(mostly("utf-8", ["utf-16", "utf-8-sig"]))
    body = text.encode(encoding, errors="surrogatepass")
    if draw(st.integers(0, 3)) == 0:
        body = draw(garbled(body))
    headers = {"Content-Type": draw(st.sampled_from(
        ["application/json", "text/plain", "", "multipart/form-data; x"]
    ))}
    match draw(st.integers(0, 15)):
        case 0:
            body = _gzip(body)
        case 1:
            body = draw(garbled(_gzip(body)))
        case 2:
            body = zlib.compress(body)
        case 3:
            body = draw(st.sampled_from([_gzip(_BOMB), _BOMB, b""]))
        case 4:
            body = _gzip(_gzip(body))
        case _:
            return body, headers
    headers["Content-Encoding"] = draw(
        st.sampled_from(["gzip", "gzip", "GZIP ", "deflate", "br", "a, gzip"])
    )
    return body, headers


METHODS = mostly("POST", ["GET"]) | mostly(
    "GET",
    ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "get"]
    + ["", "G\x00T", "PRI", "X" * 9000],
)
SEGMENTS = st.sampled_from(
    ["v1", "V1", "models", "tiny", "tiny:predict", "versions", "labels", "1"]
    + ["metadata", "tiny:classify", "tiny:foo", "..", ".", "", "%2e%2e", "%00"]
    + ["%", "%zz", "%ff", "%2F", "9" * 30, "-1", "a" * 9000, "é", "\udcff", " "]
    + ["?", "#", "\\", "healthz", "readyz", "*", "http://x", "\t", ":", "@"]
)
PATHS = st.sampled_from(
    ["/v1/models/tiny:predict", "/v1/models/tiny/versions/1:predict"]
    + ["/v1/models/tiny", "/v1/models/tiny/metadata", "/v1/models", "/healthz"]
    + ["/monitoring/prometheus/metrics", "*", "http://x/v1/models/tiny"]
) | st.lists(SEGMENTS, max_size=4).map(
    lambda parts: "/" + "/".join(["v1/models", *parts])
)
VERSIONS = mostly("HTTP/1.1", ["HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "", "x x"])
HARMLESS = st.sampled_from(
    [
        "Connection: keep-alive",
        "Connection: close",
        "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13"
        "\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Connection: Upgrade, HTTP2-Settings\nUpgrade: h2c"
        "\nHTTP2-Settings: AAMAAABk",
        "Expect: 100-continue",
        "Range: bytes=0-1",
        "If-Modified-Since: x",
        "Origin: http://x",
        "Cookie: a=b; \"; =",
        "Authorization: Basic YTpi",
        "Content-Type: application/json; charset=utf-99",
        "X: é",
    ]
)
HARMFUL = st.sampled_from(
    [
        "Host: y",
        "Content-Length: 0",
        "Content-Length: 5",
        "Content-Length: -1",
        "Content-Length: 1e3",
        "Content-Length: +5",
        "Content-Length: 99999999999999999999999",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding : chunked",
        "Content-Encoding: gzip",
        "Content-Encoding: \x0b",
        "Expect: 200-ok",
        "X: \x00",
        " folded",
        ": nameless",
        "no colon",
        "X" * 9000 + ": a",
        "X: " + "a" * 9000,
        "\n".join(f"X{i}: a" for i in range(300)),
    ]
)
CHUNKS = st.sampled_from(
    [b"%x\r\n%b\r\n0\r\n\r\n", b"%x;a=b\r\n%b\r\n0\r\nX: y\r\n\r\n"]
    + [b"%x\n%b\n0\n\n", b"-%x\r\n%b\r\n0\r\n\r\n", b"0%x\r\n%b", b"g%x\r\n%b"]
)


@st.composite
def raw_requests(draw):
    """What comes over one connection: nearly a request, or two."""
    body, _ = draw(bodies())
    body = body[:5000]
    lines = [draw(mostly("Host: x", ["", "Host:"]))]
    lines += draw(st.lists(HARMLESS, max_size=3))
    if draw(st.integers(0, 3)) == 0:
        lines += draw(st.lists(HARMFUL, max_size=2))
    match draw(st.integers(0, 4)):
        case 0:
            lines.append("Transfer-Encoding: chunked")
            body = draw(CHUNKS) % (len(body), body)
        case 1:
            body = b""
        case _:
            lines.append(f"Content-Length: {len(body)}")
    line = " ".join([draw(METHODS), draw(PATHS), draw(VERSIONS)])
    lines = [line, *draw(st.permutations(lines)), "", ""]
    end = draw(mostly("\r\n", ["\n", "\r"]))
    text = end.join(line for group in lines for line in group.split("\n"))
    content = text.encode(errors="surrogateescape") + body
    if draw(st.integers(0, 3)) == 0:
        content = draw(garbled(content))
    return content * draw(st.sampled_from([1, 1, 2]))
