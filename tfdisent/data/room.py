"""A room with one object: wall, floor, object and two nuisances, drawn."""

from tfdisent.data import array_cache
from tfdisent.data import room_renderer as renderer
from tfdisent.data.layered_dataset import LayeredDataset

# Every 22.5 degrees of the circle of hues, from 0.
HUES = (
    *("red", "orange", "amber", "yellow", "lime", "green", "emerald", "mint"),
    *("cyan", "azure", "cobalt", "blue", "violet", "magenta", "pink", "rose"),
)
IDENTITIES = ("hat", "ice lolly", "suitcase")
VALUE_NAMES = {
    "wall_color": HUES,
    "floor_color": HUES,
    "object_color": HUES,
    "object_identity": IDENTITIES,
}


def load_room(*, data_dir: str | None = None) -> LayeredDataset:
    """Loads the room for concepts: 16 hues each of wall, floor and object.

    A stand-in for the scenes in DeepMind Lab that SCAN and DARLA learn from: 16
    colours each of walls, floor and object, and three objects: hat, ice lolly
    and suitcase. As nuisances the camera turns from left to right (8 values,
    3.5 degrees apart) and the object about its vertical axis (8 values, 45
    degrees apart). 786,432 images, one of each combination. The first four
    factors are those of which `room_concepts` speaks.

    What differs from the original: those are frames of a game, 80 x 80 pixels
    in a public reproduction, with any angle of camera and object, and with an
    animation of the object's appearing. Here the object stands still, all
    surfaces are plain, the colours are 16 fully saturated hues equally spaced
    on the circle, and a white skirting board parts walls and floor.

    Args:
      data_dir: where the drawn layers (116 MB) are kept; ~/.cache/tfdisent by
        default.

    References:
      Higgins et al. (2018), SCAN: Learning hierarchical compositional visual
      concepts. ICLR.
      Higgins et al. (2017), DARLA: Improving zero-shot transfer in
      reinforcement learning. ICML.
    """
    drawn = array_cache.drawn_array(
        "room_rendered",
        renderer.render_layers,
        shape=renderer.SHAPE,
        sha256=renderer.SHA256,
        data_dir=data_dir,
    )
    return LayeredDataset(
        drawn.array,
        num_colours=renderer.NUM_COLOURS,
        name="room",
        provenance=drawn.provenance,
        factor_names=renderer.FACTOR_NAMES,
        factor_sizes=renderer.FACTOR_SIZES,
        value_names=VALUE_NAMES,
        storage=drawn.storage,
    )
