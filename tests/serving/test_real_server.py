import pytest
from served import real_server


def test_without_a_binary_there_is_only_the_embedded_server(monkeypatch):
    monkeypatch.delenv(real_server.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    assert real_server.targets() == ["embedded"]


def test_binary_is_named_by_a_variable_or_on_the_path(monkeypatch, tmp_path):
    file = tmp_path / "tensorflow_model_server"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    monkeypatch.delenv(real_server.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert real_server.targets() == ["embedded", "tensorflow_model_server"]
    assert real_server.binary() == str(file)
    monkeypatch.setenv(real_server.VARIABLE, "/other")
    assert real_server.binary() == "/other"


def test_server_that_ends_shows_its_log(monkeypatch, tmp_path):
    file = tmp_path / "server"
    file.write_text('#!/bin/sh\necho "bad $3"\nexit 1\n')
    file.chmod(0o755)
    monkeypatch.setenv(real_server.VARIABLE, str(file))
    with (
        pytest.raises(RuntimeError, match="bad --model_config_file=/c"),
        real_server.real_server("/c"),
    ):
        pass
