"""A person opens the page, turns latents, and takes results along."""

import base64
import json

import numpy as np
import pytest
from explorer.explored_models import EVIL, EXAMPLES, card, latent
from explorer.open_pages import levels_of, opened, png_of
from playwright.sync_api import expect


def decoded(ask, code):
    (file,) = ask("decode_png", codes=[code])
    return levels_of(file["b64"])


def encoded(ask, image):
    file = base64.b64encode(png_of(image)).decode()
    return ask("encode_png", images_bytes=[{"b64": file}])["mean"][0]


def give(page, name, image):
    """Chooses a file, or drops one of the name "drop" on the page."""
    if name != "drop":
        file = {"name": name, "mimeType": "image/png", "buffer": png_of(image)}
        page.locator("[type=file]").set_input_files(file)
        return
    page.evaluate(
        """bytes => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(bytes)], "drop"));
          document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer, bubbles: true }));
        }""",
        list(png_of(image)),
    )


def test_latents_are_sorted_named_and_folded(explorer):
    page = explorer.page
    shown = page.locator("#first .sliders > .slider")
    assert shown.locator(".title").all_text_contents() == [
        *("z1", "height", "width")
    ]
    assert shown.locator(".nats").all_text_contents() == [
        *("KL 2.50 nats", "KL 2.00 nats", "KL 1.50 nats")
    ]
    folded = page.locator("#first .sliders details")
    expect(folded.locator("summary")).to_have_text("2 inactive latents")
    assert not folded.locator("input").first.is_visible()
    folded.locator("summary").press("Enter")
    assert folded.locator("input").count() == 2
    expect(folded.locator("input").last).to_be_visible()


def test_a_latent_that_the_encoder_hardly_sees_has_the_priors_range(
    browser, server
):
    latents = [
        latent(k, 1.0, f"factor {k}") | {"low": -width / 2, "high": width / 2}
        for k, width in enumerate([0.04, 1.0, 1.5, 0.0, 8.0])
    ]
    with opened(browser) as explorer:
        page = explorer.page
        page.route(
            "**/cards/**",
            lambda route: route.fulfill(json=card("2") | {"latents": latents}),
        )
        explorer.open(f"{server.url}#model=tiny&code=0,0,0,0,0").settled()
        ends = [
            explorer.slider(f"factor {k}").get_attribute("max")
            for k in range(5)
        ]
    assert ends == ["3", "3", "0.75", "3", "4"]


def test_the_image_follows_a_slider(explorer, ask):
    before = explorer.pixels()
    slider = explorer.slider("width")
    assert [slider.get_attribute(key) for key in ("min", "max", "step")] == [
        *("-1", "1", "0.05")
    ]
    slider.focus()
    explorer.page.keyboard.press("End")
    explorer.page.keyboard.press("ArrowLeft")
    explorer.settled()
    expect(slider).to_have_attribute("aria-valuetext", "width, 0.95")
    code = encoded(ask, EXAMPLES[0])
    code[0] = 0.95
    after = explorer.pixels()
    assert (after == decoded(ask, code)).all()
    assert (before != after).any()
    explorer.page.get_by_role("button", name="Reset").click()
    explorer.settled()
    assert (explorer.pixels() == before).all()


def test_the_strip_is_a_traversal_and_its_frames_set_the_slider(explorer, ask):
    page = explorer.page
    explorer.slider("height").focus()
    heading = page.locator("#first .traversal h2")
    expect(heading).to_have_text("Along height")
    frames = page.locator("#first .traversal .frame")
    expect(frames).to_have_count(8)
    expect(frames.nth(7)).to_have_text("4.00")
    code = encoded(ask, EXAMPLES[0])
    code[3] = 4.0
    image = "#first .traversal .frame:last-child img"
    assert (explorer.pixels(image) == decoded(ask, code)).all()
    frames.nth(7).press("Enter")
    explorer.settled()
    assert (explorer.pixels() == decoded(ask, code)).all()
    expect(frames.nth(7)).to_have_attribute("aria-pressed", "true")
    assert explorer.code()[3] == 4.0


