"""The pieces of one call are answered by one version."""

import numpy as np
import pytest
from served.client_fakes import WAYS, FakeModel, answer, client, fake_server

from tfdisent.serving.status import Code, ServingError

CODES = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)


class Swapped(FakeModel):
    """A model whose versions add their number to what they decode.

    Args:
      loaded: the versions at first, and from each number of requests on.
    """

    def __init__(self, loaded):
        super().__init__()
        self._loaded = loaded

    def begin(self, token, name, version, label):
        super().begin(token, name, version, label)
        last = max(count for count in self._loaded if count <= self.count)
        self.version = self._loaded[last][-1]
        if version not in (None, *self._loaded[last]):
            raise ServingError(Code.NOT_FOUND, f"no version {version}")
        self._answering = version or self.version

    def predict(self, signature, inputs):
        images = super().predict(signature, inputs)["images"]
        return {"images": images + np.float32(self._answering)}


@pytest.fixture(params=WAYS)
def decode(request):
    """Decodes codes by two and gives the version that did it."""

    def ask(model, **options):
        with (
            fake_server(request.param, model) as address,
            client(request.param, address, max_batch=2, **options) as made,
        ):
            images = made.decode(CODES)
        added = images - answer("decode", codes=CODES)["images"]
        versions = set(np.round(added).ravel().tolist())
        assert len(versions) == 1
        return versions.pop()

    return ask


@pytest.mark.parametrize("first_new", [3, 4, 5, 7])
@pytest.mark.parametrize("options", [{}, {"label": "stable"}])
def test_a_new_version_takes_no_part_of_a_call(decode, first_new, options):
    model = Swapped({0: [1], first_new: [1, 2]})
    assert decode(model, **options) == 1


@pytest.mark.parametrize("first_new", [4, 5, 7])
def test_a_call_whose_version_ends_begins_again(decode, first_new):
    model = Swapped({0: [1], first_new: [2]})
    assert decode(model) == 2
    # Two times the signatures, all until one failed, and all again.
    assert model.count == first_new + 6


def test_a_call_begins_again_once(decode):
    model = Swapped({0: [1], 4: [2], 6: [3]})
    with pytest.raises(ServingError, match="no version 2") as caught:
        decode(model)
    assert caught.value.code == Code.NOT_FOUND
    assert model.count == 6


def test_no_other_version_answers_for_the_one_that_was_named(decode):
    model = Swapped({0: [1], 5: [2]})
    with pytest.raises(ServingError, match="no version 1"):
        decode(model, version=1)


def test_a_call_that_failed_does_not_begin_again(decode):
    model = Swapped({0: [1]})
    model.errors = [None] * 4 + [ServingError(Code.INVALID_ARGUMENT, "no")]
    with pytest.raises(ServingError, match="no"):
        decode(model)
    assert model.count == 5
