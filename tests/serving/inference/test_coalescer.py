import asyncio
import contextlib
import random
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from unittest import mock

import numpy as np
import pytest

from tfdisent.serving.inference.batching import Batching
from tfdisent.serving.inference.coalescer import Coalescer
from tfdisent.serving.inference.input_checks import CheckedRequest
from tfdisent.serving.status import Code, ServingError

SECONDS = 30  # no test waits so long, unless it hangs
ONE_THREAD = Batching(num_batch_threads=1)


class Doubler:
    """A model that doubles, fails at 13, and when shut waits to be let on."""

    def __init__(self):
        self.batches = []
        self.is_shut = False
        self.seconds = 0
        self._let_on = threading.Semaphore(0)
        self._started = threading.Semaphore(0)

    def __call__(self, inputs, outputs):
        (x,) = inputs.values()
        self.batches.append(x.ravel().tolist())
        if self.is_shut:
            self._started.release()
            assert self._let_on.acquire(timeout=SECONDS)
        time.sleep(self.seconds)
        if 13 in x.ravel():
            raise ServingError(Code.INVALID_ARGUMENT, "13 is unlucky")
        return {name: 2 * x for name in outputs}

    def shut(self):
        self.is_shut = True

    async def one_started(self):
        await asyncio.to_thread(self._started.acquire, timeout=SECONDS)

    def let_one_on(self):
        self._let_on.release()

    def open(self):
        self.is_shut = False
        self._let_on.release(100)


def request(*rows, outputs=("y",)):
    x = np.array(rows, np.float32)
    return CheckedRequest({"x": x}, outputs, len(x), 1)


@contextlib.asynccontextmanager
async def coalescing(model, batching=ONE_THREAD, **options):
    options = {"waiting_rows": 1000} | options
    with ThreadPoolExecutor(8) as executor:
        coalescer = Coalescer(model, executor, batching, **options)
        try:
            async with asyncio.timeout(SECONDS):
                yield coalescer
        finally:
            model.open()
            await coalescer.idle()


@contextlib.asynccontextmanager
async def busy(model, coalescer):
    """The one thread runs a request with the number 0 until this ends."""
    model.shut()
    first = asyncio.create_task(coalescer.answer(request(0)))
    await model.one_started()
    yield
    model.open()
    await first


def skippable_time():
    """A function that passes a time, and that time of the event loop."""
    loop = asyncio.get_running_loop()
    soon, real = loop.time() + SECONDS / 3, loop.time

    def skip():
        loop.time = lambda: real() + SECONDS / 2

    return skip, soon


async def started(coalescer, *requests, deadline=None):
    """Tasks that wait in the queue."""
    tasks = [
        asyncio.create_task(coalescer.answer(one, deadline)) for one in requests
    ]
    await asyncio.sleep(0)
    return tasks


def test_alone_a_request_runs_at_once():
    async def main():
        async with coalescing(model) as coalescer:
            answer = await coalescer.answer(request(1, 2))
            np.testing.assert_array_equal(answer["y"], [2, 4])

    model = Doubler()
    asyncio.run(main())
    assert model.batches == [[1, 2]]


def test_what_waits_leaves_as_one_batch_up_to_its_size():
    async def main():
        batching = Batching(max_batch_size=4, num_batch_threads=1)
        async with coalescing(model, batching, observe=observe) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(
                    coalescer, request(1), request(2, 3), request(4), request(5)
                )
            answers = await asyncio.gather(*tasks)
        assert [a["y"].tolist() for a in answers] == [[2], [4, 6], [8], [10]]

    def observe(rows, seconds):
        observed.append(rows)
        assert 0 <= seconds < SECONDS

    model, observed = Doubler(), []
    asyncio.run(main())
    assert model.batches == [[0], [1, 2, 3, 4], [5]]
    assert observed == [1, 4, 1]


def test_batches_of_one_request_keep_all_apart():
    async def main():
        batching = Batching(max_batch_size=1, num_batch_threads=1)
        async with coalescing(model, batching) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(coalescer, request(1), request(2, 3))
            await asyncio.gather(*tasks)

    model = Doubler()
    asyncio.run(main())
    assert model.batches == [[0], [1], [2, 3]]


def test_only_rows_of_one_shape_and_the_same_outputs_run_together():
    async def main():
        async with coalescing(model) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(
                    coalescer,
                    request([1, 1]),
                    request([2, 2, 2]),
                    request([3, 3], outputs=("y", "z")),
                    request([4, 4]),
                )
            answers = await asyncio.gather(*tasks)
        assert answers[3]["y"].tolist() == [[8, 8]]
        assert [*answers[2]] == ["y", "z"]

    model = Doubler()
    asyncio.run(main())
    assert model.batches == [[0], [1, 1, 4, 4], [2, 2, 2], [3, 3]]


