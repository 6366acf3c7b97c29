import asyncio
from unittest import mock

import pytest

from tfdisent.serving.in_flight import NOTICE_SECONDS, InFlight
from tfdisent.serving.status import Code, ServingError


class Requests:
    """Requests that go on until they are told."""

    def __init__(self, in_flight):
        self._in_flight = in_flight
        self._ends = []

    async def begin(self):
        """The task of a new one."""
        end = asyncio.Event()

        async def answer():
            self._in_flight.begin()
            await end.wait()

        task = asyncio.create_task(answer())
        self._ends.append(end)
        await asyncio.sleep(0)
        return task

    def end(self):
        """Ends the oldest."""
        self._ends.pop(0).set()


def test_no_more_than_the_most_are_in_flight():
    async def ask():
        refused = mock.Mock()
        requests = Requests(InFlight(2, refused))
        first, second = await requests.begin(), await requests.begin()
        with pytest.raises(ServingError, match="answering 2 requests") as info:
            await (await requests.begin())
        assert info.value.code == Code.UNAVAILABLE
        requests.end()
        await first
        third = await requests.begin()
        second.cancel()
        await asyncio.wait([second])
        fourth = await requests.begin()
        assert not third.done() and not fourth.done()
        assert refused.call_count == 1

    asyncio.run(ask())


def test_draining_refuses_and_waits():
    async def ask():
        refused = mock.Mock()
        in_flight = InFlight(2, refused)
        requests = Requests(in_flight)
        running = await requests.begin()
        draining = asyncio.create_task(in_flight.drain(60))
        await asyncio.sleep(0)
        with pytest.raises(ServingError, match="The server is stopping."):
            await (await requests.begin())
        await asyncio.wait([draining], timeout=2 * NOTICE_SECONDS)
        assert not draining.done()
        requests.end()
        assert await draining
        assert running.done()
        assert not refused.called  # it was not too many

    asyncio.run(ask())


def test_draining_does_not_wait_for_ever():
    async def ask():
        in_flight = InFlight(2, pytest.fail)
        task = await Requests(in_flight).begin()
        assert not await in_flight.drain(0.01)
        assert not task.done()

    asyncio.run(ask())


@pytest.mark.parametrize("seconds", [0, 60])
def test_nothing_in_flight_has_ended(seconds):
    async def ask():
        async with asyncio.timeout(30):
            assert await InFlight(1, pytest.fail).drain(seconds)

    asyncio.run(ask())
