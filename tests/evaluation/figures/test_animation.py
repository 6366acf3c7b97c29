import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import animation as module
from tfdisent.evaluation.figures import style
from tfdisent.evaluation.figures.animation import animation, there_and_back

KL = [0.01, 3.0, 1.0]
FACTORS = [("scale", 0.9), ("x_position", 0.97), None]


def grey(latents, values, channels=1):
    """Image (l, k) is of grey (l + 1) / 10 + k / 100."""
    level = np.add.outer(np.arange(1, latents + 1) / 10, np.arange(values) / 50)
    shape = (latents, values, 16, 16, channels)
    return np.broadcast_to(level[..., None, None, None], shape)


def corner_of(column):
    return module.EDGE + module.ABOVE, module.EDGE + column * (128 + 12)


def test_there_and_back_shows_no_end_twice():
    assert there_and_back(4) == [0, 1, 2, 3, 2, 1]
    assert there_and_back(2) == [0, 1]


@pytest.mark.parametrize("channels", [1, 3])
def test_latents_move_together_the_largest_kl_first(channels):
    images = grey(3, 5, channels)
    frames = animation(images, [2, 0, 1], KL, FACTORS, "note").frames
    assert len(frames) == 8
    for frame, value in zip(frames, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        for column, row in enumerate([2, 0, 1]):  # z1, z2, z0
            y, x = corner_of(column)
            tile = frame[y : y + 128, x : x + 128]
            expected = np.rint(255 * images[row, value, 0, 0, 0])
            assert (tile == expected).all()


def test_the_knob_goes_from_end_to_end():
    frames = animation(grey(1, 5), [0], [1.0]).frames
    y, x = corner_of(0)
    line = frames[:, y + 128 + module.BELOW // 2, x : x + 128]
    accent = np.rint(np.multiply(to_rgb(style.ACCENT), 255))
    places = [np.flatnonzero((of == accent).all(axis=-1))[0] for of in line]
    assert places == [0, 30, 60, 91, 121, 91, 60, 30]


def test_a_file_loops_with_all_pictures_at_one_pace():
    moving = animation(grey(3, 4), [0, 1, 2], KL, FACTORS, "note")
    content = moving.encoded()
    assert content == moving.encoded()
    picture = Image.open(io.BytesIO(content))
    assert picture.n_frames == 6 and picture.info["loop"] == 0
    times = []
    for number, frame in enumerate(moving.frames):
        picture.seek(number)
        picture.load()
        times.append(picture.info["timestamp"])
        shown = np.asarray(picture.convert("RGB"), float)
        assert np.abs(shown - frame).mean() < 3
    assert set(np.diff(times)) == {50}


def test_refuses_rows_that_do_not_fit():
    with pytest.raises(UsageError, match="2 latents"):
        animation(grey(3, 4), [0, 1], KL)
    with pytest.raises(UsageError, match="two values"):
        animation(grey(3, 1), [0, 1, 2], KL)
