"""Requests are sent again after UNAVAILABLE alone, while there is time."""

import threading
import time

import numpy as np
import pytest
from served.client_fakes import (
    WAYS,
    FakeModel,
    client,
    fake_server,
    unavailable,
)

from tfdisent.serving.client import retries as client_retries
from tfdisent.serving.status import Code, ServingError

CODES = np.ones((2, 3), np.float32)


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that a client makes."""
    drawn = []
    pause = client_retries._pause

    def noted(count):
        drawn.append(pause(count))
        return drawn[-1]

    monkeypatch.setattr(client_retries, "_pause", noted)
    return drawn


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


def test_a_busy_server_is_asked_again(way, pauses):
    model = FakeModel()
    with fake_server(way, model) as address, client(way, address) as made:
        made.decode(CODES)
        model.count, model.errors = 0, unavailable(3)
        assert made.decode(CODES).shape == (2, 2, 2, 1)
    assert model.count == 4
    assert len(pauses) == 3
    for pause, longest in zip(pauses, (0.1, 0.2, 0.4), strict=True):
        assert longest / 2 <= pause <= longest


def test_a_client_gives_up_after_its_retries(way, pauses):
    model = FakeModel()
    model.errors = unavailable(9)
    with (
        fake_server(way, model) as address,
        client(way, address, retries=2) as made,
        pytest.raises(ServingError, match="busy") as caught,
    ):
        made.versions()
    assert caught.value.code == Code.UNAVAILABLE
    assert model.count == 3


@pytest.mark.parametrize(
    "code",
    [
        Code.INVALID_ARGUMENT,
        Code.NOT_FOUND,
        Code.RESOURCE_EXHAUSTED,
        Code.DEADLINE_EXCEEDED,
        Code.INTERNAL,
    ],
)
def test_no_other_error_is_tried_again(way, code):
    model = FakeModel()
    model.errors = [ServingError(code, "no")]
    with (
        fake_server(way, model) as address,
        client(way, address) as made,
        pytest.raises(ServingError) as caught,
    ):
        made.versions()
    assert caught.value.code == code
    assert model.count == 1


def test_nothing_is_tried_again_after_the_deadline(way):
    model = FakeModel()
    model.errors = unavailable(1000)
    with (
        fake_server(way, model) as address,
        client(way, address, retries=1000, timeout=1.0) as made,
    ):
        begin = time.monotonic()
        with pytest.raises(ServingError, match="busy") as caught:
            made.versions()
        assert time.monotonic() - begin < 8
        assert caught.value.code == Code.UNAVAILABLE
        asked = model.count
        # The pauses double: 0.1 + 0.2 + 0.4 seconds, or half of that, fit.
        assert 2 <= asked <= 6
        model.errors = []
        made.versions()
        assert model.count == asked + 1


@pytest.mark.parametrize("is_of_call", [False, True])
def test_a_slow_server_runs_out_of_time(way, is_of_call):
    model = FakeModel()
    with fake_server(way, model) as address:
        options = {} if is_of_call else {"timeout": 0.3}
        with client(way, address, **options) as made:
            made.metadata()
            model.hold = threading.Event()
            begin = time.monotonic()
            with pytest.raises(ServingError) as caught:
                made.decode(CODES, **({"timeout": 0.3} if is_of_call else {}))
            assert 0.2 < time.monotonic() - begin < 5
            assert caught.value.code == Code.DEADLINE_EXCEEDED
            assert len(model.asked) <= 1
            model.hold.set()


def test_pauses_grow_up_to_a_limit_and_differ():
    pauses = [[client_retries._pause(n) for _ in range(99)] for n in range(40)]
    for n, drawn in enumerate(pauses):
        longest = min(0.1 * 2**n, 2.0)
        assert longest / 2 <= min(drawn) < max(drawn) <= longest
