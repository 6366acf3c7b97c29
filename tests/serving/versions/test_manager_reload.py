"""Another config for a running manager: taken whole or not at all."""

import asyncio

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

from tfdisent.export.messages import ModelServerConfig
from tfdisent.serving.status import Code


def test_add_rebase_and_remove(tmp_path):
    async def run():
        for name in "abc":
            put(tmp_path / name, 1, name)
        load = FakeLoader()
        a, b = (model(name, tmp_path / name) for name in "ab")
        async with managed(config(a), load) as manager:
            await manager.reload(config(a, b))
            assert (content(manager, "a"), content(manager, "b")) == ("a", "b")
            # The same number from another folder is another version.
            await manager.reload(config(a, model("b", tmp_path / "c")))
            assert content(manager, "b") == "c"
            await manager.reload(config(b))
            assert content(manager, "b") == "b"
            assert list(manager.models()) == ["b"]
            assert refusal(manager.using, "a")[0] == Code.NOT_FOUND
            assert refusal(manager.statuses, "a")[0] == Code.NOT_FOUND
            # What stayed as it was, has not been loaded again.
            assert load.calls.count(("a", 1)) == 1
            await until(lambda: load.made[0].closed)
            await manager.reload(config())
            assert manager.models() == {}
            assert manager.is_ready()

    asyncio.run(run())


def test_another_policy_keeps_what_both_ask_for(tmp_path):
    async def run():
        for number in (1, 2, 3):
            put(tmp_path, number)
        load = FakeLoader()
        started = config(model("m", tmp_path, latest=2))
        async with managed(started, load) as manager:
            await manager.reload(config(model("m", tmp_path, specific=[1, 2])))
            await until(lambda: states(manager)[3] == "END")
            assert states(manager) == {3: "END", 2: "AVAILABLE", 1: "AVAILABLE"}
            assert load.calls == [("m", 3), ("m", 2), ("m", 1)]

    asyncio.run(run())


def test_an_empty_config_changes_nothing(tmp_path):
    async def run():
        put(tmp_path, 1)
        started = config(model("m", tmp_path))
        async with managed(started, FakeLoader()) as manager:
            await manager.reload(ModelServerConfig())
            assert manager.is_ready()
            assert list(manager.models()) == ["m"]

    asyncio.run(run())


def test_a_model_that_stays_as_it_was_need_not_be_available(tmp_path):
    async def run():
        put(tmp_path / "m", 1)
        broken = model("broken", tmp_path / "none")
        async with managed(config(broken), FakeLoader()) as manager:
            await manager.reload(config(broken, model("m", tmp_path / "m")))
            assert list(manager.models()) == ["broken", "m"]

    asyncio.run(run())