def test_images_and_samples_start_a_code(explorer, ask):
    page = explorer.page
    page.get_by_role("button", name="Example 3, shape 2").click()
    expect(page.locator("#first .source .title")).to_have_text("Example 3")
    mean = encoded(ask, EXAMPLES[2])
    np.testing.assert_allclose(explorer.code(), mean, atol=0.0051)
    for name, own in (("<b>.png", 255 - EXAMPLES[1]), ("drop", EXAMPLES[3])):
        give(page, name, own)
        expect(page.locator("#first .source .title")).to_have_text(name)
        mean = encoded(ask, own)
        np.testing.assert_allclose(explorer.code(), mean, atol=0.0051)
    page.get_by_role("button", name="Next").click()
    title = page.locator("#first .source .title")
    expect(title).to_have_text("Prior sample with seed 1")
    (code,) = ask("sample_png", seed=[1])["codes"]
    np.testing.assert_allclose(explorer.code(), code, atol=0.0051)
    text = {"name": "x.txt", "mimeType": "text/plain", "buffer": b"x"}
    page.locator("[type=file]").set_input_files(text)
    expect(page.locator("#status")).to_contain_text("x.txt is no image")


def test_large_pictures_are_cut_and_scaled(explorer):
    # Dark above light, with white on the left and right that is cut off.
    large = np.repeat([[40], [200]], 40, axis=0).repeat(60, axis=1)
    large = np.pad(large, [(0, 0), (30, 30)], constant_values=255)
    page = explorer.page
    give(page, "l.png", large)
    expect(page.locator("#first .source .title")).to_have_text("l.png")
    levels = explorer.pixels("#first .source img")
    assert levels.shape == (4, 3)
    np.testing.assert_allclose(levels[[0, 3]], [[40] * 3, [200] * 3], atol=4)


def test_versions_and_models_change(explorer):
    page = explorer.page
    explorer.choose_version("1")
    expect(page.locator("#first .description")).to_have_text(
        f"beta_vae on {EVIL}, 1,000 steps"
    )
    titles = page.locator("#first .sliders > .slider .title")
    expect(titles).to_have_text(["width", EVIL, "z4"])
    explorer.settled()
    asked = [url for url in explorer.asked if url.endswith(":predict")]
    assert "/tiny/versions/2:" in asked[0]
    assert "/tiny/versions/1:" in asked[-1]
    assert page.locator("img[src=x]").count() == 0


def test_a_link_restores_the_state(explorer, browser, server):
    page = explorer.page
    explorer.choose_version("1")
    explorer.slider("width").focus()
    page.keyboard.press("End")
    explorer.settled()
    page.wait_for_url("**code=*,4,*")
    with opened(browser) as other:
        other.open(page.url).settled()
        assert other.page.locator("#first .versions").input_value() == "1"
        assert other.code() == explorer.code()
        assert (other.pixels() == explorer.pixels()).all()
        other.page.goto(f"{server.url}#model=tiny&version=9&code=1,2")
        expect(other.page.locator("#status")).to_have_text(
            "What the link shows is not served here."
        )


def test_image_and_code_are_downloaded(explorer, ask):
    def download(name):
        button = explorer.page.get_by_role("button", name=name, exact=True)
        with explorer.page.expect_download() as found:
            button.click()
        file = found.value
        return file.suggested_filename, file.path().read_bytes()

    name, png = download("PNG")
    assert name == "tiny-v2.png"
    assert (levels_of(png) == explorer.pixels()).all()
    name, png = download("Large PNG")
    assert name == "tiny-v2-x128.png"
    expected = explorer.pixels().repeat(128, axis=0).repeat(128, axis=1)
    assert (levels_of(png) == expected).all()
    name, text = download("Code as JSON")
    assert name == "tiny-v2-code.json"
    content = json.loads(text)
    assert (content["model"], content["version"]) == ("tiny", "2")
    (code,) = content["codes"]
    assert code == pytest.approx(encoded(ask, EXAMPLES[0]))


def test_only_the_newest_code_is_decoded(explorer):
    count = len(explorer.asked)
    explorer.slider("height").evaluate(
        """(slider) => {
          for (let k = 0; k <= 40; k++) {
            slider.value = k / 10;
            slider.dispatchEvent(new Event("input"));
          }
        }"""
    )
    explorer.settled()
    asked = explorer.asked[count:]
    # The first at once, the last, and the strip.
    assert len([url for url in asked if url.endswith(":predict")]) <= 3
    assert explorer.code()[3] == 4.0
