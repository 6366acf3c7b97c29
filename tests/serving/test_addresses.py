import pytest

from tfdisent.serving.addresses import is_loopback, joined


def test_an_address_is_joined_as_a_url_has_it():
    assert joined("127.0.0.1", 80) == "127.0.0.1:80"
    assert joined("::1", 80) == "[::1]:80"


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.1", False),
        ("host.example", False),
    ],
)
def test_only_loopback_is_loopback(host, is_one):
    assert is_loopback(host) == is_one
