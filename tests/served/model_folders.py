"""Version folders, and servables that load from them without TensorFlow."""

import asyncio
import contextlib
import shutil
import threading
from unittest import mock

import pytest

from tfdisent.export.messages import ModelServerConfig
from tfdisent.export.native_session import NativeError
from tfdisent.serving.status import ServingError
from tfdisent.serving.versions import loader
from tfdisent.serving.versions.manager import ModelManager


class FakeServable:
    """Knows where it came from, and whether it was closed while in use."""

    def __init__(self, name, version, content):
        self.name = name
        self.version = version
        self.content = content
        self.users = 0
        self.closed = 0

    async def close(self):
        assert not self.users, "closed while in use"
        self.closed += 1


class FakeLoader:
    """Loads a version folder whose file `model` holds no "bad".

    Attributes:
      made: all servables, in order.
      gate: loads wait while it is cleared.
      begun: set when a load begins.
      at_once: the highest number of loads that ran at a time.
    """

    def __init__(self):
        self.made = []
        self.calls = []
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.at_once = 0
        self._running = 0

    def __call__(self, name, version, directory):
        self.calls.append((name, version))
        self._running += 1
        self.at_once = max(self.at_once, self._running)
        self.begun.set()
        try:
            assert self.gate.wait(30)
            return self._load(name, version, directory)
        finally:
            self._running -= 1

    def _load(self, name, version, directory):
        try:
            content = (directory / "model").read_text()
        except OSError as error:
            raise NativeError(
                5, f"Could not find SavedModel at: {directory}/saved_model.pb"
            ) from error
        if content == "bad":
            raise NativeError(11, f"Read less bytes from {directory}/data")
        self.made.append(FakeServable(name, version, content))
        return self.made[-1]


class Clock:
    """Seconds that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def put(base, name, content="good"):
    """Publishes a version by one rename, as an exporter does."""
    base.mkdir(parents=True, exist_ok=True)
    temporary = base / f".tmp-{name}"
    temporary.mkdir()
    (temporary / "model").write_text(content)
    temporary.rename(base / str(name))


def take(base, name):
    """Removes a version at one go, and then its files."""
    hidden = base / ".tmp-old"
    (base / str(name)).rename(hidden)
    shutil.rmtree(hidden)


def config(*entries):
    """A config of models, given as keywords of ModelConfig."""
    made = ModelServerConfig()
    made.model_config_list.SetInParent()
    for entry in entries:
        made.model_config_list.config.add(
            **{k: str(v) if k == "base_path" else v for k, v in entry.items()}
        )
    return made


def model(name, base, *, labels=None, **policy):
    """One entry of a config; the policy as latest=, all= or specific=."""
    entry = {"name": name, "base_path": base, "version_labels": labels or {}}
    match policy:
        case {"latest": number}:
            chosen = {"latest": {"num_versions": number}}
        case {"specific": numbers}:
            chosen = {"specific": {"versions": numbers}}
        case {"all": True}:
            chosen = {"all": {}}
        case _:
            return entry
    return entry | {"model_version_policy": chosen}


@contextlib.asynccontextmanager
async def managed(started, load, **options):
    """A started manager that only looks when told; stopped at the end.

    All that it loaded must then have been closed, once.
    """
    manager = ModelManager(started, load=load, poll_seconds=0, **options)
    # A quarter of a second, with Python's TensorFlow in the process.
    with mock.patch.object(loader, "tidy_memory"):
        await manager.start()
        try:
            yield manager
        finally:
            load.gate.set()
            await manager.stop()
    assert all(servable.closed == 1 for servable in load.made)


def content(manager, name="m", **which):
    """What the version holds that a request would get."""
    with manager.using(name, **which) as servable:
        return servable.content


def refusal(call, *arguments, **named):
    """Code and message of the ServingError of a call."""
    with pytest.raises(ServingError) as info:
        call(*arguments, **named)
    return info.value.code, info.value.message


async def refused(reload):
    """Code and message of the ServingError of a coroutine."""
    with pytest.raises(ServingError) as info:
        await reload
    return info.value.code, info.value.message


def states(manager, name="m"):
    """State by version."""
    found = manager.models()[name]
    return {status.version: status.state.name for status in found}


async def until(condition):
    """Waits for what is bound to come."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)