def test_a_batch_is_padded_by_its_first_row_to_an_allowed_size():
    async def main():
        batching = Batching(allowed_batch_sizes=(2, 4, 32), num_batch_threads=1)
        async with coalescing(model, batching) as coalescer:
            for rows in ([7], [7, 8], [7, 8, 9], range(20, 25)):
                answer = await coalescer.answer(request(*rows))
                assert answer["y"].tolist() == [2 * row for row in rows]

    model = Doubler()
    asyncio.run(main())
    last = [20, 21, 22, 23, 24, *[20] * 27]
    assert model.batches == [[7, 7], [7, 8], [7, 8, 9, 7], last]


def test_a_large_request_runs_in_parts_on_all_threads():
    async def main():
        batching = Batching(num_batch_threads=2)
        async with coalescing(model, batching) as coalescer:
            model.shut()
            rows = range(100, 200)
            task = asyncio.create_task(coalescer.answer(request(*rows)))
            for _ in range(2):
                await model.one_started()
            assert len(model.batches) == 2
            model.open()
            answer = await task
        assert answer["y"].tolist() == [2 * row for row in rows]

    model = Doubler()
    asyncio.run(main())
    assert max(map(len, model.batches)) == 32


def test_a_row_counts_as_the_work_that_it_is():
    async def main():
        async with coalescing(model) as coalescer:
            wide = np.zeros((5, 20), np.float32)
            wide = CheckedRequest({"x": wide}, ("y",), 5, row_size=20)
            answer = await coalescer.answer(wide)
            assert answer["y"].shape == (5, 20)

    model = Doubler()
    asyncio.run(main())
    assert [len(batch) for batch in model.batches] == [20] * 5


def test_free_threads_share_what_came_together():
    async def main():
        batching = Batching(num_batch_threads=2)
        async with coalescing(model, batching) as coalescer:
            await asyncio.gather(
                *[coalescer.answer(request(i)) for i in range(100, 120)]
            )

    model = Doubler()
    asyncio.run(main())
    assert sorted(map(len, model.batches)) == [10, 10]


def test_batches_of_one_request_leave_it_uncut():
    async def main():
        batching = Batching(max_batch_size=1, num_batch_threads=4)
        async with coalescing(model, batching) as coalescer:
            await coalescer.answer(request(*range(100, 200)))

    model = Doubler()
    asyncio.run(main())
    assert list(map(len, model.batches)) == [100]


def test_requests_take_turns_whatever_their_size():
    async def main():
        async with coalescing(model) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(
                    *(coalescer, request(*range(100, 196))),
                    *(request(*range(200, 296)), request(1)),
                )
            answers = await asyncio.gather(*tasks)
        assert answers[0]["y"].tolist() == [2 * i for i in range(100, 196)]
        assert answers[1]["y"].tolist() == [2 * i for i in range(200, 296)]

    model = Doubler()
    asyncio.run(main())
    assert [batch[0] for batch in model.batches[1:]] == [
        *(100, 200, 1, 132, 232, 164, 264)
    ]


def test_few_rows_wait_for_a_short_run_and_many_start_beside_it():
    async def main():
        batching = Batching(num_batch_threads=2)
        async with coalescing(model, batching) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(coalescer, *map(request, range(1, 8)))
                for _ in range(5):
                    await asyncio.sleep(0)
                tasks += await started(coalescer, request(8))
                await model.one_started()
            await asyncio.gather(*tasks)

    model = Doubler()
    asyncio.run(main())
    assert model.batches == [[0], [*range(1, 9)]]


def test_one_row_starts_beside_a_long_run():
    async def main():
        batching = Batching(num_batch_threads=2)
        async with coalescing(model, batching) as coalescer:
            model.seconds = 0.01
            await coalescer.answer(request(1))
            async with busy(model, coalescer):
                (task,) = await started(coalescer, request(2))
                await model.one_started()
            await task

    model = Doubler()
    asyncio.run(main())
    assert model.batches == [[1], [0], [2]]


def test_free_threads_share_one_request():
    async def main():
        batching = Batching(num_batch_threads=2)
        async with coalescing(model, batching) as coalescer:
            await coalescer.answer(request(*range(100, 120)))

    model = Doubler()
    asyncio.run(main())
    assert sorted(map(len, model.batches)) == [10, 10]


