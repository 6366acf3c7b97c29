import asyncio

from served.model_folders import until

from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.versions.config_watch import ConfigWatch

ONE = "model_config_list { config { name: 'a' base_path: '/a' } }"
TWO = ONE.replace("'a'", "'b'")


class Manager:
    def __init__(self):
        self.taken = []
        self.refuses = False

    async def reload(self, config):
        if self.refuses:
            raise ServingError(Code.UNKNOWN, "1 model(s) did not\nload")
        self.taken.append(config.model_config_list.config[0].name)


def test_a_changed_file_is_taken_once(tmp_path):
    async def run():
        path, manager = tmp_path / "models.config", Manager()
        watch = ConfigWatch(path, manager.reload)
        for text in (ONE, ONE + "# The same.", TWO, ONE):
            path.write_text(text)
            for _ in range(2):
                await watch.check()
        assert manager.taken == ["a", "b", "a"]

    asyncio.run(run())


def test_bad_text_is_logged_once_and_changes_nothing(tmp_path, caplog):
    async def run():
        path, manager = tmp_path / "models.config", Manager()
        watch = ConfigWatch(path, manager.reload)
        path.write_text(ONE)
        await watch.check()
        for damage in (lambda: path.write_text(ONE[:-1]), path.unlink):
            damage()
            for _ in range(3):
                await watch.check()
        path.write_text(ONE)
        await watch.check()
        assert manager.taken == ["a"]

    asyncio.run(run())
    cut, missing = caplog.messages
    assert "line 1:" in cut
    assert "cannot be read" in missing


def test_a_refused_config_is_tried_again(tmp_path, caplog):
    async def run():
        path, manager = tmp_path / "models.config", Manager()
        watch = ConfigWatch(path, manager.reload)
        path.write_text(ONE)
        manager.refuses = True
        for _ in range(3):
            await watch.check()
        manager.refuses = False
        await watch.check()
        assert manager.taken == ["a"]

    asyncio.run(run())
    (said,) = caplog.messages
    assert "did not\\nload" in said


def test_it_looks_by_itself_until_cancelled(tmp_path):
    async def run():
        path, manager = tmp_path / "models.config", Manager()
        path.write_text(ONE)
        watching = asyncio.create_task(
            ConfigWatch(path, manager.reload).run(0.001)
        )
        await until(lambda: manager.taken == ["a"])
        path.write_text(TWO)
        await until(lambda: manager.taken == ["a", "b"])
        watching.cancel()
        await asyncio.wait([watching])
        assert watching.cancelled()

    asyncio.run(run())
