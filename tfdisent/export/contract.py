"""What an exported model answers: one table of endpoints.

The first axis of every input and output is the batch, so that a server may put
requests together and take the answers apart. Axes by letter:

    B  batch, any size              H, W, C  the model's image shape
    K  values of a traversal        D        the model's number of latents

Each endpoint with images has a second form, NAME_png, which takes or gives a
PNG file in the place of each image. TensorFlow Serving's REST writes tensors
whose names end in "_bytes" as {"b64": "..."}.

Shapes, latent numbers, the number of values and the size of PNG files are
checked inside the graph. Floating point values are not: NaN and infinities
flow through to the outputs of their own row.
"""

from collections.abc import Mapping
from typing import NamedTuple

DEFAULT = "serving_default"
"""The signature of requests that name none: the model's first endpoint."""

WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"
"""In a version: requests that servers run before they publish it."""

CARD_FILE = "assets.extra/model_card.json"
"""In a version: what is known about the model."""

MAX_VALUES = 256
"""The most values that one row of a traversal may ask for."""

PNG_CHANNELS = (1, 3)
"""Channels of images which have PNG forms: grey and RGB."""

_IMAGE_AXES = ("H", "W", "C")


class TensorContract(NamedTuple):
    """One input or output.

    Attributes:
      name: key in a request's inputs or an answer's outputs.
      axes: the letters of its axes.
      dtype: "float32", "int64" or "string"; REST can write no half precision,
        and each string is a PNG file.
      meaning: one line for a reader.
    """

    name: str
    axes: tuple[str, ...]
    dtype: str
    meaning: str

    def shape(self, sizes: Mapping[str, int]) -> tuple[int | None, ...]:
        """The static shape, with None for the axes that requests choose."""
        return tuple(sizes.get(axis) for axis in self.axes)

    @property
    def is_image(self) -> bool:
        """Whether it holds images as numbers."""
        return self.axes[-3:] == _IMAGE_AXES

    def as_png(self) -> "TensorContract":
        """The same with a PNG file for each image; itself if it has none."""
        if not self.is_image:
            return self
        name, axes = f"{self.name}_bytes", self.axes[:-3]
        return TensorContract(name, axes, "string", "one PNG file each")


class Endpoint(NamedTuple):
    """What one signature of the SavedModel answers.

    Attributes:
      name: of its answer in `answers`; the PNG form has the same.
      meaning: one line for a reader.
      needs: attributes of the model, none of which is None or 0.
      inputs: in the order of the answer's arguments.
      outputs: in any order.
    """

    name: str
    meaning: str
    needs: tuple[str, ...]
    inputs: tuple[TensorContract, ...]
    outputs: tuple[TensorContract, ...]

    def as_png(self) -> "Endpoint":
        """The PNG form; the endpoint itself if it has no images."""
        return self._replace(
            inputs=tuple(tensor.as_png() for tensor in self.inputs),
            outputs=tuple(tensor.as_png() for tensor in self.outputs),
        )


def axis_sizes(model) -> dict[str, int]:
    """Sizes of the axes that the model fixes: H, W, C and D."""
    height, width, channels = model.image_shape
    return {"H": height, "W": width, "C": channels, "D": model.num_latents}


def endpoints_of(model) -> dict[str, Endpoint]:
    """The endpoints of a model by signature, `DEFAULT` among them."""
    plain = {
        endpoint.name: endpoint
        for endpoint in ENDPOINTS
        if all(getattr(model, method, None) for method in endpoint.needs)
    }
    forms = {}
    if model.image_shape[-1] in PNG_CHANNELS:
        forms = {
            f"{name}_png": endpoint.as_png()
            for name, endpoint in plain.items()
            if endpoint.as_png() != endpoint
        }
    return {DEFAULT: next(iter(plain.values())), **plain, **forms}


_IMAGES = TensorContract(
    "images", ("B", *_IMAGE_AXES), "float32", "pixels in [0, 1]"
)
_MOVED_IMAGES = TensorContract(
    "images", ("B", "K", *_IMAGE_AXES), "float32", "pixels in [0, 1]"
)
_CODES = TensorContract("codes", ("B", "D"), "float32", "latent codes")
_SEED = TensorContract(
    "seed", ("B",), "int64", "a row's draw depends on its own seed alone"
)
_LATENT = TensorContract("latent", ("B",), "int64", "which one, in [0, D)")
_VALUES = TensorContract(
    "values", ("B", "K"), "float32", f"at most {MAX_VALUES} a row"
)

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "encode",
        "The posterior q(z|x) of images.",
        needs=("encode",),
        inputs=(_IMAGES,),
        outputs=(
            TensorContract("mean", ("B", "D"), "float32", "posterior mean"),
            TensorContract(
                "stddev", ("B", "D"), "float32", "posterior standard deviation"
            ),
        ),
    ),
    Endpoint(
        "encode_sample",
        "Codes drawn from the posterior of images.",
        needs=("encode",),
        inputs=(_IMAGES, _SEED),
        outputs=(_CODES,),
    ),
    Endpoint(
        "decode",
        "The mean image of each code, clipped to [0, 1]; noise of a GAN is 0.",
        needs=("decode",),
        inputs=(_CODES,),
        outputs=(_IMAGES,),
    ),
    Endpoint(
        "reconstruct",
        "Images decoded from the posterior mean of images.",
        needs=("encode", "decode"),
        inputs=(_IMAGES,),
        outputs=(_IMAGES,),
    ),
    Endpoint(
        "sample",
        "Codes drawn from the prior N(0, I) and their images.",
        needs=("decode",),
        inputs=(_SEED,),
        outputs=(_CODES, _IMAGES),
    ),
    Endpoint(
        "generate",
        "Images of codes; the seed draws the noise beside them, as in sample.",
        needs=("generate", "num_noise"),
        inputs=(_CODES, _SEED),
        outputs=(_IMAGES,),
    ),
    Endpoint(
        "traverse",
        "Images of codes with one latent set to each of several values.",
        needs=("decode",),
        inputs=(_CODES, _LATENT, _VALUES),
        outputs=(_MOVED_IMAGES,),
    ),
    Endpoint(
        "traverse_images",
        "A traversal of the posterior mean of images.",
        needs=("encode", "decode"),
        inputs=(_IMAGES, _LATENT, _VALUES),
        outputs=(_MOVED_IMAGES,),
    ),
)
