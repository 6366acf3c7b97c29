import os
import sys

import pytest

from tfdisent.cli import restart
from tfdisent.errors import RunError
from tfdisent.training.peers import PeerLost


class Replaced(Exception):
    """Instead of another process."""


@pytest.fixture
def lose_peer(monkeypatch, tmp_path):
    def execv(path, arguments):
        assert (path, arguments) == (sys.executable, sys.orig_argv)
        raise Replaced

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setenv("TFDISENT_RESTARTS", "-1 0")

    def lose():
        with restart.restarting(tmp_path):
            raise PeerLost("another worker is gone at step 7")

    return lose


def test_same_command_line_is_started_anew(lose_peer, capsys):
    with pytest.raises(Replaced):
        lose_peer()
    assert capsys.readouterr().err == (
        "another worker is gone at step 7; waiting for it to come back, going "
        "on from the checkpoint of step 0\n"
    )


def test_restarts_without_progress_come_to_an_end(lose_peer):
    for _ in range(10):
        with pytest.raises(Replaced):
            lose_peer()
    with pytest.raises(RunError, match="for the 11th time at .* step 0"):
        lose_peer()


def test_restarts_with_progress_do_not(lose_peer, monkeypatch):
    for step in range(30):
        monkeypatch.setattr(restart, "last_step", lambda _, step=step: step)
        with pytest.raises(Replaced):
            lose_peer()
