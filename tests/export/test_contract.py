import subprocess
import sys

import pytest

from tfdisent.export.contract import ENDPOINTS, axis_sizes

TENSORS = [
    pytest.param(tensor, id=f"{name}-{tensor.name}")
    for name, endpoint in ENDPOINTS.items()
    for tensor in endpoint.inputs + endpoint.outputs
]


def test_serving_default_is_encode():
    assert ENDPOINTS["serving_default"] == ENDPOINTS["encode"]


@pytest.mark.parametrize("tensor", TENSORS)
def test_batch_comes_first_and_rest_can_write_it(tensor):
    assert tensor.axes[0] == "B"
    assert tensor.dtype in ("float32", "int64")


def test_shape_keeps_the_axes_of_requests_open(tiny_model):
    (images,) = ENDPOINTS["traverse"].outputs
    assert images.shape(axis_sizes(tiny_model)) == (None, None, 4, 3, 2)


def test_imports_no_tensorflow():
    code = (
        "import sys, tfdisent.export.contract, tfdisent.export.native_run;"
        " sys.exit('tensorflow' in sys.modules)"
    )
    path = ":".join(sys.path)
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": path}
    )
