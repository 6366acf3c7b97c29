import numpy as np
import pytest

from tfdisent.errors import NotApplicable, UsageError
from tfdisent.evaluation.generated_images import code_recovery, grey_pixels


class Painter:
    """Images of one pixel a latent; latent 1 of 3 is never heard of again."""

    def __init__(self, blur=0.0, deaf=()):
        self.blur, self.deaf = blur, list(deaf)
        self.means = np.random.default_rng(0).standard_normal((500, 3), "f")
        self.means[:, 2] = 0  # as where the posterior is the prior

    def sample(self, n, rng):
        return rng.integers(500, size=n)

    def images(self, points):
        return np.float32(self.means[points] > 0)

    def codes(self, points):
        return self.means[points]

    def posteriors(self, points):
        stddev = np.float32([0.1, 0.1, 1.0])
        return self.means[points], np.broadcast_to(stddev, (len(points), 3))

    def decode(self, codes):
        images = np.where(codes > 0, 1 - self.blur, self.blur)
        return images.astype("f")

    def draw_images(self, n, rng):
        return self.decode(rng.standard_normal((n, 3)))

    def encode(self, images):
        images = images.copy()
        images[:, self.deaf] = 0
        return images


def measured(metric, painter, **options):
    return metric(painter, np.random.default_rng(0), **options)


def test_blur_is_counted_pixel_by_pixel():
    sharp = measured(grey_pixels, Painter())
    assert set(sharp.values()) == {0.0}
    blurred = measured(grey_pixels, Painter(blur=0.2))
    assert blurred == {
        "grey_pixels/data": 0.0,
        "grey_pixels/reconstructions": 1.0,
        "grey_pixels/samples": 1.0,
    }


def test_grey_is_between_a_tenth_and_nine_tenths():
    values = [0.0, 0.09, 0.11, 0.5, 0.89, 0.91, 1.0, 0.05]

    class Steps(Painter):
        def decode(self, codes):
            return np.tile(np.float32(values), (len(codes), 1))

    found = measured(grey_pixels, Steps(), num_images=5)
    assert found["grey_pixels/samples"] == pytest.approx(3 / 8)


def test_codes_are_found_again_but_where_they_are_lost():
    found = measured(code_recovery, Painter(deaf=[1]))
    # A sign has the correlation sqrt(2 / pi) with its standard normal.
    assert found["code_recovery/latent_0"] == pytest.approx(0.8, abs=0.03)
    assert found["code_recovery/latent_1"] == 0.0
    # Latent 2, which is all noise, has no weight.
    both = (found["code_recovery/latent_0"] + 0) / 2
    assert found["code_recovery"] == pytest.approx(both, abs=0.01)


def test_a_code_read_the_other_way_round_is_negative():
    class Mirror(Painter):
        def encode(self, images):
            return -images

    assert measured(code_recovery, Mirror())["code_recovery"] < -0.75


@pytest.mark.parametrize("metric", [grey_pixels, code_recovery])
def test_what_decodes_nothing_is_refused(metric):
    class Codes:
        pass

    with pytest.raises(NotApplicable, match="decoder"):
        measured(metric, Codes())
    with pytest.raises(UsageError, match="num_images"):
        measured(metric, Painter(), num_images=0)
