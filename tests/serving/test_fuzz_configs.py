"""Any content of a configuration file is taken, or refused in one line."""

import json
import time

import hypothesis
import hypothesis.strategies as st
import pytest
from served.certificates import new_authority, new_identity
from served.fuzz_messages import files
from served.fuzz_strategies import QUICK, fuzz

from tfdisent.errors import UsageError
from tfdisent.export.messages import (
    BatchingParameters,
    ModelServerConfig,
    MonitoringConfig,
    SSLConfig,
)
from tfdisent.serving.inference.batching import read_batching
from tfdisent.serving.monitoring_config import read_metrics_path
from tfdisent.serving.tls import Tls
from tfdisent.serving.versions.model_config import read_model_config

_AUTHORITY = new_authority()
_KEY, _CERTIFICATE = new_identity(_AUTHORITY)
_PEM = st.sampled_from([_KEY, _CERTIFICATE, _AUTHORITY.pem, _KEY[:100], "é"])
_NAMES = st.sampled_from(["'tiny'", "'/m'", "'tensorflow'", "'/a b'", "''"])
READERS = {
    "models": (read_model_config, files(ModelServerConfig, _NAMES)),
    "batching": (read_batching, files(BatchingParameters, _NAMES)),
    "monitoring": (read_metrics_path, files(MonitoringConfig, _NAMES)),
    "ssl": (Tls, files(SSLConfig, _PEM.map(json.dumps))),
}


def check(read, path, content):
    """A time of seconds is beyond what any file of this size needs."""
    path.write_bytes(content)
    start = time.monotonic()
    try:
        read(path)
    except UsageError as error:
        text = str(error)
        assert "\n" not in text
        assert str(path) in text
        # The lines of a key beside the first.
        assert not any(line in text for line in _KEY.splitlines()[1:-1])
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("name", READERS)
def test_any_file_is_taken_or_refused(tmp_path, name):
    read, contents = READERS[name]

    @hypothesis.settings(QUICK, max_examples=200)
    @hypothesis.given(contents)
    def run(content):
        check(read, tmp_path / "file", content)

    run()


def test_found_an_authority_that_is_not_ascii(tmp_path):
    fields = {"server_key": _KEY, "server_cert": _CERTIFICATE, "custom_ca": "é"}
    path = tmp_path / "file"
    path.write_text("".join(f"{k}: {json.dumps(fields[k])}\n" for k in fields))
    with pytest.raises(UsageError, match="must hold a private key"):
        Tls(path)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_files_for_minutes(tmp_path, name):
    read, contents = READERS[name]
    path = tmp_path / "file"
    fuzz(name, contents, lambda x: check(read, path, x), seconds=15)
