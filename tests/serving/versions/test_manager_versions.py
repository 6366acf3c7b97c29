"""What lies on the disk, and what the policy makes of it."""

import asyncio
import threading

import pytest
from served.model_folders import (
    Clock,
    FakeLoader,
    config,
    content,
    managed,
    model,
    put,
    refusal,
    states,
    take,
    until,
)

from tfdisent.errors import UsageError
from tfdisent.serving.status import Code
from tfdisent.serving.versions import scans
from tfdisent.serving.versions.manager import ModelManager
from tfdisent.serving.versions.version_source import look_for_versions


def damage_without_model(base):
    (base / "2").mkdir()


def damage_cut_short(base):
    put(base, 2, "bad")


def damage_file(base):
    (base / "2").write_text("good")


def damage_loop(base):
    (base / "2").symlink_to("2")


@pytest.mark.parametrize(
    "damage",
    [damage_without_model, damage_cut_short, damage_file, damage_loop],
)
def test_a_damaged_version_ends_and_the_old_one_serves(tmp_path, damage):
    async def run():
        put(tmp_path, 1, "old")
        async with managed(
            config(model("m", tmp_path)), FakeLoader()
        ) as manager:
            damage(tmp_path)
            for _ in range(3):
                await manager.poll()
                assert states(manager) == {2: "END", 1: "AVAILABLE"}
                assert content(manager) == "old"
            (failed,) = manager.statuses("m", 2)
            assert failed.code in (Code.NOT_FOUND, Code.OUT_OF_RANGE)
            assert str(tmp_path) not in failed.message
            put(tmp_path, 3, "new")
            await manager.poll()
            assert content(manager) == "new"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("asked", "which", "failed"),
    [
        ((), "Latest(m)", 3),
        ((2,), "Specific(m, 2)", 2),
        ((None, "new"), "Specific(m, 3)", 3),
        ((7,), "Specific(m, 7)", None),
    ],
)
def test_who_asks_for_a_version_that_failed_is_told(
    tmp_path, asked, which, failed
):
    async def run():
        for number in (2, 3):
            put(tmp_path, number, "bad")
        entry = model("m", tmp_path, latest=2, labels={"new": 3})
        async with managed(config(entry), FakeLoader()) as manager:
            code, text = refusal(manager.using, "m", *asked)
            assert code is Code.NOT_FOUND
            theirs = f"Servable not found for request: {which}"
            ours = (
                f". Version {failed} failed to load; GetModelStatus, over REST"
                " /v1/models/m, tells why."
            )
            assert text == theirs + (ours if failed else "")

    asyncio.run(run())


@pytest.mark.parametrize(
    "error", [ValueError("/secret"), MemoryError(), AssertionError("x\ny")]
)
def test_a_load_may_raise_anything(tmp_path, error):
    def load(name, version, directory):
        raise error

    async def run():
        put(tmp_path, 1)
        load.gate, load.made = threading.Event(), []
        async with managed(config(model("m", tmp_path)), load) as manager:
            (status,) = manager.statuses("m")
            assert status[1:] == (
                50,
                Code.UNKNOWN,
                "The version could not be loaded.",
            )

    asyncio.run(run())


def test_a_failed_load_is_tried_again_after_a_while_some_times(tmp_path):
    async def run():
        clock, load = Clock(), FakeLoader()
        put(tmp_path, 1, "bad")
        started = config(model("m", tmp_path))
        async with managed(started, load, clock=clock) as manager:
            for i in range(1, 10):
                assert len(load.calls) == min(i, 6)
                clock.now += 59.0
                await manager.poll()
                assert len(load.calls) == min(i, 6)
                clock.now += 1.0
                await manager.poll()

    asyncio.run(run())


def test_a_failed_load_is_tried_again_when_its_files_change(tmp_path):
    async def run():
        load = FakeLoader()
        (tmp_path / "1").mkdir()  # Being copied.
        started = config(model("m", tmp_path))
        async with managed(started, load, max_load_retries=0) as manager:
            await manager.poll()
            assert len(load.calls) == 1
            (tmp_path / "1/model").write_text("bad")
            await manager.poll()
            assert len(load.calls) == 2
            (tmp_path / "1/model").write_text("whole")
            await manager.poll()
            assert content(manager) == "whole"

    asyncio.run(run())


def test_a_failed_version_that_went_and_came_is_tried_again(tmp_path):
    async def run():
        load = FakeLoader()
        put(tmp_path, 1, "bad")
        started = config(model("m", tmp_path))
        async with managed(started, load, max_load_retries=0) as manager:
            (tmp_path / "1").rename(tmp_path / "away")
            await manager.poll()
            assert states(manager) == {1: "END"}
            (tmp_path / "away").rename(tmp_path / "1")
            await manager.poll()
            assert len(load.calls) == 2

    asyncio.run(run())


