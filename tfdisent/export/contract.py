"""What an exported model answers: one table of endpoints.

The first axis of every input and output is the batch, so that a server may put
requests together and take the answers apart. Axes by letter:

    B  batch, any size              H, W, C  the model's image shape
    K  values of a traversal        D        the model's number of latents

Shapes, latent numbers and the number of values are checked inside the graph.
Floating point values are not: NaN and infinities flow through to the outputs
of their own row.
"""

from collections.abc import Mapping
from typing import NamedTuple

MAX_VALUES = 256
"""The most values that one row of `traverse` may ask for."""


class TensorContract(NamedTuple):
    """One input or output.

    Attributes:
      name: key in a request's inputs or an answer's outputs.
      axes: the letters of its axes.
      dtype: "float32" or "int64"; REST can write no half precision.
      meaning: one line for a reader.
    """

    name: str
    axes: tuple[str, ...]
    dtype: str
    meaning: str

    def shape(self, sizes: Mapping[str, int]) -> tuple[int | None, ...]:
        """The static shape, with None for the axes that requests choose."""
        return tuple(sizes.get(axis) for axis in self.axes)


class Endpoint(NamedTuple):
    """One signature of the SavedModel."""

    meaning: str
    inputs: tuple[TensorContract, ...]
    outputs: tuple[TensorContract, ...]


def axis_sizes(model) -> dict[str, int]:
    """Sizes of the axes that the model fixes: H, W, C and D."""
    height, width, channels = model.image_shape
    return {"H": height, "W": width, "C": channels, "D": model.num_latents}


_IMAGES = TensorContract(
    "images", ("B", "H", "W", "C"), "float32", "pixels in [0, 1]"
)
_CODES = TensorContract("codes", ("B", "D"), "float32", "latent codes")

_ENCODE = Endpoint(
    "The posterior q(z|x) of images.",
    inputs=(_IMAGES,),
    outputs=(
        TensorContract("mean", ("B", "D"), "float32", "posterior mean"),
        TensorContract(
            "stddev", ("B", "D"), "float32", "posterior standard deviation"
        ),
    ),
)

ENDPOINTS: dict[str, Endpoint] = {
    "serving_default": _ENCODE,
    "encode": _ENCODE,
    "decode": Endpoint(
        "The mean image of each code, clipped to [0, 1].",
        inputs=(_CODES,),
        outputs=(_IMAGES,),
    ),
    "reconstruct": Endpoint(
        "Images decoded from the posterior mean of images.",
        inputs=(_IMAGES,),
        outputs=(_IMAGES,),
    ),
    "sample": Endpoint(
        "Codes drawn from the prior N(0, I) and their images.",
        inputs=(
            TensorContract(
                "seed",
                ("B",),
                "int64",
                "a row's codes depend on its own seed alone",
            ),
        ),
        outputs=(_CODES, _IMAGES),
    ),
    "traverse": Endpoint(
        "Images of codes with one latent set to each of several values.",
        inputs=(
            _CODES,
            TensorContract("latent", ("B",), "int64", "which one, in [0, D)"),
            TensorContract(
                "values", ("B", "K"), "float32", f"at most {MAX_VALUES} a row"
            ),
        ),
        outputs=(
            TensorContract(
                "images", ("B", "K", "H", "W", "C"), "float32", "in [0, 1]"
            ),
        ),
    ),
}
