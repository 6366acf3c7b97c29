import pytest

from tfdisent.errors import UsageError
from tfdisent.export.messages import SSLConfig
from tfdisent.serving.text_proto import read_text_proto


def read(tmp_path, content, **options):
    path = tmp_path / "ssl.txt"
    path.write_bytes(content)
    return read_text_proto(path, SSLConfig, "the file", **options)


def test_reads_a_message(tmp_path):
    assert read(tmp_path, "server_key: 'ä'".encode()).server_key == "ä"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\nhidden: 1", "line 2:.*hidden"),
        (b"server_key: hidden", "line 1:.*hidden"),
        (b"\xff", "not UTF-8 at byte 0"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, content, said):
    with pytest.raises(
        UsageError, match=f"the file .*ssl.txt.*{said}"
    ) as error:
        read(tmp_path, content)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"\nhidden: 1", b"\nserver_key: hidden"])
def test_what_is_secret_is_not_told(tmp_path, content):
    with pytest.raises(UsageError, match="no SSLConfig .*line 2") as error:
        read(tmp_path, content, is_secret=True)
    assert "hidden" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="none cannot be read: No such file"):
        read_text_proto(tmp_path / "none", SSLConfig, "the file")
