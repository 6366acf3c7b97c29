"""Life of a manager: lookups, swaps, the end; with servables that are fake."""

import asyncio
import gc
import logging
import weakref

import pytest
from served.model_folders import (
    FakeLoader,
    config,
    content,
    managed,
    model,
    put,
    refusal,
    refused,
    states,
    take,
    until,
)

from tfdisent.serving.status import Code
from tfdisent.serving.versions.manager import ModelManager

LABELS = {"stable": 1, "gone": 9}


UNKNOWN_LABEL = "Unrecognized servable version label: "
NOT_FOUND = "Servable not found for request: "


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        (("x",), 5, NOT_FOUND + "Latest(x)"),
        (("x", 3), 5, NOT_FOUND + "Specific(x, 3)"),
        (("m", 3), 5, NOT_FOUND + "Specific(m, 3)"),
        (("m", -1), 5, NOT_FOUND + "Specific(m, -1)"),
        (("m", None, "new"), 3, UNKNOWN_LABEL + "new"),
        (("x", None, "stable"), 3, UNKNOWN_LABEL + "stable"),
        (("m", None, ""), 3, UNKNOWN_LABEL),
        (("m", None, "gone"), 5, NOT_FOUND + "Specific(m, 9)"),
        (("empty",), 5, NOT_FOUND + "Latest(empty)"),
        (("../m",), 5, NOT_FOUND + "Latest(../m)"),
    ],
)
def test_what_is_not_served_is_told_as_tensorflow_serving_does(
    tmp_path, asked, code, message
):
    async def run():
        put(tmp_path / "m", 1)
        (tmp_path / "e").mkdir()
        entries = (
            model("m", tmp_path / "m", labels=LABELS),
            model("empty", tmp_path / "e"),
        )
        async with managed(config(*entries), FakeLoader()) as manager:
            assert refusal(manager.using, *asked) == (code, message)

    asyncio.run(run())


def test_a_request_gets_the_version_that_it_asks_for(tmp_path):
    async def run():
        for number in (1, 2, 10):
            put(tmp_path, number, f"v{number}")
        entry = model("m", tmp_path, all=True, labels={"stable": 2})
        async with managed(config(entry), FakeLoader()) as manager:
            assert content(manager) == "v10"
            assert content(manager, version=1) == "v1"
            assert content(manager, label="stable") == "v2"
            with manager.using("m", 1) as servable:
                assert (servable.name, servable.version) == ("m", 1)

    asyncio.run(run())


def test_statuses(tmp_path):
    async def run():
        put(tmp_path / "m", 1)
        put(tmp_path / "m", 2, "bad")
        entries = (
            model("m", tmp_path / "m", all=True),
            model("none", tmp_path / "none"),
        )
        async with managed(config(*entries), FakeLoader()) as manager:
            two, one = manager.statuses("m")
            assert one == (1, 30, Code.OK, "")
            assert two[:3] == (2, 50, Code.OUT_OF_RANGE)
            assert two.message == "Read less bytes from VERSION/data"
            assert manager.statuses("m", 1) == [one]
            assert manager.models() == {"m": [two, one], "none": []}
            for name in ("none", "x"):
                assert refusal(manager.statuses, name) == (
                    Code.NOT_FOUND,
                    f"Could not find any versions of model {name}",
                )
            assert refusal(manager.statuses, "m", 7) == (
                Code.NOT_FOUND,
                "Could not find version 7 of model m",
            )
            assert not manager.is_ready()
            put(tmp_path / "none", 1)
            await manager.poll()
            assert manager.is_ready()

    asyncio.run(run())


def test_the_old_version_serves_until_the_new_one_has_loaded(tmp_path):
    async def run():
        load = FakeLoader()
        put(tmp_path, 1, "old")
        async with managed(config(model("m", tmp_path)), load) as manager:
            put(tmp_path, 2, "new")
            load.gate.clear()
            load.begun.clear()
            polling = asyncio.create_task(manager.poll())
            await until(load.begun.is_set)
            assert states(manager) == {2: "LOADING", 1: "AVAILABLE"}
            assert content(manager) == "old"
            load.gate.set()
            await polling
            assert content(manager) == "new"
            await until(lambda: states(manager)[1] == "END")
            assert states(manager) == {2: "AVAILABLE", 1: "END"}
            text = NOT_FOUND + "Specific(m, 1)"  # which did not fail
            assert refusal(manager.using, "m", 1) == (Code.NOT_FOUND, text)

    asyncio.run(run())


def test_a_version_in_use_is_closed_after_its_last_request(tmp_path):
    async def run():
        load = FakeLoader()
        put(tmp_path, 1, "old")
        async with managed(config(model("m", tmp_path)), load) as manager:
            with manager.using("m"):
                with pytest.raises(RuntimeError), manager.using("m") as old:
                    put(tmp_path, 2, "new")
                    await manager.poll()
                    assert states(manager)[1] == "UNLOADING"
                    assert content(manager) == "new"
                    assert refusal(manager.using, "m", 1)[0] == Code.NOT_FOUND
                    raise RuntimeError("a request that fails")
                await asyncio.sleep(0)
                assert not old.closed
            await until(lambda: old.closed)
            assert states(manager)[1] == "END"

    asyncio.run(run())


def test_a_version_comes_back_while_its_last_request_still_runs(tmp_path):
    async def run():
        load = FakeLoader()
        put(tmp_path, 1)
        async with managed(config(model("m", tmp_path)), load) as manager:
            with manager.using("m") as old:
                take(tmp_path, 1)
                await manager.poll()
                put(tmp_path, 1, "again")
                await manager.poll()
                assert content(manager) == "again"
                assert not old.closed
            await until(lambda: old.closed)
            assert states(manager) == {1: "AVAILABLE"}

    asyncio.run(run())


