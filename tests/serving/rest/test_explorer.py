"""Where the explorer's files and the model cards are."""

import contextlib
from types import SimpleNamespace

import pytest
from served.rest_servers import embedded

from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.token import Token

SECRET = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {SECRET}"}
CARD = b'{"format": 1}'


class OneModel:
    """A manager of versions 3, with a card, and 4 of the model a/b."""

    @contextlib.contextmanager
    def using(self, name, version=None, label=None):
        cards = {("a/b", 3): CARD, ("a/b", 4): None}
        if (name, version) not in cards:
            raise ServingError(Code.NOT_FOUND, "no such version")
        yield SimpleNamespace(card=cards[name, version])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "token"
    path.write_text(SECRET)
    with embedded(
        OneModel(), token=Token(path), cors=True, explorer=True
    ) as started:
        yield started.client


def test_the_page_comes_without_a_token_and_asks_no_other_host(server):
    page = server.get("/")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert {"default-src 'none'", "script-src 'self'"} <= set(
        policy.split("; ")
    )
    assert server.get("/index.html").body == page.body


@pytest.mark.parametrize(
    "path", ["/..%2Fapp.py", "/explorer/index.html", "/__init__.py", "/x.js"]
)
def test_there_are_no_other_files(server, path):
    assert server.get(path, **BEARER).status == 404


def test_a_card_needs_the_token(server):
    path = "/cards/a%2Fb/3.json"
    assert server.get(path).status == 401
    card = server.get(path, **BEARER)
    assert (card.status, card.body) == (200, CARD)
    assert card.headers["content-type"] == "application/json"
    assert card.headers["access-control-allow-headers"] == (
        "Content-Type, Authorization"
    )


@pytest.mark.parametrize(
    "path", ["/cards/a%2Fb/4.json", "/cards/a%2Fb/5.json", "/cards/c/3.json"]
)
def test_versions_without_a_card(server, path):
    assert server.get(path, **BEARER).status == 404


def test_none_of_it_unless_wanted():
    with embedded(OneModel()) as server:
        for path in ("/", "/index.html", "/cards/a%2Fb/3.json"):
            assert server.client.get(path).status == 404
