"""Servers of one small model: "tiny" with versions 1 ("stable") and 2."""

import functools

import pytest
from served.real_server import real_server, targets, write_config


@pytest.fixture(scope="session")
def config_file(exported, tmp_path_factory):
    """The model config file of "tiny"."""
    return write_config(exported, tmp_path_factory.mktemp("models"))


# What is imported below is not needed by tests without a server.
@pytest.fixture(scope="session")
def grpc_embedded(config_file):
    """The server of this package: an `Embedded`."""
    from served.grpc_servers import embedded

    from tfdisent.serving.versions.model_config import read_model_config

    with embedded(read_model_config(config_file)) as server:
        yield server


@pytest.fixture(scope="session", params=targets())
def grpc_server(request, config_file):
    """A `Client` of each server there is."""
    from served.grpc_servers import client

    if request.param == "embedded":
        yield request.getfixturevalue("grpc_embedded").client
    else:
        with (
            real_server(config_file) as addresses,
            client(addresses.grpc) as connected,
        ):
            yield connected


@pytest.fixture
def no_collections(monkeypatch):
    """This process holds Python's TensorFlow, which takes a second to walk."""
    for module in ("versions.loader", "server"):
        name = f"tfdisent.serving.{module}.tidy_memory"
        monkeypatch.setattr(name, lambda: None)


@pytest.fixture
def base(tmp_path):
    """The folder of a model's versions, which has one."""
    (tmp_path / "held" / "1").mkdir(parents=True)
    return tmp_path / "held"


@pytest.fixture
def serve(base, monkeypatch, no_collections):
    """`served.served.serving` of that folder."""
    from served.served import serving

    return functools.partial(serving, base, monkeypatch)