def test_models_load_one_by_one_and_the_highest_version_first(tmp_path):
    async def run():
        load = FakeLoader()
        for name in "ab":
            for number in (1, 2, 3):
                put(tmp_path / name, number)
        entries = [model(name, tmp_path / name, all=True) for name in "ab"]
        async with managed(config(*entries), load):
            assert load.at_once == 1
            assert load.calls == [(n, v) for n in "ab" for v in (3, 2, 1)]

    asyncio.run(run())


def test_few_ended_versions_are_remembered(tmp_path):
    async def run():
        put(tmp_path, 0)
        load = FakeLoader()
        async with managed(config(model("m", tmp_path)), load) as manager:
            for number in range(1, 40):
                put(tmp_path, number)
                await manager.poll()
                take(tmp_path, number - 1)
                last = load.made[-2]
                await until(lambda last=last: last.closed)
            await manager.poll()
            found = states(manager)
            assert list(found) == list(range(39, 28, -1))
            assert [v for v, state in found.items() if state != "END"] == [39]

    asyncio.run(run())


def test_nothing_of_an_unloaded_version_is_kept(tmp_path):
    async def run():
        put(tmp_path, 1)
        load = FakeLoader()
        async with managed(config(model("m", tmp_path)), load) as manager:
            dead = weakref.ref(load.made.pop())
            put(tmp_path, 2)
            gc.disable()
            try:
                await manager.poll()
                await until(lambda: states(manager)[1] == "END")
                await asyncio.sleep(0)
                assert dead() is None
            finally:
                gc.enable()

    asyncio.run(run())


def test_the_watch_finds_versions_by_itself_until_stopped(tmp_path):
    async def run():
        load = FakeLoader()
        started = config(model("m", tmp_path / "m"))
        manager = ModelManager(started, load=load, poll_seconds=0.001)
        await manager.start()
        put(tmp_path / "m", 1)
        await until(manager.is_ready)
        await manager.stop()
        assert len(asyncio.all_tasks()) == 1
        put(tmp_path / "m", 2)
        await asyncio.sleep(0.01)
        assert load.calls == [("m", 1)]

    asyncio.run(run())


def test_a_fault_does_not_end_the_watch(tmp_path, monkeypatch, caplog):
    async def run():
        started = config(model("m", tmp_path / "m"))
        manager = ModelManager(started, load=FakeLoader(), poll_seconds=0.001)
        await manager.start()
        with monkeypatch.context() as patch:
            patch.setattr("tfdisent.serving.versions.scans.Scans.look", None)
            await until(lambda: "TypeError" in caplog.text)
        put(tmp_path / "m", 1)
        await until(manager.is_ready)
        await manager.stop()

    asyncio.run(run())


def test_stop_waits_for_requests_and_refuses_new_ones(tmp_path):
    async def run():
        put(tmp_path, 1)
        started = config(model("m", tmp_path))
        async with managed(started, FakeLoader()) as manager:
            with manager.using("m") as servable:
                stopping = asyncio.create_task(manager.stop())
                await until(lambda: states(manager)[1] == "UNLOADING")
                assert not manager.is_ready()
                for call in (manager.reload(started), manager.poll()):
                    assert (await refused(call))[0] == Code.UNAVAILABLE
                code, message = refusal(manager.using, "m")
                assert (code, message) == (14, "The server is stopping.")
                assert not stopping.done()
                assert not servable.closed
            await stopping
            assert servable.closed == 1
            assert states(manager) == {1: "END"}
            await manager.stop()

    asyncio.run(run())


def test_stop_during_the_first_load_closes_what_it_brings(tmp_path):
    async def run():
        load = FakeLoader()
        load.gate.clear()
        for number in (1, 2):
            put(tmp_path, number)
        started = config(model("m", tmp_path, all=True))
        manager = ModelManager(started, load=load, poll_seconds=0.001)
        starting = asyncio.create_task(manager.start())
        await until(load.begun.is_set)
        starting.cancel()
        stopping = asyncio.create_task(manager.stop())
        await asyncio.sleep(0)
        load.gate.set()
        await stopping
        assert load.calls == [("m", 2)]  # The other load never begins.
        assert [servable.closed for servable in load.made] == [1]

    asyncio.run(run())


def test_a_close_that_fails_is_logged_and_ends_the_version(tmp_path, caplog):
    async def run():
        put(tmp_path, 1)
        load = FakeLoader()
        async with managed(config(model("m", tmp_path)), load) as manager:

            async def close():
                load.made[0].closed += 1
                raise OSError("of\nno use")

            load.made[0].close = close
            put(tmp_path, 2)
            await manager.poll()
            await until(lambda: states(manager)[1] == "END")
            assert manager.is_ready()

    asyncio.run(run())
    assert "m version 1: closing failed: 'of\\nno use'" in caplog.messages


def test_the_log_has_one_line_for_each_change(tmp_path, caplog):
    async def run():
        put(tmp_path, 1)
        async with managed(
            config(model("m", tmp_path)), FakeLoader()
        ) as manager:
            put(tmp_path, 2, "bad")
            (tmp_path / "9\n9").mkdir()
            for _ in range(3):
                await manager.poll()

    caplog.set_level(logging.INFO, "tfdisent.serving")
    asyncio.run(run())
    assert caplog.messages == [
        "m version 1: loading",
        "m version 1: available",
        "m version 2: loading",
        "m version 2: loading failed, OUT_OF_RANGE:"
        f" 'Read less bytes from {tmp_path}/2/data'",
        "m version 1: unloading",
        "m version 1: unloaded",
    ]
