import csv
import shlex

import pytest

from tfdisent.errors import UsageError
from tfdisent.export.served_command import served_command


def test_serves_the_directory_under_the_name(tmp_path):
    base = tmp_path / "my runs" / "export"
    words = shlex.split(served_command(base, "beta_tcvae"))
    assert words[:2] == ["docker", "run"]
    assert words[-1] == "tensorflow/serving:2.20.0"
    assert "MODEL_NAME=beta_tcvae" in words
    mount = words[words.index("--mount") + 1]
    assert mount == (
        f"type=bind,source={base},target=/models/beta_tcvae,readonly"
    )
    for port in (8500, 8501):
        assert f"127.0.0.1:{port}:{port}" in words


@pytest.mark.parametrize(
    "folder", ["a,readonly=false", 'a "b"', "a\nb", "täst, 'x'"]
)
def test_any_path_is_one_field_of_the_mount(tmp_path, folder):
    words = shlex.split(served_command(tmp_path / folder, "dip_vae"))
    (fields,) = csv.reader([words[words.index("--mount") + 1]], strict=True)
    assert fields == [
        "type=bind",
        f"source={tmp_path / folder}",
        "target=/models/dip_vae",
        "readonly",
    ]


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a:1", "x" * 129])
def test_refuses_names_that_no_url_could_hold(tmp_path, name):
    with pytest.raises(UsageError, match="model name"):
        served_command(tmp_path, name)
