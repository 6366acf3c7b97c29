"""From a slider to its image, on the loopback."""

import statistics

import pytest
from explorer.open_pages import opened
from served.model_folders import config, model
from served.rest_servers import embedded

from tfdisent.export.saved_model import export_model
from tfdisent.models.beta_vae import BetaVAE

MOVES = 50
SECONDS = 0.1

# From the event of a slider to the frame after its image was drawn.
_TIMES = """async (slider, moves) => {
  const canvas = document.querySelector("#first canvas");
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  for (let k = 0; k < moves; k++) {
    slider.value = k % 2 ? -2 + k / 20 : 2 - k / 20;
    const start = performance.now();
    slider.dispatchEvent(new Event("input"));
    do await frame(); while (canvas.ariaBusy);
    times.push((performance.now() - start) / 1000);
  }
  return times;
}"""


def seconds_to_image(explorer):
    """The median over moves of the first slider."""
    slider = explorer.page.locator("#first .slider input").first
    times = slider.evaluate(_TIMES, MOVES)
    explorer.settled()
    return statistics.median(times)


@pytest.mark.slow
def test_the_image_follows_within_100_ms(browser, tmp_path):
    export_model(
        BetaVAE(image_shape=(64, 64, 1), num_latents=10), tmp_path / "vae"
    )
    served = config(model("vae", tmp_path / "vae"))
    with (
        embedded(config=served, explorer=True) as server,
        opened(browser, fails=True) as explorer,
    ):
        explorer.open(f"http://127.0.0.1:{server.client.port}/").settled()
        assert seconds_to_image(explorer) < SECONDS
