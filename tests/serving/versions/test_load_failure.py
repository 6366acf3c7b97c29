from pathlib import Path

import pytest

from tfdisent.errors import RunError
from tfdisent.export.native_session import NativeError
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.load_failure import load_failure

DIRECTORY = Path("/srv/my models/vae/7")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            f"Could not find SavedModel at: {DIRECTORY}/saved_model.pb",
            "Could not find SavedModel at: VERSION/saved_model.pb",
        ),
        (
            "reading '/etc/x-1.2/y'; then (/tmp)",
            "reading '<path>'; then (<path>)",
        ),
        ("at file:///srv/x, and /a", "at <path>, and <path>"),
        ("3/4 of input/output, a / b", "3/4 of input/output, a / b"),
        ("two\nlines", "two"),
        ("tabs\tand  spaces", "tabs and spaces"),
        (
            "Read less bytes than requested\n\t [[{{node RestoreV2}}]]",
            "Read less bytes than requested",
        ),
        ("too short [[{{node a/RestoreV2}}]]", "too short"),
        ("x" * 500, "x" * 300 + "..."),
    ],
)
def test_clients_see_one_line_without_paths_and_nodes(said, shown):
    error = NativeError(Code.OUT_OF_RANGE, said)
    assert load_failure(error, DIRECTORY) == (Code.OUT_OF_RANGE, shown)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServingError(Code.FAILED_PRECONDITION, "No."), (9, "No.")),
        (RunError("no library /usr/lib/x.so"), (2, "no library <path>")),
        (OSError(2, "secret", "/a"), (2, "The version could not be loaded.")),
        (ValueError("secret"), (2, "The version could not be loaded.")),
    ],
)
def test_codes(error, expected):
    assert load_failure(error, DIRECTORY) == expected
