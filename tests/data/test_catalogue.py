import pytest

from tfdisent.data import DATASETS
from tfdisent.data.catalogue import catalogue


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    return tmp_path


def entries(data_dir):
    """Name -> lines of the catalogue."""
    found, name = {}, None
    for line in catalogue(str(data_dir)):
        if line.startswith(" "):
            found[name].append(line.strip())
        else:
            name = line
            found[name] = []
    return found


def test_every_data_set_has_a_title_and_a_source(home):
    found = entries(home)
    assert {name.removesuffix(":PATH") for name in found} == set(DATASETS)
    for lines in found.values():
        assert len(lines) == 2 and lines[1].startswith("from: ")
    assert found["dsprites"][1].startswith("from: no file needed")
    assert "--data_file" in found["cifar10"][1]
    assert "needed" not in found["cifar10"][1]
    assert found["folder:PATH"][1] == "from: PATH"


def test_what_is_on_this_machine_is_found(home):
    (home / "dsprites_rendered_12345678.npy").write_bytes(bytes(3_000_000))
    unpacked = home / "cifar10_0123456789ab"
    unpacked.mkdir()
    (unpacked / "images.npy").write_bytes(bytes(1_000_000))
    version = home / "tfds" / "celeb_a" / "2.1.0"
    version.mkdir(parents=True)
    (version / "dataset_info.json").write_text("{}")
    found = entries(home)
    drawn = f"here: {home}/dsprites_rendered_12345678.npy (3 MB)"
    assert found["dsprites"][2:] == [drawn]
    assert found["cifar10"][2:] == [f"here: {unpacked}/images.npy (1 MB)"]
    assert found["celeba"][2:] == [
        f"here: {version} (--tfds_data_dir={home / 'tfds'})"
    ]
    others = {"dsprites", "cifar10", "celeba"}
    assert all(len(v) == 2 for k, v in found.items() if k not in others)
