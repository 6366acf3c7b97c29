import numpy as np
import pytest

from tfdisent.data import room_renderer
from tfdisent.data.room import HUES, load_room


@pytest.fixture(scope="module")
def room(load_kept):
    return load_kept("room")


def images(room, *factors):
    return room.images(room.indices_of(np.array(factors))).astype(int)


def test_it_is_a_product_of_six_factors(room):
    assert room.name == "room" and room.is_product
    assert room.factor_names == (
        "wall_color",
        "floor_color",
        "object_color",
        "object_identity",
        "camera_rotation",
        "object_rotation",
    )
    assert room.factor_sizes == (16, 16, 16, 3, 8, 8)
    assert len(room) == 786_432
    assert room.image_shape == (64, 64, 3)


def test_all_values_of_concepts_have_different_names(room):
    for name, size in zip(room.factor_names[:4], (16, 16, 16, 3), strict=True):
        assert len(set(room.value_names[name])) == size


def test_it_says_that_it_was_rendered_and_is_kept(room, drawn_dir, monkeypatch):
    short = room_renderer.SHA256[:8]
    assert room.provenance == f"rendered (sha256 {short})"
    assert room.storage == str(drawn_dir / f"room_rendered_{short}.npy")
    monkeypatch.setattr(room_renderer, "render_layers", None)  # not again
    again = load_room(data_dir=str(drawn_dir))
    np.testing.assert_array_equal(again.images([9]), room.images([9]))


@pytest.mark.parametrize(
    "hue, rgb",
    [("red", (1, 0, 0)), ("cyan", (0, 1, 1)), ("violet", (0.5, 0, 1))],
)
def test_hues_are_what_they_are_called(room, hue, rgb):
    value = HUES.index(hue)
    [image] = images(room, (value, value, 0, 0, 3, 0))
    for row in (0, 63):  # wall, floor
        light = image[row, 30].max()
        np.testing.assert_allclose(
            image[row, 30], light * np.array(rgb), atol=1
        )


def test_every_factor_shows_and_colours_have_their_own_places(room):
    rng = np.random.default_rng(0)
    for factors in room.sample_factors(20, rng):
        changed = []
        for factor, size in enumerate(room.factor_sizes):
            other = factors.copy()
            other[factor] = (other[factor] + rng.integers(1, size)) % size
            one, two = images(room, factors, other)
            changed.append(abs(one - two).max(axis=-1) > 8)
        assert min(np.sum(change) for change in changed) > 40
        wall, floor, thing = changed[:3]
        inside = thing
        # Where they meet, two parts share the pixels along their edge.
        for axis in (0, 1):
            beside = [np.roll(inside, step, axis) for step in (-1, 1)]
            inside = inside & beside[0] & beside[1]
        assert not (inside & (wall | floor)).any()
        assert wall[0].all() and not wall[63].any()
        assert floor[63].all() and not floor[0].any()
        assert not thing[0].any() and not thing[63].any()
