"""The grammar of paths, from the table of serving.md 2.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfdisent.serving.rest.urls import Target, read_path
from tfdisent.serving.status import Code, ServingError


def refused(method, path):
    with pytest.raises(ServingError) as info:
        read_path(method, path)
    assert info.value.code == Code.INVALID_ARGUMENT
    return info.value.message


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("POST", "/v1/models/m:predict", Target("predict", "m")),
        ("POST", "/V1/MODELS/m:PREDICT", Target("predict", "m")),
        ("POST", "/v1/models/M:classify", Target("classify", "M")),
        ("POST", "/v1/models/m/versions/3:regress", Target("regress", "m", 3)),
        (
            "POST",
            "/v1/models/m/Versions/007:predict",
            Target("predict", "m", 7),
        ),
        (
            "POST",
            "/v1/models/m/labels/a%2Fb:predict",
            Target("predict", "m", None, "a/b"),
        ),
        ("GET", "/v1/models", Target("models", "")),
        ("GET", "/v1/models/m", Target("status", "m")),
        ("GET", "/v1/models/m/versions/0", Target("status", "m", 0)),
        ("GET", "/v1/models/m/labels/x", Target("status", "m", None, "x")),
        ("GET", "/v1/models/m/metadata", Target("metadata", "m")),
        ("GET", "/v1/models/m/versions/2/METADATA", Target("metadata", "m", 2)),
        ("GET", "/v1/models/metadata", Target("status", "metadata")),
        ("GET", "/v1/models/m%3apredict", Target("status", "m:predict")),
        ("GET", "/v1/models/a%20b%00%ff", Target("status", "a b\0\ufffd")),
        ("GET", "/v1/models/..%2F..%2fetc", Target("status", "../../etc")),
        ("GET", "/v1/models/%252e", Target("status", "%2e")),
        ("GET", "/v1/models/é%C3%A9%", Target("status", "éé%")),
        (
            "GET",
            f"/v1/models/m/versions/{2**63 - 1}",
            Target("status", "m", 2**63 - 1),
        ),
        (
            "GET",
            f"/v1/models/m/versions/{'0' * 5000}",
            Target("status", "m", 0),
        ),
    ],
)
def test_reads_what_the_table_has(method, path, target):
    assert read_path(method, path) == target


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/m:predict"),
        ("PUT", "/v1/models/m:predict"),
        ("DELETE", "/v1/models/m"),
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models"),
        ("POST", "/v1/models/m/metadata"),
        ("POST", "/v1/models/m:foo"),
        ("POST", "/v1/models/m:predict/"),
        ("POST", "/v1/models/m:predictx"),
        ("POST", "/v1/models//versions/1:predict"),
        ("POST", "/v1/models/:predict"),
        ("POST", "/v1/models/a/b:predict"),
        ("POST", "/v1/models/m/versions/-1:predict"),
        ("POST", "/v1/models/m/versions/1.0:predict"),
        ("POST", "/v1/models/m/versions/ 1:predict"),
        ("POST", "/v1/models/m/versions/%31:predict"),
        ("POST", "/v1/models/m/versions/\u0661:predict"),
        ("POST", "/v1/models/m/versions/:predict"),
        ("POST", "/v1/models/m/labels/:predict"),
        ("POST", "/v1/models/m/labels/a/b:predict"),
        ("POST", "/v1/models/m/versions/1/labels/a:predict"),
        ("POST", "/v1/models/m/labels/a/versions/1:predict"),
        ("GET", "/v1/models/m/versions/1/x"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/"),
        ("GET", "/v1/models/../models/m"),
        ("HEAD", "/v1/models/m"),
        ("get", "/v1/models/m"),
    ],
)
def test_all_else_is_malformed(method, path):
    assert refused(method, path) == f"Malformed request: {method} {path}"


@pytest.mark.parametrize(
    "path", ["/v1/models/versions/1", "/v1/models/labels/a/metadata"]
)
def test_a_model_must_be_named(path):
    assert refused("GET", path) == "Missing model name in request."


@pytest.mark.parametrize("text", [str(2**63), str(2**64), "9" * 5000])
def test_versions_are_of_64_bits(text):
    path = f"/v1/models/m/versions/{text}"
    for method, end in (("GET", ""), ("POST", ":predict")):
        message = refused(method, path + end)
        assert message == f"Failed to convert version: {text[:40]} to numeric."


def test_what_is_no_text_is_shown_as_such():
    message = refused("GET", "/v1/\udcff")
    assert message == "Malformed request: GET /v1/\ufffd"


@given(st.sampled_from(["GET", "POST", "PUT"]), st.text(max_size=40))
def test_any_path_is_read_or_refused(method, text):
    for path in ("/v1/" + text, "/v1/models/" + text):
        try:
            target = read_path(method, path)
        except ServingError as error:
            assert error.code == Code.INVALID_ARGUMENT
            error.message.encode()
        else:
            assert target.model.encode() or target.action == "models"
