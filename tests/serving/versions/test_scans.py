import asyncio
import threading

from served.model_folders import config, model

from tfdisent.serving.versions.scans import Scans
from tfdisent.serving.versions.version_source import Offer


def entries(*names):
    made = config(*(model(name, f"/{name}") for name in names))
    return made.model_config_list.config


def test_offers_and_errors_come_in_order_and_at_once():
    meeting = threading.Barrier(3, timeout=30)

    def look(entry):
        meeting.wait()
        if entry.name == "bad":
            raise OSError("gone")
        return Offer({}, (entry.name,))

    async def run():
        a, bad, b = await Scans(look).look(entries("a", "bad", "b"))
        assert (a, b) == (Offer({}, ("a",)), Offer({}, ("b",)))
        assert isinstance(bad, OSError)
        assert await Scans(look).look([]) == []

    asyncio.run(run())


def test_what_hangs_is_not_asked_again_and_its_late_answer_not_used():
    freed, ended = threading.Event(), threading.Event()
    answers = iter(["late", "new"])

    def look(entry):
        answer = next(answers)
        if answer == "late":
            assert freed.wait(30)
            ended.set()
        return Offer({}, (answer,))

    async def run():
        scans = Scans(look, patience=0.01)
        for _ in range(3):
            (late,) = await scans.look(entries("a"))
            assert isinstance(late, TimeoutError)
        freed.set()
        while True:
            (found,) = await scans.look(entries("a"))
            if isinstance(found, Offer):
                break
            await asyncio.sleep(0.001)
        assert ended.is_set()
        assert found.warnings == ("new",)

    asyncio.run(run())
    assert next(answers, None) is None


def test_no_more_threads_is_an_error_of_the_look(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    async def run():
        monkeypatch.setattr("threading.Thread.start", start)
        (found,) = await Scans(lambda entry: None).look(entries("a"))
        assert isinstance(found, RuntimeError)

    asyncio.run(run())
