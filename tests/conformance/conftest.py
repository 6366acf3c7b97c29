import pytest
from stored_files import CASES, load_arguments


@pytest.fixture(scope="module", params=CASES)
def arguments(request, tmp_path_factory):
    """Arguments of `load_dataset` for each data set, with tiny files."""
    with load_arguments(
        request.param, tmp_path_factory.mktemp("files")
    ) as given:
        yield given


@pytest.fixture(scope="module")
def dataset(arguments, load_kept):
    return load_kept(**arguments)