def test_what_has_no_batch_axis_runs_by_itself_as_it_is():
    async def main():
        scalar = CheckedRequest({"x": np.array(3, np.float32)}, ("y",), None, 1)
        async with coalescing(model) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(coalescer, scalar, scalar)
            answers = await asyncio.gather(*tasks)
        assert [a["y"].shape for a in answers] == [(), ()]

    model = Doubler()
    asyncio.run(main())
    assert model.batches == [[0], [3], [3]]


def test_a_full_queue_refuses_and_recovers():
    async def main():
        async with coalescing(model, waiting_rows=3) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(coalescer, request(1, 2))
                with pytest.raises(ServingError, match="full") as refused:
                    await coalescer.answer(request(3, 4))
                assert refused.value.code is Code.UNAVAILABLE
                tasks += await started(coalescer, request(5))
            await asyncio.gather(*tasks)
            # One that finds the queue empty is taken.
            await coalescer.answer(request(*range(20, 30)))

    model = Doubler()
    asyncio.run(main())
    assert model.batches[1] == [1, 2, 5]


def test_enqueued_batches_bound_the_queue_too():
    async def main():
        batching = Batching(
            max_batch_size=2, num_batch_threads=1, max_enqueued_batches=1
        )
        async with coalescing(model, batching) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(coalescer, request(1, 2))
                with pytest.raises(ServingError, match="full"):
                    await coalescer.answer(request(3))
            await asyncio.gather(*tasks)

    model = Doubler()
    asyncio.run(main())


def test_at_its_deadline_a_waiting_request_is_answered_and_never_runs():
    async def main():
        async with coalescing(model, on_drop=drop) as coalescer:
            skip, soon = skippable_time()
            async with busy(model, coalescer):
                (late,) = await started(coalescer, request(1), deadline=soon)
                (mate,) = await started(coalescer, request(2))
                skip()
                with pytest.raises(ServingError) as error:
                    await late
                assert error.value.code is Code.DEADLINE_EXCEEDED
                assert drop.call_count == 1
            await mate

    model, drop = Doubler(), mock.Mock()
    asyncio.run(main())
    assert model.batches == [[0], [2]]


def test_a_deadline_that_has_passed_runs_nothing():
    async def main():
        async with coalescing(model, on_drop=drop) as coalescer:
            past = asyncio.get_running_loop().time() - 1
            with pytest.raises(ServingError) as error:
                await coalescer.answer(request(1), past)
            assert error.value.code is Code.DEADLINE_EXCEEDED
            assert drop.call_count == 1

    model, drop = Doubler(), mock.Mock()
    asyncio.run(main())
    assert model.batches == []


def test_at_its_deadline_a_running_request_is_answered_and_its_mate_later():
    async def main():
        async with coalescing(model, on_drop=drop) as coalescer:
            skip, soon = skippable_time()
            model.shut()
            late = asyncio.create_task(coalescer.answer(request(1), soon))
            mate = asyncio.create_task(coalescer.answer(request(2)))
            await model.one_started()
            skip()
            with pytest.raises(ServingError) as error:
                await late
            assert error.value.code is Code.DEADLINE_EXCEEDED
            assert drop.call_count == 0
            assert not mate.done()
            model.open()
            assert (await mate)["y"].tolist() == [4]

    model, drop = Doubler(), mock.Mock()
    asyncio.run(main())
    assert model.batches == [[1, 2]]


def test_cancelling_harms_no_mate():
    async def main():
        async with coalescing(model, on_drop=drop) as coalescer:
            model.shut()
            first = asyncio.create_task(coalescer.answer(request(0)))
            await model.one_started()
            before, amid, mate = await started(
                coalescer, request(1), request(2), request(3)
            )
            before.cancel()
            await asyncio.wait([before])
            assert drop.call_count == 1
            model.let_one_on()
            await first
            await model.one_started()
            amid.cancel()
            await asyncio.wait([amid])
            model.open()
            assert (await mate)["y"].tolist() == [6]
            assert (await coalescer.answer(request(4)))["y"].tolist() == [8]
            assert drop.call_count == 1

    model, drop = Doubler(), mock.Mock()
    asyncio.run(main())
    assert model.batches == [[0], [2, 3], [4]]


