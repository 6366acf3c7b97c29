"""The explorer's page in a browser, and what a person sees on it."""

import base64
import contextlib
import io

import numpy as np
from PIL import Image
from playwright.sync_api import expect

_MILLISECONDS = 20_000  # that a busy machine may take
expect.set_options(timeout=_MILLISECONDS)

# Gets the pixels of a canvas or an <img> as RGBA.
_PIXELS = """async (element) => {
  const bitmap = await createImageBitmap(element);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  return { data: [...data], shape: [bitmap.height, bitmap.width, 4] };
}"""


class Explorer:
    """One page.

    Attributes:
      page: Playwright's.
      asked: the URL of each request.
      problems: what the browser complained of.
    """

    def __init__(self, page):
        self.page = page
        self.asked, self.problems = [], []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._note)

    def _note(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def open(self, url):
        self.page.goto(url)
        return self

    def settled(self):
        """Waits until the images are those of the sliders."""
        canvas = self.page.locator("#first canvas[aria-label^=Decoded]")
        expect(canvas).to_be_visible()
        expect(self.page.locator("[aria-busy]")).to_have_count(0)
        return self

    def choose_version(self, version):
        self.page.locator("#first .versions").select_option(version)
        label = f"[aria-label$='version {version}']"
        expect(self.page.locator(f"#first canvas{label}")).to_be_visible()
        return self.settled()

    def slider(self, name, panel="first"):
        """The slider of a meaning or name."""
        rows = self.page.locator(f"#{panel} .slider")
        return rows.filter(has_text=name).locator("input")

    def code(self, panel="first"):
        """The values of the sliders, as they are shown."""
        shown = self.page.locator(f"#{panel} .slider").evaluate_all(
            "rows => rows.map(row => ["
            "row.querySelector('input').id.split('-z')[1],"
            "row.querySelector('.value').textContent])"
        )
        values = {int(k): x.replace("\u2212", "-") for k, x in shown}
        return [float(values[k]) for k in sorted(values)]

    def pixels(self, selector="#first canvas"):
        """Grey levels `[H, W]` of an image."""
        found = self.page.locator(selector).first.evaluate(_PIXELS)
        return np.reshape(found["data"], found["shape"])[..., 0]

    def notice(self):
        return self.page.locator("#notice .sentence")


@contextlib.contextmanager
def opened(browser, *, fails=False, **options):
    """Yields an `Explorer`; at the end, the browser must have been content.

    Args:
      browser: Playwright's.
      fails: whether requests may fail, of which browsers print a line.
      **options: of the browser's context.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(_MILLISECONDS)
    explorer = Explorer(context.new_page())
    try:
        yield explorer
        problems = [
            text
            for text in explorer.problems
            if not (fails and text.startswith("Failed to load resource"))
        ]
        assert not problems
        assert fails or not explorer.notice().is_visible()
    finally:
        context.close()


def png_of(levels):
    """A grey PNG file of an array `[H, W]` of uint8."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(levels, np.uint8)).save(file, "PNG")
    return file.getvalue()


def levels_of(png):
    """Grey levels `[H, W]` of a PNG file, or of one in base64."""
    if isinstance(png, str):
        png = base64.b64decode(png)
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), int)
