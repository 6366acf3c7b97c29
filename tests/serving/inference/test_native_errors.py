import pytest

from tfdisent.errors import RunError
from tfdisent.export.native_session import NativeError
from tfdisent.serving.inference.native_errors import serving_error
from tfdisent.serving.status import Code


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            "assertion failed: [latent must be in [0, 10)] [Condition x < y did"
            " not hold element-wise:] [x (Identity_1:0) = ] [1 99]\n\t"
            " [[{{function_node assert_false_2411}}{{node assert/Assert}}]]",
            "latent must be in [0, 10)",
        ),
        (
            "assertion failed: [images_bytes must be PNG files]\n\t [[{{node"
            " Assert}}]]",
            "images_bytes must be PNG files",
        ),
        (
            "Shape of tensor _arg_encode_images_0_0 [2,63,64,1] is not"
            " compatible with expected shape [?,64,64,1].\n\t [[{{node"
            " EnsureShape}}]]",
            "Shape of tensor encode_images [2,63,64,1] is not compatible with"
            " expected shape [?,64,64,1].",
        ),
        (
            "Unknown image file format. One of JPEG, PNG required. [[{{node"
            " map/while/DecodePng}}]]",
            "Unknown image file format. One of JPEG, PNG required.",
        ),
        (
            "Could not find variable encoder/kernel. Debug info:"
            " container=localhost, status error message=...",
            "Could not find variable encoder/kernel.",
        ),
        (
            "Could not find SavedModel .pb at supplied export directory path:"
            " /srv/models/vae/1. Check that the directory exists",
            "Could not find SavedModel .pb at supplied export directory path:"
            " <path>. Check that the directory exists",
        ),
        ("file:/srv/a 'x/y' (/srv/b)", "<path> 'x/y' (<path>)"),
        ("", "INVALID_ARGUMENT"),
    ],
)
def test_clients_see_neither_paths_nor_nodes(given, shown):
    error = serving_error(NativeError(3, given))
    assert (error.code, error.message) == (Code.INVALID_ARGUMENT, shown)


def test_what_has_no_code_is_internal():
    error = serving_error(RunError("the graph has no operation 'x'."))
    assert error.code is Code.INTERNAL
