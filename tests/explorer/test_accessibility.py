"""The page with all its parts open is for all, on any screen."""

from axe_playwright_python.sync_playwright import Axe
from explorer.open_pages import opened
from playwright.sync_api import expect

SCREENS = (("light", 1280), ("dark", 1280), ("light", 360))


def test_all_can_use_it(browser, server):
    with opened(browser) as explorer:
        page = explorer.open(f"{server.url}#model=tiny").settled().page
        page.get_by_role("button", name="Compare").click()
        page.get_by_text("Interpolation and arithmetic").first.click()
        page.locator("#first .sliders summary").click()
        expect(page.locator("#mixing .frame")).to_have_count(11)
        expect(page.locator("#second canvas[aria-label*=tiny]")).to_be_visible()
        explorer.settled()
        for scheme, width in SCREENS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            results = Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide == width


def test_the_keyboard_reaches_all_in_the_order_of_sight(explorer):
    page = explorer.page
    reached = []
    for _ in range(18):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                  const { ariaLabel, ariaValueText, innerText, tagName } =
                    document.activeElement;
                  const alt = document.activeElement.firstChild?.alt;
                  return ariaLabel || ariaValueText?.split(",")[0] || alt
                    || (tagName === "BUTTON" ? innerText : tagName);
                }"""
            )
        )
    assert reached == [
        *("Copy link", "Compare"),
        *(f"Example {k + 1}, shape {k}" for k in range(4)),
        *("Upload image", "Prior sample", "INPUT", "Next"),
        *("SELECT", "SELECT"),
        *("PNG", "Large PNG", "Code as JSON", "Reset"),
        *("z1", "height"),
    ]