OTHER = "other"
REJECTED = {
    "duplicate": ([OTHER, OTHER], 3, "both named 'other'"),
    "relative path": ([OTHER, {"base_path": "x"}], 3, "absolute path"),
    "name": ([OTHER, {"name": "a\n"}], 3, "1 to 128 letters"),
    "platform": ([OTHER, {"model_platform": "torch"}], 3, "'tensorflow'"),
    "outside of the roots": (
        [OTHER, {"base_path": "/etc"}],
        3,
        "base_path of model 'new' must lie in one of the folders that this"
        " server may read.",
    ),
    "outside of the roots, and missing": (
        [OTHER, {"base_path": "/etc/none/at/all"}],
        3,
        "base_path of model 'new' must lie in one of the folders that this"
        " server may read.",
    ),
    "no base path": (
        [OTHER, {"base_path": "/none/at/all"}],
        2,
        "1 model(s) did not become available: {new: no version was found}",
    ),
    "broken": (
        [OTHER, {"base_path": "BROKEN"}, {"name": "n2", "base_path": "EMPTY"}],
        2,
        "2 model(s) did not become available: {new version 1: OUT_OF_RANGE,"
        " Read less bytes from VERSION/data; n2: no version was found}",
    ),
    "label": (
        [OTHER, {"version_labels": {"stable": 1, "canary": 2}}],
        9,
        "Request to assign label to version 2 of model new, which is not"
        " currently available for inference",
    ),
    "rebased and broken": ([{"name": "m", "base_path": "BROKEN"}], 2, "{m v"),
    "no version left": (
        [
            {
                "name": "m",
                "model_version_policy": {"specific": {"versions": [7]}},
            }
        ],
        2,
        "1 model(s) did not become available: {m: no version was found}",
    ),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_rejected_reload_changes_nothing(tmp_path, case):
    entries, code, said = REJECTED[case]
    folders = {
        "BROKEN": tmp_path / "broken",
        "EMPTY": tmp_path / "empty",
    }

    def filled(entry):
        if entry == OTHER:
            return model("other", tmp_path / "other")
        entry = {"name": "new", "base_path": tmp_path / "m"} | entry
        return entry | {
            "base_path": folders.get(entry["base_path"], entry["base_path"])
        }

    async def run():
        put(tmp_path / "m", 1, "kept")
        put(tmp_path / "other", 1)
        put(tmp_path / "broken", 1, "bad")
        (tmp_path / "empty").mkdir()
        load = FakeLoader()
        started = config(model("m", tmp_path / "m", labels={"stable": 1}))
        roots = None if "'/none" in str(entries) else [tmp_path]
        async with managed(started, load, allowed_roots=roots) as manager:
            before = manager.models()
            found, message = await refused(
                manager.reload(config(*map(filled, entries)))
            )
            assert found == code
            assert said in message
            assert str(tmp_path) not in message
            assert manager.models() == before
            assert content(manager, label="stable") == "kept"
            assert not load.made[0].closed
            # What was loaded in vain has gone.
            await until(lambda: all(s.closed for s in load.made[1:]))
            await manager.poll()
            assert manager.models() == before

    asyncio.run(run())


def test_labels_move_between_versions_that_are_available(tmp_path):
    def labelled(**labels):
        return config(model("m", tmp_path, all=True, labels=labels))

    async def run():
        for number in (1, 2):
            put(tmp_path, number, f"v{number}")
        async with managed(labelled(stable=1), FakeLoader()) as manager:
            await manager.reload(labelled(stable=1, canary=2))
            assert content(manager, label="stable") == "v1"
            assert content(manager, label="canary") == "v2"
            await manager.reload(labelled(stable=2))
            assert content(manager, label="stable") == "v2"
            code, _ = refusal(manager.using, "m", None, "canary")
            assert code == Code.INVALID_ARGUMENT
            # TensorFlow Serving wants two reloads for this.
            put(tmp_path, 3, "v3")
            await manager.reload(labelled(stable=3))
            assert content(manager, label="stable") == "v3"
            put(tmp_path, 4, "bad")
            for number in (4, 5):
                code, _ = await refused(manager.reload(labelled(stable=number)))
                assert code == Code.FAILED_PRECONDITION
            assert content(manager, label="stable") == "v3"

    asyncio.run(run())


def test_a_label_is_not_given_to_a_version_that_is_about_to_go(tmp_path):
    async def run():
        for number in (1, 2):
            put(tmp_path, number)
        started = config(model("m", tmp_path, all=True))
        async with managed(started, FakeLoader()) as manager:
            entry = model("m", tmp_path, latest=1, labels={"stable": 1})
            code, _ = await refused(manager.reload(config(entry)))
            assert code == Code.FAILED_PRECONDITION
            assert set(states(manager).values()) == {"AVAILABLE"}

    asyncio.run(run())


def test_new_labels_for_unavailable_versions_by_option(tmp_path):
    def labelled(**labels):
        return config(model("m", tmp_path, all=True, labels=labels))

    async def run():
        put(tmp_path, 1)
        async with managed(
            labelled(), FakeLoader(), allow_labels_for_unavailable=True
        ) as manager:
            await manager.reload(labelled(next=2, stable=1))
            code, message = refusal(manager.using, "m", None, "next")
            assert (code, message[-14:]) == (5, "Specific(m, 2)")
            # One that is in use is not taken from a version that works.
            code, _ = await refused(manager.reload(labelled(stable=2)))
            assert code == Code.FAILED_PRECONDITION
            put(tmp_path, 2, "v2")
            await manager.poll()
            assert content(manager, label="next") == "v2"
            await manager.reload(labelled(stable=2))

    asyncio.run(run())


def test_a_label_without_version_at_the_start_is_a_warning(tmp_path, caplog):
    async def run():
        put(tmp_path, 1)
        started = config(model("m", tmp_path, all=True, labels={"next": 2}))
        async with managed(started, FakeLoader()) as manager:
            assert manager.is_ready()
            put(tmp_path, 2, "v2")
            await manager.poll()
            assert content(manager, label="next") == "v2"

    asyncio.run(run())
    assert "assign label to version 2 of model m" in caplog.text


def test_reload_waits_for_the_load_that_runs(tmp_path):
    async def run():
        load = FakeLoader()
        put(tmp_path / "m", 1)
        put(tmp_path / "n", 1)
        started = config(model("m", tmp_path / "m"))
        async with managed(started, load) as manager:
            put(tmp_path / "m", 2, "new")
            load.gate.clear()
            load.begun.clear()
            polling = asyncio.create_task(manager.poll())
            await until(load.begun.is_set)
            reloading = asyncio.create_task(
                manager.reload(config(model("n", tmp_path / "n")))
            )
            await asyncio.sleep(0.01)
            assert states(manager)[1] == "AVAILABLE"
            load.gate.set()
            await asyncio.gather(polling, reloading)
            assert list(manager.models()) == ["n"]
            assert load.at_once == 1

    asyncio.run(run())


def test_a_reload_ends_though_its_caller_went_away(tmp_path):
    async def run():
        load = FakeLoader()
        put(tmp_path / "n", 1)
        async with managed(config(), load) as manager:
            load.gate.clear()
            reloading = asyncio.create_task(
                manager.reload(config(model("n", tmp_path / "n")))
            )
            await until(load.begun.is_set)
            reloading.cancel()
            load.gate.set()
            await until(lambda: "n" in manager.models())
            assert content(manager, "n") == "good"

    asyncio.run(run())


def test_stop_during_a_reload_refuses_it_and_closes_what_it_loaded(tmp_path):
    async def run():
        load = FakeLoader()
        put(tmp_path / "n", 1)
        async with managed(config(), load) as manager:
            load.gate.clear()
            reloading = asyncio.create_task(
                manager.reload(config(model("n", tmp_path / "n")))
            )
            await until(load.begun.is_set)
            stopping = asyncio.create_task(manager.stop())
            await asyncio.sleep(0)
            load.gate.set()
            assert (await refused(reloading))[0] == Code.UNAVAILABLE
            await stopping
            assert [servable.closed for servable in load.made] == [1]

    asyncio.run(run())


def test_concurrent_reloads_with_traffic_and_new_versions(tmp_path):
    """The last of them is what remains, and `kept` always serves."""

    async def run():
        load = FakeLoader()
        names = [f"m{i}" for i in range(8)]
        for name in ("kept", *names):
            put(tmp_path / name, 1)
        kept = model("kept", tmp_path / "kept")
        done = asyncio.Event()
        served = 0

        async def traffic(manager):
            nonlocal served
            while not done.is_set():
                for name in ("kept", *list(manager.models())):
                    if name not in manager.models():
                        continue
                    with manager.using(name) as servable:
                        servable.users += 1
                        await asyncio.sleep(0)
                        served += 1
                        servable.users -= 1

        async with managed(config(kept), load) as manager:
            clients = [asyncio.create_task(traffic(manager)) for _ in range(4)]
            for number in range(2, 6):
                put(tmp_path / "kept", number)
                await asyncio.gather(
                    *(
                        manager.reload(
                            config(kept, model(name, tmp_path / name))
                        )
                        for name in names
                    ),
                    manager.poll(),
                )
                assert set(manager.models()) == {"kept", names[-1]}
                take(tmp_path / "kept", number - 1)
            done.set()
            await asyncio.gather(*clients)
            assert served > 100
            assert load.at_once == 1

    asyncio.run(run())
