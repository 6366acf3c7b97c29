import os

import pytest

from tfdisent.errors import UsageError
from tfdisent.export.messages import ModelConfig
from tfdisent.serving.versions.version_source import look_for_versions


def look(base, policy=None, roots=None):
    config = ModelConfig(
        name="m", base_path=str(base), model_version_policy=policy or {}
    )
    return look_for_versions(config, roots)


def names(offer):
    return {n: c.directory.name for n, c in offer.versions.items()}


def make(base, *folders):
    for name in folders:
        (base / name).mkdir(parents=True)
    return base


ALL = {"all": {}}


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("1", 1),
        ("0", 0),
        ("007", 7),
        ("+3", 3),
        ("-3", -3),
        ("20261122134034", 20261122134034),
        (str(2**63 - 1), 2**63 - 1),
        (str(-(2**63)), -(2**63)),
        (str(2**63), None),
        (str(-(2**63) - 1), None),
        ("9" * 200, None),
        ("1.0", None),
        ("1_0", None),
        ("1a", None),
        ("v1", None),
        (" 1", None),
        ("1\n", None),
        ("0x1", None),
        ("1e3", None),
        ("٣", None),  # A digit in Arabic.
        (".tmp-7", None),
        ("+", None),
        ("--1", None),
    ],
)
def test_a_whole_name_that_fits_int64_is_a_version(tmp_path, name, number):
    make(tmp_path, name)
    expected = {} if number is None else {number: name}
    assert names(look(tmp_path, ALL)) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, [10]),
        ({"latest": {}}, [10]),
        ({"latest": {"num_versions": 2}}, [3, 10]),
        ({"latest": {"num_versions": 9}}, [-1, 2, 3, 10]),
        (ALL, [-1, 2, 3, 10]),
        ({"specific": {"versions": [3, 2, 3]}}, [2, 3]),
        ({"specific": {"versions": [3, 4]}}, [3]),
        ({"specific": {"versions": [4]}}, []),
    ],
)
def test_the_policy_picks(tmp_path, policy, expected):
    make(tmp_path, "2", "10", "3", "-1", "other")
    offer = look(tmp_path, policy)
    assert sorted(offer.versions) == expected
    missing = "version 4 is not there" in offer.warnings
    assert missing == (
        4 in (policy or {}).get("specific", {}).get("versions", [])
    )


def test_two_names_of_one_number_are_one_version_with_a_warning(tmp_path):
    make(tmp_path, "001", "01", "1", "+1", "2")
    offer = look(tmp_path, ALL)
    assert names(offer) == {1: "1", 2: "2"}
    assert len(offer.warnings) == 3
    assert "version 1 is both '1' and '001'" in " ".join(offer.warnings)


def test_a_missing_base_path_is_not_an_empty_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        look(tmp_path / "file")
    offer = look(tmp_path)
    assert not offer.versions
    assert "no version" in offer.warnings[0]


def test_what_is_no_folder_is_offered_and_left_to_the_loader(tmp_path):
    (tmp_path / "1").touch()
    (tmp_path / "2").symlink_to("2")  # A loop.
    (tmp_path / "3").symlink_to("nowhere")
    assert sorted(look(tmp_path, ALL).versions) == [1, 2, 3]


def test_links_are_followed_inside_of_the_roots_alone(tmp_path):
    root = make(tmp_path / "root", "m", "real/5")
    outside = make(tmp_path / "outside", "1")
    (root / "m/1").symlink_to(outside / "1")
    (root / "m/2").symlink_to(root / "real/5")
    (root / "away").symlink_to(outside)
    (root / "near").symlink_to(root / "m")
    assert sorted(look(root / "m", ALL).versions) == [1, 2]
    for base in ("m", "near"):
        offer = look(root / base, ALL, [root])
        assert sorted(offer.versions) == [2]
        assert "version 1 leads out of the allowed roots" in offer.warnings
    # Whether a folder outside is there or not is not told.
    missing = tmp_path / "outside/missing"
    for base in (root / "away", outside, root / "../outside", missing):
        with pytest.raises(UsageError) as error:
            look(base, ALL, [root, tmp_path / "b"])
        assert str(error.value).endswith(
            f" must lie in one of the folders {root}, {tmp_path / 'b'}."
        )
    beside = make(tmp_path / "root2", "1")  # "root" is a prefix of it.
    with pytest.raises(UsageError):
        look(beside, ALL, [root])
    assert look(beside, ALL, [root, beside]).versions


def test_content_differs_when_a_file_was_written(tmp_path):
    make(tmp_path, "1/variables")

    def content():
        return look(tmp_path).versions[1].content

    seen = [content()]
    (tmp_path / "1/saved_model.pb").write_text("a")
    seen.append(content())
    (tmp_path / "1/variables/data").write_text("b")
    seen.append(content())
    (tmp_path / "1/variables/data").write_text("bb")
    seen.append(content())
    os.utime(tmp_path / "1/variables/data", (1, 1))
    seen.append(content())
    assert len(set(seen)) == len(seen)
    assert content() == seen[-1]
