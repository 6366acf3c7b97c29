"""Whatever happens on the disk, what can be served is served."""

import asyncio
import random
import shutil

import pytest
from served.model_folders import (
    Clock,
    FakeLoader,
    config,
    managed,
    model,
    put,
)

from tfdisent.serving.status import ServingError

POLICIES = [
    {},
    {"latest": 2},
    {"all": True},
    {"specific": [1, 2, 3]},
]
NUMBERS = range(1, 6)


class Disk:
    """Base paths of two models, and the changes that befall them."""

    def __init__(self, folder, rng):
        self.folder = folder
        self.rng = rng
        self.bases = {name: folder / name for name in ("a", "b")}
        self.policies = {name: rng.choice(POLICIES) for name in self.bases}
        for base in self.bases.values():
            put(base, 1)

    def aspired(self, name):
        """Content by number as the policy asks, or None without a base."""
        base = self.bases[name]
        if not base.is_dir():
            return None
        there = {
            int(path.name): path
            for path in base.iterdir()
            if path.name.isdigit()
        }
        match self.policies[name]:
            case {"all": True}:
                chosen = there
            case {"specific": numbers}:
                chosen = there.keys() & set(numbers)
            case policy:
                chosen = sorted(there)[-policy.get("latest", 1) :]
        return {number: there[number] / "model" for number in chosen}

    def change(self):
        """One random change of one base path."""
        name = self.rng.choice(list(self.bases))
        base, away = self.bases[name], self.folder / f"{name}.away"
        number = str(self.rng.choice(NUMBERS))
        match self.rng.randrange(10):
            case 0 if base.exists() and not away.exists():
                base.rename(away)
            case 1 | 2 if base.exists():
                shutil.rmtree(base / number, ignore_errors=True)
            case 3 if base.exists():
                shutil.rmtree(base)
                base.mkdir()
            case 4 if (base / number).is_dir():
                # As a copy in progress, or one that was repaired.
                text = self.rng.choice(["bad", "good", "whole"])
                (base / number / "model").write_text(text)
            case _ if away.exists() and not base.exists():
                away.rename(base)
            case 5 | 6 if base.exists() and not (base / number).exists():
                put(base, number, "bad")
            case _ if base.exists() and not (base / number).exists():
                put(base, number)


def is_loadable(path):
    return path.is_file() and path.read_text() != "bad"


async def use(manager, name, rng, problems):
    """One request, which may last over several changes."""
    try:
        picked = manager.using(name)
    except ServingError:
        return
    with picked as servable:
        servable.users += 1
        for _ in range(rng.randrange(1, 30)):
            await asyncio.sleep(0)
            if servable.closed:
                problems.append(f"{name} was closed while in use")
        servable.users -= 1


def available(manager, name):
    found = manager.models()[name]
    return {s.version for s in found if s.state.name == "AVAILABLE"}


async def reload(manager, disk, rng):
    """Another policy for one model; it may be refused."""
    name = rng.choice(list(disk.bases))
    before = dict(disk.policies)
    disk.policies[name] = rng.choice(POLICIES)
    entries = [model(n, disk.bases[n], **disk.policies[n]) for n in disk.bases]
    shown = manager.models()
    try:
        await manager.reload(config(*entries))
    except ServingError:
        disk.policies = before
        assert available(manager, name) == {
            s.version for s in shown[name] if s.state.name == "AVAILABLE"
        }


async def watch(manager, serving, stop, problems):
    """Looks at every turn of the loop whether a model is without a version."""
    while not stop.is_set():
        for name in serving:
            if not available(manager, name):
                problems.append(f"{name} was without a version")
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(8))
def test_transitions(tmp_path, seed):
    async def run():
        rng = random.Random(seed)
        disk, load, clock = Disk(tmp_path, rng), FakeLoader(), Clock()
        entries = [
            model(name, base, **disk.policies[name])
            for name, base in disk.bases.items()
        ]
        problems, requests = [], []
        async with managed(
            config(*entries), load, clock=clock, load_retry_seconds=1.0
        ) as manager:
            for _ in range(40):
                for _ in range(rng.randrange(1, 4)):
                    disk.change()
                clock.now += rng.choice([0.0, 2.0])
                aspired = {name: disk.aspired(name) for name in disk.bases}
                held = {name: available(manager, name) for name in disk.bases}
                # An empty base path alone may leave a model without any.
                serving = [
                    n for n in disk.bases if held[n] and aspired[n] != {}
                ]
                stop = asyncio.Event()
                watching = asyncio.create_task(
                    watch(manager, serving, stop, problems)
                )
                for name in disk.bases:
                    requests.append(
                        asyncio.create_task(use(manager, name, rng, problems))
                    )
                if rng.random() < 0.2:
                    await reload(manager, disk, rng)
                await manager.poll()
                stop.set()
                await watching
                check(manager, disk, held)
            await asyncio.gather(*requests)
            assert problems == []
            assert load.at_once == 1
            assert len(load.made) > 5

    asyncio.run(run())


def check(manager, disk, held):
    """What must hold when a look has ended and nothing changed since."""
    for name in disk.bases:
        found, aspired = available(manager, name), disk.aspired(name)
        if aspired is None:
            continue
        # Those loaded earlier serve on, whatever became of their files.
        loaded = {n for n in aspired if n in found}
        good = {n for n, path in aspired.items() if is_loadable(path)}
        assert good <= loaded, (name, good, found)
        if loaded or not aspired:
            assert found == loaded, (name, found, aspired)
        else:
            assert not good
            assert found or not held[name]
