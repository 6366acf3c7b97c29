import sys
from pathlib import Path

import pytest

# A module and not fixtures: a process that a test starts imports it too.
sys.path.insert(0, str(Path(__file__).parent))
from export_models import TinyModel  # noqa: E402

from tfdisent.export.saved_model import export_model  # noqa: E402


@pytest.fixture(scope="session")
def tiny_model():
    return TinyModel()


@pytest.fixture(scope="session")
def exported(tiny_model, tmp_path_factory):
    """A version directory of `tiny_model`; tests only read it."""
    return export_model(tiny_model, tmp_path_factory.mktemp("export"))
