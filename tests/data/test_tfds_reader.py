"""Small data sets with the features of the official ones are prepared."""

import itertools
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tfds_fakes import prepare_fake

from tfdisent.data import tfds_reader
from tfdisent.data.tfds_prepared import Prepared
from tfdisent.errors import RunError, UsageError


def pictures(n, shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, *shape), dtype=np.uint8)


def cifar(n, prefix, seed=0):
    return [
        {"id": f"{prefix}_{i:05d}", "image": image, "label": i % 10}
        for i, image in enumerate(pictures(n, (32, 32, 3), seed))
    ]


def read_cifar(folder, data_dir, **options):
    return tfds_reader.read(
        "cifar10",
        folder,
        image_shape=(32, 32, 3),
        factor_keys=["label"],
        data_dir=data_dir,
        **options,
    )


def by_bytes(images, factors=None):
    """Images and their factors, in an order that depends on nothing else."""
    factors = np.zeros(len(images)) if factors is None else factors
    pairs = [(i.tobytes(), f) for i, f in zip(images, factors, strict=True)]
    return sorted(pairs, key=lambda pair: pair[0])


def test_cifar_is_read_split_after_split(tmp_path):
    train, test = cifar(40, "train"), cifar(9, "test", seed=1)
    prepare_fake("cifar10", tmp_path, train=train, test=test)
    rows, factors, provenance = read_cifar(tmp_path, tmp_path / "kept")
    assert rows.shape == (40, 32, 32, 3)
    assert by_bytes(rows[np.arange(40)], factors[:, 0]) == by_bytes(
        [e["image"] for e in train], [e["label"] for e in train]
    )
    assert (
        provenance == f"prepared by TFDS {tfds.builder_cls('cifar10').VERSION}"
    )
    both, _, _ = read_cifar(
        tmp_path, tmp_path / "kept", splits=["test", "train"]
    )
    assert both.shape[0] == 49
    assert by_bytes(both[np.arange(9)]) == by_bytes([e["image"] for e in test])
    np.testing.assert_array_equal(both[np.arange(9, 49)], rows[np.arange(40)])


def test_the_order_is_that_of_the_files(tmp_path):
    prepare_fake("cifar10", tmp_path, num_shards=3, train=cifar(120, "train"))
    rows, factors, _ = read_cifar(tmp_path, tmp_path / "kept")
    shards = [f"train[{k}shard]" for k in range(3)]
    expected = [
        example
        for shard in tfds.load("cifar10", split=shards, data_dir=tmp_path)
        for example in shard.as_numpy_iterator()
    ]
    np.testing.assert_array_equal(
        rows[np.arange(120)], [example["image"] for example in expected]
    )
    np.testing.assert_array_equal(
        factors[:, 0], [example["label"] for example in expected]
    )


def test_images_are_unpacked_once(tmp_path, monkeypatch):
    prepare_fake("cifar10", tmp_path, train=cifar(5, "train"))
    first, _, _ = read_cifar(tmp_path, tmp_path / "kept")
    monkeypatch.setattr(Prepared, "batches", None)
    again, factors, provenance = read_cifar(tmp_path, tmp_path / "kept")
    assert again.path == first.path and len(factors) == 5
    assert provenance.startswith("prepared by TFDS")


def test_each_picture_can_be_cut_and_kept_apart(tmp_path):
    features = tfds.builder_cls("celeb_a")(data_dir=tmp_path).info.features
    names = list(features["attributes"])
    # Each picture has one colour, of which JPEG keeps all but a level or two.
    faces = [
        {
            "image": np.full((218, 178, 3), 20 * i, np.uint8),
            "attributes": {
                name: (i + k) % 3 == 0 for k, name in enumerate(names)
            },
            "landmarks": dict.fromkeys(features["landmarks"], 0),
            "identity": {"Identity_No": i},
        }
        for i in range(12)
    ]
    prepare_fake("celeb_a", tmp_path, train=faces)

    def read(size, top=0):
        return tfds_reader.read(
            "celeb_a",
            tmp_path,
            image_shape=(size, size, 3),
            factor_keys=[f"attributes/{name}" for name in names],
            picture=lambda image: image[top : top + size, :size],
            settings={"top": top},
            data_dir=tmp_path / "kept",
        )

    rows, factors, _ = read(64)
    assert rows.shape == (12, 64, 64, 3) and factors.shape == (12, 40)
    for image, values in zip(rows[np.arange(12)], factors, strict=True):
        i = round(float(image.mean()) / 20)
        assert abs(int(image.min()) - 20 * i) <= 2
        expected = [(i + names.index(name)) % 3 == 0 for name in names]
        np.testing.assert_array_equal(values, expected)
    assert read(32)[0].shape == (12, 32, 32, 3)
    assert read(64, top=9)[0].path != rows.path == read(64)[0].path