def test_only_the_guilty_fail():
    async def main():
        async with coalescing(model) as coalescer:
            async with busy(model, coalescer):
                tasks = await started(
                    coalescer, request(1, 2), request(13), request(float("nan"))
                )
            good, bad, nan = await asyncio.gather(
                *tasks, return_exceptions=True
            )
        assert good["y"].tolist() == [2, 4]
        assert (bad.code, bad.message) == (3, "13 is unlucky")
        assert np.isnan(nan["y"]).all()

    model = Doubler()
    asyncio.run(main())


def test_a_failed_part_fails_its_request_and_stops_the_others():
    async def main():
        async with coalescing(model, on_drop=drop) as coalescer:
            rows = [13, *range(100, 400)]
            with pytest.raises(ServingError, match="unlucky"):
                await coalescer.answer(request(*rows))
            assert drop.call_count == 1

    model, drop = Doubler(), mock.Mock()
    asyncio.run(main())
    assert sum(map(len, model.batches)) < 300


def test_outputs_without_the_rows_of_the_batch_are_refused():
    class Summing(Doubler):
        def __call__(self, inputs, outputs):
            return {name: np.zeros(3, np.float32) for name in outputs}

    async def main():
        async with coalescing(Summing()) as coalescer:
            with pytest.raises(ServingError, match="0th dimension") as error:
                await coalescer.answer(request(1, 2))
            assert error.value.code is Code.FAILED_PRECONDITION

    asyncio.run(main())


def test_a_stuck_signature_starves_no_other():
    async def main():
        with ThreadPoolExecutor(4) as executor:
            batching = Batching(num_batch_threads=2)
            slow, fast = (
                Coalescer(model, executor, batching, waiting_rows=100)
                for model in (stuck, light)
            )
            stuck.shut()
            waiting = await started(slow, *[request(i) for i in range(1, 9)])
            for i in range(50):
                answer = await fast.answer(request(i + 100))
                assert answer["y"].tolist() == [2 * i + 200]
            assert not any(task.done() for task in waiting)
            stuck.open()
            await asyncio.gather(*waiting)

    stuck, light = Doubler(), Doubler()
    asyncio.run(asyncio.wait_for(main(), SECONDS))


class AtOnce(Executor):
    """Runs in the caller's thread, so that all takes equally many steps."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


class Exhausted(ThreadPoolExecutor):
    """The system gives it no thread, now and then."""

    refusals = 0

    def submit(self, function, *arguments):
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("can't start new thread")
        return super().submit(function, *arguments)


def test_without_a_thread_a_batch_fails_and_what_comes_later_runs():
    async def main():
        with Exhausted(2) as executor:
            coalescer = Coalescer(model, executor, ONE_THREAD, waiting_rows=100)
            executor.refusals = 2
            # Two batches, for their shapes, then a third of both.
            tasks = await started(
                *(coalescer, request(1), request([1, 2]), request(3)),
                *(request([[4]]), request([[5]])),
            )
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for error in results[:3]:
                assert error.code is Code.UNAVAILABLE
            assert [x["y"].tolist() for x in results[3:]] == [[[[8]]], [[[10]]]]
            await coalescer.answer(request(*range(100, 116)))
            await coalescer.idle()

    model = Doubler()
    asyncio.run(asyncio.wait_for(main(), SECONDS))
    assert model.batches[1:] == [[*range(100, 116)]]


@pytest.mark.parametrize("steps", range(12))
def test_no_request_is_forgotten_whenever_it_comes(steps):
    async def main():
        coalescer = Coalescer(Doubler(), AtOnce(), ONE_THREAD, waiting_rows=100)
        (first,) = await started(coalescer, request(1))
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(SECONDS):
            assert (await coalescer.answer(request(2)))["y"].tolist() == [4]
            assert (await first)["y"].tolist() == [2]

    asyncio.run(main())


@pytest.mark.parametrize("threads", [1, 2])
def test_under_load_everyone_gets_their_own_answer(threads):
    rng = random.Random(threads)

    async def client(coalescer, i):
        for j in range(40):
            size = rng.choice([1, 1, 1, 3, 40])
            rows = [1000 + 100 * i + j + k / 64 for k in range(size)]
            task = asyncio.create_task(coalescer.answer(request(*rows)))
            if rng.random() < 0.1:
                await asyncio.sleep(0)
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                answer = await task
                assert answer["y"].tolist() == [2 * row for row in rows]

    async def main():
        batching = Batching(num_batch_threads=threads)
        async with coalescing(
            model, batching, waiting_rows=20_000
        ) as coalescer:
            await asyncio.gather(*[client(coalescer, i) for i in range(16)])
            assert len(model.batches) < 16 * 40

    model = Doubler()
    asyncio.run(main())
