import pytest

from tfdisent.errors import UsageError
from tfdisent.serving.monitoring_config import DEFAULT_PATH, read_metrics_path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "monitoring.txt"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", DEFAULT_PATH),
        ("prometheus_config { enable: true path: '/m' }", "/m"),
        ("prometheus_config { path: '/m' }", None),
        ("", None),
    ],
)
def test_a_file_says_where_metrics_are(file, text, path):
    file.write_text(text)
    assert read_metrics_path(file) == path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"prometheus {}", "line 1:1"),
        (b"prometheus_config { path: 'm' }", "'m' must begin with '/'"),
        (b"\xff", "not UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_file_with_a_fault_is_named(file, content, said):
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=said) as caught:
        read_metrics_path(file)
    assert str(file) in str(caught.value)
