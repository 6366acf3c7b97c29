"""A browser, and a server of small models."""

import shutil
from types import SimpleNamespace

import pytest
from explorer.explored_models import write_models
from explorer.open_pages import opened
from playwright.sync_api import sync_playwright
from served.rest_servers import embedded


@pytest.fixture(scope="module")
def browser():
    """Chromium; closed before tests of other folders, which have loops."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("no chromium: apt-get install chromium.", pytrace=False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def models(exported_grey, tmp_path_factory):
    """The config of "tiny" and "gan"."""
    return write_models(exported_grey, tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="module")
def server(models):
    """An `Embedded`, with the page's address."""
    with embedded(config=models, explorer=True) as started:
        yield SimpleNamespace(
            url=f"http://127.0.0.1:{started.client.port}/", embedded=started
        )


@pytest.fixture
def ask(server):
    """The outputs of a signature of "tiny"."""

    def predict(signature, **inputs):
        body = {"signature_name": signature, "inputs": inputs}
        return server.embedded.client.predict(body).json["outputs"]

    return predict


@pytest.fixture
def explorer(browser, server):
    """The page of "tiny", version 2 as the newest; nothing may fail."""
    with opened(browser) as page:
        yield page.open(f"{server.url}#model=tiny").settled()
        allowed = (server.url, "data:", "blob:")
        assert [url for url in page.asked if not url.startswith(allowed)] == []
