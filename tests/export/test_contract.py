import subprocess
import sys
from types import SimpleNamespace

import pytest

from tfdisent.export.contract import (
    DEFAULT,
    ENDPOINTS,
    axis_sizes,
    endpoints_of,
)

PLAIN = {
    "encode",
    "encode_sample",
    "decode",
    "reconstruct",
    "sample",
    "traverse",
    "traverse_images",
}
TENSORS = [
    pytest.param(tensor, id=f"{endpoint.name}-{tensor.name}")
    for plain in ENDPOINTS
    for endpoint in (plain, plain.as_png())
    for tensor in endpoint.inputs + endpoint.outputs
]


def _model(channels, encode=print, decode=print):
    return SimpleNamespace(
        encode=encode,
        decode=decode,
        image_shape=(4, 3, channels),
        num_latents=5,
    )


def _names(tensors):
    return [(tensor.name, tensor.axes, tensor.dtype) for tensor in tensors]


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_have_a_png_form_of_each_endpoint_with_images(channels):
    forms = {f"{name}_png" for name in PLAIN}
    assert endpoints_of(_model(channels)).keys() == {DEFAULT, *PLAIN, *forms}


@pytest.mark.parametrize("channels", [2, 4])
def test_other_channels_have_no_png_forms(channels):
    assert endpoints_of(_model(channels)).keys() == {DEFAULT, *PLAIN}


@pytest.mark.parametrize(
    ("lacks", "names"),
    [
        ({"encode": None}, {"decode", "sample", "traverse"}),
        ({"decode": None}, {"encode", "encode_sample"}),
    ],
)
def test_endpoints_are_those_that_the_model_can_answer(lacks, names):
    assert endpoints_of(_model(2, **lacks)).keys() == {DEFAULT, *names}


def test_default_is_the_first_endpoint():
    endpoints = endpoints_of(_model(1))
    assert endpoints[DEFAULT] == endpoints["encode"]
    endpoints = endpoints_of(_model(1, encode=None))
    assert endpoints[DEFAULT] == endpoints["decode"]


def test_png_forms_replace_images_alone():
    form = endpoints_of(_model(3))["traverse_images_png"]
    assert _names(form.inputs) == [
        ("images_bytes", ("B",), "string"),
        ("latent", ("B",), "int64"),
        ("values", ("B", "K"), "float32"),
    ]
    assert _names(form.outputs) == [("images_bytes", ("B", "K"), "string")]
    form = endpoints_of(_model(3))["sample_png"]
    assert _names(form.inputs) == [("seed", ("B",), "int64")]
    assert _names(form.outputs) == [
        ("codes", ("B", "D"), "float32"),
        ("images_bytes", ("B",), "string"),
    ]


@pytest.mark.parametrize("tensor", TENSORS)
def test_batch_comes_first_and_rest_can_write_it(tensor):
    assert tensor.axes[0] == "B"
    assert tensor.dtype in ("float32", "int64", "string")
    assert (tensor.dtype == "string") == tensor.name.endswith("_bytes")


def test_shape_keeps_the_axes_of_requests_open():
    (images,) = endpoints_of(_model(2))["traverse"].outputs
    assert images.shape(axis_sizes(_model(2))) == (None, None, 4, 3, 2)


def test_imports_no_tensorflow():
    code = (
        "import sys, tfdisent.export.contract, tfdisent.export.native_run;"
        " sys.exit('tensorflow' in sys.modules)"
    )
    path = ":".join(sys.path)
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": path}
    )
