"""An address says which protocol a server speaks."""

import pytest

from tfdisent.errors import UsageError
from tfdisent.serving.client.address import is_rest


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8500",
        "127.0.0.1:1",
        "[::1]:65535",
        "my_pod-0.models.svc:8500",
        "dns:///models:8500",
        "unix:/run/serve.sock",
    ],
)
def test_grpc(address):
    assert not is_rest(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8501",
        "https://models.org",
        "https://models.org/vae/",
        "http://[::1]:8501",
    ],
)
def test_rest(address):
    assert is_rest(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        ":8500",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:8500/v1",
        "http:/localhost:8501",
        "HTTP://localhost:8501",
        "http://",
        "http://:8501",
        "http://localhost:0",
        "http://localhost:65536",
        "http://localhost:x",
        "http://[::1",
        "ftp://localhost:21",
        "unix:",
    ],
)
def test_what_is_no_address(address):
    with pytest.raises(UsageError, match="is no address") as caught:
        is_rest(address)
    assert repr(address) in str(caught.value)