def test_without_a_base_path_nothing_changes_without_versions_all_go(
    tmp_path, caplog
):
    async def run():
        base, away = tmp_path / "m", tmp_path / "away"
        put(base, 1)
        load = FakeLoader()
        async with managed(config(model("m", base)), load) as manager:
            base.rename(away)
            for _ in range(3):
                await manager.poll()
                assert manager.is_ready()
            base.write_text("a file")
            await manager.poll()
            assert manager.is_ready()
            base.unlink()
            away.rename(base)
            await manager.poll()
            assert len(load.calls) == 1
            take(base, 1)
            await manager.poll()
            assert refusal(manager.using, "m")[0] == Code.NOT_FOUND
            assert not manager.is_ready()
            put(base, 1, "again")
            await manager.poll()
            assert content(manager) == "again"

    asyncio.run(run())
    said = [text for text in caplog.messages if "nothing changes" in text]
    assert len(said) == 2  # Missing, then a file; each once.


def test_a_base_path_may_come_later(tmp_path):
    async def run():
        started = config(model("m", tmp_path / "m"))
        async with managed(started, FakeLoader()) as manager:
            assert not manager.is_ready()
            put(tmp_path / "m", 1)
            await manager.poll()
            assert manager.is_ready()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("policy", "before", "after"),
    [
        ({"latest": 1}, [3], [4]),
        ({"latest": 2}, [2, 3], [3, 4]),
        ({"all": True}, [1, 2, 3], [1, 2, 3, 4]),
        ({"specific": [1, 4]}, [1], [1, 4]),
    ],
)
def test_policies(tmp_path, policy, before, after):
    async def run():
        for number in (1, 2, 3):
            put(tmp_path, number)
        started = config(model("m", tmp_path, **policy))
        async with managed(started, FakeLoader()) as manager:
            for expected in (before, after):
                found = states(manager).items()
                assert expected == sorted(
                    version for version, s in found if s == "AVAILABLE"
                )
                if expected is before:
                    put(tmp_path, 4)
                await manager.poll()

    asyncio.run(run())


def test_a_new_version_that_fails_leaves_the_one_it_replaces(tmp_path):
    async def run():
        for number in (1, 2):
            put(tmp_path, number, str(number))
        started = config(model("m", tmp_path, latest=2))
        async with managed(started, FakeLoader()) as manager:
            put(tmp_path, 3, "bad")
            await manager.poll()
            # 2 is still asked for and serves, so that 1 may go.
            assert content(manager) == "2"
            await until(lambda: states(manager)[1] == "END")
            take(tmp_path, 2)
            take(tmp_path, 1)
            await manager.poll()
            assert content(manager) == "2"

    asyncio.run(run())


def test_a_file_system_that_hangs_stops_only_its_model(tmp_path, monkeypatch):
    async def run():
        hanging, freed = set(), threading.Event()
        began = []

        def look(entry, allowed_roots):
            began.append(entry.name)
            if entry.name in hanging:
                assert freed.wait(30)
            return look_for_versions(entry, allowed_roots)

        monkeypatch.setattr(
            "tfdisent.serving.versions.manager.look_for_versions", look
        )
        monkeypatch.setattr(scans.Scans.__init__, "__defaults__", (0.05,))
        for name in "ab":
            put(tmp_path / name, 1, "old")
        entries = [model(name, tmp_path / name) for name in "ab"]
        async with managed(config(*entries), FakeLoader()) as manager:
            hanging.add("a")
            for name in "ab":
                put(tmp_path / name, 2, "new")
            threads = threading.active_count()
            for _ in range(20):
                await manager.poll()
            await until(lambda: threading.active_count() <= threads + 1)
            assert began.count("a") == 2
            assert (content(manager, "a"), content(manager, "b")) == (
                "old",
                "new",
            )
            hanging.clear()
            freed.set()
            await until(lambda: threading.active_count() <= threads)
            while content(manager, "a") != "new":
                await manager.poll()

    asyncio.run(run())


def test_a_file_system_that_fails_is_logged_once(tmp_path, monkeypatch, caplog):
    async def run():
        put(tmp_path, 1)
        started = config(model("m", tmp_path))
        async with managed(started, FakeLoader()) as manager:

            def listdir(path):
                raise OSError(5, "Input/output\nerror")

            monkeypatch.setattr("os.listdir", listdir)
            for _ in range(3):
                await manager.poll()
            assert manager.is_ready()

    asyncio.run(run())
    (said,) = [text for text in caplog.messages if "Input/output" in text]
    assert "\n" not in said


def test_base_paths_outside_of_the_roots_are_refused_at_the_start(tmp_path):
    async def run():
        put(tmp_path / "out", 1)
        (tmp_path / "in").mkdir()
        (tmp_path / "in/link").symlink_to(tmp_path / "out")
        load = FakeLoader()
        manager = ModelManager(
            config(model("m", tmp_path / "in/link")),
            load=load,
            allowed_roots=[tmp_path / "in"],
        )
        with pytest.raises(UsageError, match="model 'm'"):
            await manager.start()
        await manager.stop()
        assert not load.calls

    asyncio.run(run())