def test_both_halves_of_smallnorb_are_numbered_together(tmp_path):
    sides = {"train": (4, 6, 7, 8, 9), "test": (0, 1, 2, 3, 5)}
    images = iter(pictures(200, (96, 96, 1)))
    splits = {
        split: [
            {
                "image": next(images),
                "image2": np.zeros((96, 96, 1), np.uint8),
                "label_category": category,
                "instance": instance,
                "label_elevation": elevation,
                "label_azimuth": azimuth,
                "label_lighting": 5,
            }
            for category, instance, elevation, azimuth in itertools.product(
                range(5), instances, (0, 8), (0, 17)
            )
        ]
        for split, instances in sides.items()
    }
    prepare_fake("smallnorb", tmp_path, **splits)
    keys = ("label_category", "instance", "label_elevation")
    keys += ("label_azimuth", "label_lighting")
    rows, factors, _ = tfds_reader.read(
        "smallnorb",
        tmp_path,
        image_shape=(96, 96, 1),
        factor_keys=keys,
        splits=["train", "test"],
        data_dir=tmp_path,
    )
    written = [*splits["train"], *splits["test"]]
    assert len(np.unique(factors, axis=0)) == 200
    for image, values in zip(rows[np.arange(200)], factors, strict=True):
        (example,) = (
            e for e in written if [e[key] for key in keys] == values.tolist()
        )
        np.testing.assert_array_equal(image, example["image"])


def test_a_set_without_factors_is_read(tmp_path):
    prepare_fake("cifar10", tmp_path, train=cifar(5, "train"))
    assert read_cifar(tmp_path, tmp_path)[1].shape == (5, 1)
    rows, factors, _ = tfds_reader.read(
        "cifar10", tmp_path, image_shape=(32, 32, 3), data_dir=tmp_path
    )
    assert len(rows) == 5 and factors.shape == (5, 0)


def test_the_newest_version_is_read(tmp_path):
    for version in ("3.9.0", "3.10.0"):
        examples = cifar(3 if version == "3.10.0" else 4, "train")
        prepare_fake("cifar10", tmp_path, version=version, train=examples)
    rows, _, provenance = read_cifar(tmp_path, tmp_path / "kept")
    assert len(rows) == 3 and provenance == "prepared by TFDS 3.10.0"


def test_what_is_not_prepared_is_said_at_once(tmp_path):
    start = time.monotonic()
    with pytest.raises(UsageError, match=f"{tmp_path}.*tfds build cifar10"):
        read_cifar(tmp_path, tmp_path / "kept")
    assert time.monotonic() - start < 2


def test_what_is_half_prepared_is_not_found(tmp_path):
    folder = prepare_fake("cifar10", tmp_path, train=cifar(3, "train"))
    folder.rename(folder.with_name(f"incomplete.ABCDEF_{folder.name}"))
    with pytest.raises(UsageError, match="prepared no cifar10"):
        read_cifar(tmp_path, tmp_path / "kept")


def test_a_split_that_is_not_there_is_named(tmp_path):
    prepare_fake("cifar10", tmp_path, train=cifar(3, "train"))
    with pytest.raises(UsageError, match="no split 'test'.* train"):
        read_cifar(tmp_path, tmp_path / "kept", splits=["train", "test"])


def test_other_features_are_named(tmp_path):
    prepare_fake("cifar10", tmp_path, train=cifar(3, "train"))
    options = {"image_shape": (32, 32, 3), "data_dir": tmp_path / "kept"}
    with pytest.raises(RunError, match="fine_label"):
        tfds_reader.read(
            "cifar10", tmp_path, factor_keys=["fine_label"], **options
        )
    options["image_shape"] = (64, 64, 3)
    with pytest.raises(RunError, match=r"\(32, 32, 3\).*\(64, 64, 3\)"):
        tfds_reader.read("cifar10", tmp_path, **options)


def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def drop_one(path):
    """Removes the first record; what is left is sound."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    path.write_bytes(content[8 + 4 + length + 4 :])


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        ("*.tfrecord*", cut),
        ("*.tfrecord*", flip),
        ("*.tfrecord*", drop_one),
        ("*.tfrecord*", lambda path: path.unlink()),
        ("dataset_info.json", cut),
        ("features.json", cut),
        ("features.json", lambda path: path.unlink()),
    ],
)
def test_damage_is_told_in_one_sentence(tmp_path, pattern, damage):
    folder = prepare_fake("cifar10", tmp_path, train=cifar(20, "train"))
    (path,) = folder.glob(pattern)
    damage(path)
    with pytest.raises(RunError, match="damaged") as error:
        read_cifar(tmp_path, tmp_path / "kept")
    message = str(error.value)
    assert str(folder) in message and "\n" not in message
    kept = tmp_path / "kept"
    assert not kept.exists() or not list(kept.iterdir())
