import pytest

from tfdisent.serving.rest.body_room import SMALL_BYTES, BodyRoom
from tfdisent.serving.status import Code, ServingError

LARGE = SMALL_BYTES + 1


def test_shares_end_with_their_requests():
    room = BodyRoom(2 * LARGE)
    for _ in range(3):
        with room.share() as hold, room.share() as other, room.share() as third:
            hold(LARGE)
            other(LARGE)
            with pytest.raises(ServingError) as error:
                third(LARGE)
            assert error.value.code is Code.UNAVAILABLE


def test_only_what_is_held_now_counts():
    room = BodyRoom(3 * LARGE)
    with room.share() as hold, room.share() as other:
        for size in (1, LARGE, 2 * LARGE, 3 * LARGE, LARGE):
            hold(size)
        other(2 * LARGE)
        with pytest.raises(ServingError):
            hold(LARGE + 1)
        other(0)
        hold(3 * LARGE)


def test_small_bodies_always_find_room():
    room = BodyRoom(0)
    with room.share() as hold:
        hold(SMALL_BYTES)
        with pytest.raises(ServingError):
            hold(LARGE)
