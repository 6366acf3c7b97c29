"""REST requests, good ones with a little harm done to them."""

import gzip
import zlib

import hypothesis.strategies as st
from served.fuzz_json import texts
from served.fuzz_strategies import garbled

MAX_BODY_BYTES = 2**18
_BOMB = b'{"inputs":[' + b" " * MAX_BODY_BYTES


TYPES = st.sampled_from(
    ["application/json", "text/plain", "", "multipart/form-data; boundary=x"]
)


def mostly(good, bad):
    """One text, or seldom one of others."""
    return st.sampled_from([good] * 19 * len(bad) + bad)


def _gzip(content):
    return gzip.compress(content, 1, mtime=0)


@st.composite
def bodies(draw):
    """(body, headers) of a Predict request."""
    encoding = draw(mostly("utf-8", ["utf-16", "utf-8-sig"]))
    body = draw(texts()).encode(encoding, errors="surrogatepass")
    if draw(st.integers(0, 3)) == 0:
        body = draw(garbled(body))
    headers = {"Content-Type": draw(TYPES)}
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
    + [
        "%",
        "%zz",
        "%ff",
        "%2F",
        "9" * 5000,
        "-1",
        "a" * 9000,
        "é",
        "\udcff",
        " ",
    ]
    + ["?", "#", "\\", "healthz", "readyz", "*", "http://x", "\t", ":", "@"]
)
PATHS = st.sampled_from(
    ["/v1/models/tiny:predict", "/v1/models/tiny/versions/1:predict"]
    + ["/v1/models/tiny", "/v1/models/tiny/metadata", "/v1/models", "/healthz"]
    + ["/monitoring/prometheus/metrics", "*", "http://x/v1/models/tiny"]
)
PATHS |= st.lists(SEGMENTS, max_size=4).map(lambda x: "/v1/" + "/".join(x))
PATHS |= st.builds(
    "/v1/models/{}{}{}{}".format,
    mostly("tiny", ["%74iny", "", "é"]) | SEGMENTS,
    st.sampled_from(["/versions/", "/labels/", "/VERSIONS/"]),
    SEGMENTS,
    st.sampled_from([":predict", "", "/metadata", ":regress", ":foo", "/"]),
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
        'Cookie: a=b; "; =',
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
        "Expect: \udc80",
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
    body, headers = draw(bodies())
    body = body[:5000]
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines.append(draw(mostly("Host: x", ["X: y", "Host:"])))
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
