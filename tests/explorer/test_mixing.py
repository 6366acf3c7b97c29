"""Interpolation and arithmetic of kept images; two models side by side."""

import base64

import numpy as np
import pytest
from explorer.explored_models import CARDS, EXAMPLES
from explorer.open_pages import levels_of, opened, png_of
from playwright.sync_api import expect


@pytest.fixture
def codes(ask):
    """Of A, B and C: the first three examples."""
    files = [base64.b64encode(png_of(x)).decode() for x in EXAMPLES[:3]]
    images = [{"b64": file} for file in files]
    return np.array(ask("encode_png", images_bytes=images)["mean"])


@pytest.fixture
def mixing(explorer):
    """The opened part of the page."""
    explorer.page.get_by_text("Interpolation and arithmetic").first.click()
    part = explorer.page.locator("#mixing")
    expect(part.locator("fieldset")).to_be_enabled()
    return part


def assert_shows(explorer, ask, selector, code):
    (file,) = ask("decode_png", codes=[code.tolist()])
    difference = explorer.pixels(selector) - levels_of(file["b64"])
    assert abs(difference).max() <= 1


def test_interpolation_goes_from_a_to_b(explorer, mixing, codes, ask):
    frame = "#mixing .strip .frame"
    expect(mixing.locator(".frame")).to_have_count(11)
    assert_shows(explorer, ask, f"{frame}:nth-child(1) img", codes[0])
    assert_shows(explorer, ask, f"{frame}:nth-child(11) img", codes[1])
    between = 0.7 * codes[0] + 0.3 * codes[1]
    assert_shows(explorer, ask, f"{frame}:nth-child(4) img", between)
    mixing.locator(".frame").nth(3).click()
    explorer.settled()
    assert_shows(explorer, ask, "#first canvas", between)
    slider = mixing.locator(".share")
    slider.press("End")
    explorer.settled()
    assert_shows(explorer, ask, "#first canvas", codes[1])
    text = "100 % of the way from A to B"
    expect(slider).to_have_attribute("aria-valuetext", text)


def test_arithmetic_of_codes(explorer, mixing, codes, ask):
    explorer.page.get_by_role("button", name="Example 4").click()
    expect(explorer.page.locator("#first .source .title")).to_have_text(
        "Example 4"
    )
    explorer.settled()
    kept = explorer.pixels()
    mixing.get_by_role("button", name="Keep the current image as B").click()
    expect(explorer.page.locator("#status")).to_have_text("Kept as B.")
    assert (explorer.pixels("#slots .slot:nth-child(2) img") == kept).all()
    file = {"b64": base64.b64encode(png_of(EXAMPLES[3])).decode()}
    b = np.array(ask("encode_png", images_bytes=[file])["mean"][0])
    expected = codes[0] - b + codes[2]
    assert_shows(explorer, ask, "#slots .result img", expected)
    mixing.get_by_role("button", name="Show").click()
    explorer.settled()
    assert_shows(explorer, ask, "#first canvas", expected)


def test_sliders_of_one_meaning_move_together(explorer, codes):
    page = explorer.page
    page.get_by_role("button", name="Compare").click()
    page.locator("#second .versions").select_option("1")
    expect(page.locator("#second .slider")).to_have_count(5)
    expect(page.locator("#second .slider.chosen .title")).not_to_have_text("")
    explorer.settled()
    np.testing.assert_allclose(explorer.code("second"), codes[0], atol=0.0051)
    # Width is latent 0 of version 2, and 3 of version 1, where it turns the
    # other way and its range is four times as long.
    explorer.slider("width").focus()
    page.keyboard.press("End")
    explorer.settled()
    moved = codes[0].copy()
    moved[3] -= 4 * (1 - codes[0, 0])
    np.testing.assert_allclose(explorer.code("second"), moved, atol=0.0051)
    chosen = page.locator("#second .slider.chosen .title")
    expect(chosen).to_have_text("width")
    # The others go by their rank: z1 and the latent of a bad name, 0.
    first = [x["index"] for x in CARDS["2"] if x["meaning"] != "width"]
    second = [x["index"] for x in CARDS["1"] if x["meaning"] != "width"]
    assert (first[0], second[0]) == (1, 0)
    explorer.slider("z0", "second").focus()
    page.keyboard.press("Home")
    explorer.settled()
    expected = codes[0, 1] + 2 * (-1 - codes[0, 0])
    assert explorer.code()[1] == pytest.approx(expected, abs=0.0051)
    assert explorer.code()[0] == 1.0
    page.get_by_role("button", name="Compare").click()
    assert not page.locator("#second").is_visible()


def test_a_model_without_encoder_takes_the_same_code(browser, server):
    with opened(browser, fails=True) as explorer:
        page = explorer.open(f"{server.url}#model=tiny").settled().page
        page.get_by_role("button", name="Compare").click()
        page.locator("#second .models").select_option("gan")
        label = page.locator("#second canvas[aria-label*=gan]")
        expect(label).to_be_visible()
        title = page.locator("#second .source .title")
        expect(title).to_have_text("Example 1")
        explorer.settled()
        assert explorer.code("second") == explorer.code()


def test_a_link_carries_a_comparison(explorer, browser, server):
    page = explorer.page
    page.get_by_role("button", name="Compare").click()
    page.locator("#second .versions").select_option("1")
    expect(page.locator("#second canvas[aria-label$='1']")).to_be_visible()
    explorer.settled()
    explorer.slider("width").press("End")
    explorer.settled()
    page.wait_for_url("**&code=1,*&second_model=tiny&second_version=1&*")
    with opened(browser) as other:
        other.open(page.url).settled()
        assert other.code("second") == explorer.code("second")
        assert other.code() == explorer.code()
        second = "#second canvas"
        assert (other.pixels(second) == explorer.pixels(second)).all()
        # From there they move together.
        for shown in (explorer, other):
            shown.slider("width").press("Home")
            shown.settled()
        assert other.code("second") == explorer.code("second")
        other.page.goto(f"{server.url}#model=tiny&version=1")
        expect(other.page.locator("#second")).to_be_hidden()
        other.page.goto(f"{server.url}#model=tiny&second_model=nobody")
        expect(other.page.locator("#status")).to_have_text(
            "What the link shows is not served here."
        )
        expect(other.page.locator("#second")).to_be_visible()
