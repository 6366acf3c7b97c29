"""A manager with real models: swaps under load, and what they leave behind."""

import asyncio
import functools
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from export_models import TinyModel
from served.model_folders import config, model, until

from tfdisent.export.saved_model import export_model
from tfdisent.serving.inference.servable import Servable
from tfdisent.serving.limits import Limits
from tfdisent.serving.versions import loader
from tfdisent.serving.versions.manager import ModelManager

CLIENTS = 32
SWAPS = 4


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A collection takes long with Python's TensorFlow in the process."""
    monkeypatch.setattr(loader, "tidy_memory", lambda: None)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A version directory of a model that answers otherwise."""
    changed = TinyModel()
    changed.encode(np.zeros((1, *changed.image_shape), np.float32))
    changed.decode(np.zeros((1, changed.num_latents), np.float32))
    for weight in changed.weights:
        weight.assign(keras.ops.ones_like(weight))
    return export_model(changed, tmp_path_factory.mktemp("other"))


def publish(version, base, number):
    shutil.copytree(version, base / ".tmp-new")
    (base / ".tmp-new").rename(base / str(number))


def test_swaps_under_load_fail_no_request_and_mix_no_answers(
    exported, other, tiny_model, tmp_path
):
    """Odd versions are `exported`, even ones `other`."""
    image = np.full((1, *tiny_model.image_shape), 0.5, np.float32)
    load = functools.partial(Servable, limits=Limits())
    seen = {}

    async def ask(manager, done):
        while not done.is_set():
            with manager.using("m") as servable:
                answer = await servable.predict("encode", {"images": image})
            means = seen.setdefault(servable.version, [])
            means.append(float(answer["mean"][0, 0]))
            # Else they leave a thread that loads next to nothing of the lock.
            await asyncio.sleep(0.01)

    async def run():
        publish(exported, tmp_path, 1)
        started = config(model("m", tmp_path))
        manager = ModelManager(started, load=load, poll_seconds=0)
        await manager.start()
        done = asyncio.Event()
        asking = [
            asyncio.create_task(ask(manager, done)) for _ in range(CLIENTS)
        ]
        for number in range(2, SWAPS + 2):
            publish((other, exported)[number % 2], tmp_path, number)
            await manager.poll()
            await until(lambda: len(seen.get(number, [])) > CLIENTS)  # noqa: B023
        done.set()
        await asyncio.gather(*asking)
        await manager.stop()

    asyncio.run(run())
    assert list(seen) == list(range(1, SWAPS + 2))
    odd, even = seen[1][0], seen[2][0]
    assert abs(odd - even) > 0.1
    for version, means in seen.items():
        expected = odd if version % 2 else even
        np.testing.assert_allclose(means, expected, atol=1e-5)


def test_a_real_damaged_version_shows_neither_path_nor_node(exported, tmp_path):
    async def run():
        publish(exported, tmp_path, 1)
        for number, damage in enumerate(DAMAGES, 2):
            publish(exported, tmp_path, number)
            damage(tmp_path / str(number))
        started = config(model("m", tmp_path, all=True))
        load = functools.partial(Servable, limits=Limits())
        manager = ModelManager(started, load=load, poll_seconds=0)
        await manager.start()
        *failed, good = manager.statuses("m")
        assert good.state.name == "AVAILABLE"
        assert len(failed) == len(DAMAGES)
        for status in failed:
            assert status.state.name == "END"
            assert status.code
            assert status.message
            assert "/" not in status.message.replace("VERSION/", ""), status
            assert "{{" not in status.message, status
        with manager.using("m") as servable:
            assert servable.version == 1
        await manager.stop()

    asyncio.run(run())


def no_graph(version):
    (version / "saved_model.pb").unlink()


def cut_graph(version):
    graph = version / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-100])


def no_model(version):
    (version / "saved_model.pb").write_bytes(b"nothing of the kind")


def no_variables(version):
    shutil.rmtree(version / "variables")


def cut_variables(version):
    (data,) = version.glob("variables/*.data-*")
    data.write_bytes(data.read_bytes()[:-50])


def other_tag(version):
    graph = version / "saved_model.pb"
    graph.write_bytes(graph.read_bytes().replace(b"\x05serve", b"\x05other"))


DAMAGES = [
    no_graph,
    cut_graph,
    no_model,
    no_variables,
    cut_variables,
    other_tag,
]

CYCLES = """
import asyncio, functools, os, pathlib, resource, sys
import numpy as np
from tfdisent.serving.versions import loader
from tfdisent.serving.limits import Limits
from tfdisent.serving.versions.manager import ModelManager
from tfdisent.serving.versions.model_config import single_model_config
from tfdisent.serving.inference.servable import Servable

async def main():
    base = pathlib.Path(sys.argv[1])
    manager = ModelManager(
        single_model_config("m", str(base)),
        load=functools.partial(Servable, limits=Limits()),
        poll_seconds=0,
    )
    await manager.start()
    images = np.zeros((64, 4, 3, 2), np.float32)
    for cycle in range(201):
        with manager.using("m") as servable:
            await servable.predict("encode", {"images": images})
        os.rename(base / str(cycle + 1), base / str(cycle + 2))
        await manager.poll()
        while len([s for s in manager.statuses("m") if s.state < 50]) > 1:
            await asyncio.sleep(0.001)
        if cycle in (20, 200):
            pages = int(open("/proc/self/statm").read().split()[1])
            print(pages * resource.getpagesize(), flush=True)
    await manager.stop()
    assert "tensorflow" not in sys.modules

asyncio.run(main())
"""


@pytest.mark.slow
def test_200_swaps_leave_no_memory(exported, tmp_path):
    publish(exported, tmp_path, 1)
    ran = subprocess.run(
        [sys.executable, "-c", CYCLES, str(tmp_path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
    )
    early, late = map(int, ran.stdout.split())
    assert late < 1.1 * early
