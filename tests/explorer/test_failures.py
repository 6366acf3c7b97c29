"""Servers that are away, guarded, slow, or know less than others."""

import asyncio
import contextlib

from axe_playwright_python.sync_playwright import Axe
from explorer.open_pages import opened
from playwright.sync_api import expect
from served.grpc_servers import Recorder
from served.rest_servers import LIMITS

from tfdisent.serving.rest.app import rest_app
from tfdisent.serving.rest.connection import RestRunner
from tfdisent.serving.token import Token

SECRET = "0123456789abcdef"


@contextlib.contextmanager
def listening(server, port=0, **options):
    """Yields the port of another listener of the models of a server."""

    async def start():
        app = rest_app(
            *(server.manager, LIMITS, Recorder()), explorer=True, **options
        )
        runner = RestRunner(app, LIMITS, grace_seconds=0)
        await runner.setup()
        return runner, await runner.listen("127.0.0.1", port)

    def run(coroutine):
        future = asyncio.run_coroutine_threadsafe(coroutine, server.loop)
        return future.result(30)

    runner, bound = run(start())
    try:
        yield bound
    finally:
        run(runner.cleanup())


def test_a_dead_server_is_named_and_tried_again(browser, server):
    with opened(browser, fails=True) as explorer:
        page = explorer.page
        with listening(server.embedded) as port:
            explorer.open(f"http://127.0.0.1:{port}/#model=tiny").settled()
            before = explorer.pixels()
        explorer.slider("width").press("End")
        expect(explorer.notice()).to_have_text(
            f"http://127.0.0.1:{port} does not answer."
        )
        assert (explorer.pixels() == before).all()
        assert Axe().run(page).violations_count == 0
        page.get_by_role("button", name="Try again").click()
        expect(explorer.notice()).to_be_visible()
        with listening(server.embedded, port):
            page.get_by_role("button", name="Try again").click()
            expect(page.locator("#notice")).to_be_hidden()
            explorer.settled()
            assert (explorer.pixels() != before).any()


def test_a_token_is_asked_for_and_kept(browser, server, tmp_path):
    file = tmp_path / "token"
    file.write_text(SECRET)
    guarded = listening(server.embedded, cors=True, token=Token(file))
    with guarded as port, opened(browser, fails=True) as explorer:
        # The page of one server that asks another, as static files would.
        address = f"http://127.0.0.1:{port}"
        page = explorer.open(f"{server.url}?server={address}#model=tiny").page
        expect(explorer.notice()).to_have_text(f"{address} asks for a token.")
        page.get_by_label("Token").fill("a wrong one")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_label("Token")).to_have_value("")
        expect(explorer.notice()).to_be_visible()
        page.get_by_label("Token").fill(SECRET)
        page.keyboard.press("Enter")
        explorer.settled()
        assert not page.locator("#notice").is_visible()
        assert SECRET not in page.url
        page.reload()
        explorer.settled()
        own = [url for url in explorer.asked if url.startswith(server.url)]
        assert not [url for url in own if "/v1/" in url]


def test_an_address_that_is_no_web_server_stays_named(browser, server):
    with opened(browser) as explorer:
        page = explorer.page
        page.clock.install()
        explorer.open(f"{server.url}?server=javascript:alert(1)")
        told = page.get_by_text("after ?server= is no web server")
        expect(told).to_be_visible()
        page.clock.fast_forward(60_000)
        expect(told).to_be_visible()
        expect(page.get_by_text("Opening")).to_have_count(0)


def test_a_server_without_a_list_is_asked_by_name(browser, server):
    def refuse(route):
        route.fulfill(status=400, json={"error": "Missing model name"})

    with opened(browser, fails=True) as explorer:
        page = explorer.page
        page.route("**/v1/models", refuse)
        page.goto(server.url)
        name = page.get_by_label("Model’s name")
        name.fill("<i>none")
        page.keyboard.press("Enter")
        expect(explorer.notice()).to_contain_text("<i>none")
        name.fill("tiny")
        page.keyboard.press("Enter")
        explorer.settled()
        assert page.locator("#first .versions option").count() == 2
        assert not page.locator("#notice").is_visible()


def test_an_answer_that_cannot_be_read_is_named(browser, server):
    with opened(browser, fails=True) as explorer:
        page = explorer.page
        page.route("**/metadata", lambda route: route.fulfill(json={"a": 1}))
        page.goto(server.url)
        expect(explorer.notice()).to_contain_text("this page cannot read")
        page.unroute("**/metadata")
        page.get_by_role("button", name="Try again").click()
        explorer.settled()
        assert not page.locator("#notice").is_visible()


def test_a_slow_server_is_given_up(browser, server):
    with opened(browser, fails=True) as explorer:
        page = explorer.page
        page.clock.install()
        page.route("**/v1/models", lambda route: None)
        page.goto(server.url)
        expect(page.locator("#opening")).to_be_visible()
        page.clock.fast_forward(31_000)
        expect(explorer.notice()).to_contain_text("not answered for 30 seconds")


def test_no_encoder_and_no_card(browser, server):
    with opened(browser, fails=True) as explorer:
        explorer.open(f"{server.url}#model=gan").settled()
        page = explorer.page
        expect(page.locator(".no-encoder")).to_be_visible()
        assert not page.locator("#starts .images").is_visible()
        titles = page.locator("#first .slider .title").all_text_contents()
        assert titles == ["z0", "z1", "z2", "z3", "z4"]
        slider = explorer.slider("z2")
        assert slider.get_attribute("min") == "-3"
        before = explorer.pixels()
        slider.press("End")
        explorer.settled()
        assert explorer.code() == [0, 0, 3, 0, 0]
        assert (explorer.pixels() != before).any()
        page.get_by_text("Interpolation and arithmetic").first.click()
        expect(page.locator("#mixing .frame")).to_have_count(11)
        assert not page.locator("#notice").is_visible()
