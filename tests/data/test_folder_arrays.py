import os

import h5py
import numpy as np
import pytest

from tfdisent.data.folder import load_folder
from tfdisent.errors import RunError, UsageError

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (600, 6, 4, 3), dtype=np.uint8)
GREY = COLOUR[..., 0]
FLOATS = RNG.random((600, 6, 4)).astype(np.float32)


@pytest.fixture
def load(tmp_path):
    def load(name, **options):
        return load_folder(
            path=str(tmp_path / name),
            data_dir=str(tmp_path / "cache"),
            **options,
        )

    return load


@pytest.fixture
def write(tmp_path):
    def write(name, **arrays):
        path = tmp_path / name
        if name.endswith(".npy"):
            np.save(path, arrays["images"], allow_pickle=True)
        elif name.endswith(".npz"):
            np.savez_compressed(path, **arrays)
        else:
            with h5py.File(path, "w") as file:
                for key, array in arrays.items():
                    file[key.replace("__", "/")] = array
        return name

    return write


FILES = ("a.npy", "a.npz", "a.hdf5", "a.h5")


def all_of(dataset):
    return dataset.images(np.arange(len(dataset)))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "images, expected",
    [
        (COLOUR, COLOUR),
        (GREY, GREY[..., None]),
        (GREY[..., None], GREY[..., None]),
        (GREY > 99, (GREY[..., None] > 99) * 255),
        (FLOATS, np.rint(FLOATS.astype(np.float64) * 255)[..., None]),
        (FLOATS.astype(">f8"), np.rint(FLOATS * 255.0)[..., None]),
    ],
    ids=["rgb", "grey", "grey1", "bool", "float32", "big-endian"],
)
def test_images_come_back(load, write, name, images, expected):
    dataset = load(write(name, images=images))
    result = all_of(dataset)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, expected)
    assert dataset.factor_names == ()
    np.testing.assert_array_equal(all_of(load(name)), expected)


def test_a_npy_of_bytes_is_read_where_it_is(load, write, tmp_path):
    (tmp_path / "about.json").write_text("{}")
    dataset = load(write("a.npy", images=COLOUR))
    assert dataset.storage == str(tmp_path / "a.npy")
    assert not os.path.exists(tmp_path / "cache")
    assert " of 256 of them)" in dataset.provenance


def test_four_channels_are_shown_over_white(load, write):
    alpha = np.resize(np.array([0, 51, 255], np.uint8), (600, 6, 4, 1))
    images = np.concatenate([COLOUR, alpha], axis=3)
    for name in ("a.npy", "a.npz"):
        result = all_of(load(write(name, images=images)))
        mixed = COLOUR * (alpha / 255) + 255 - alpha
        assert np.abs(result - mixed).max() <= 0.5 + 1e-9


def test_an_image_size_crops_and_resizes(load, write):
    for name in ("a.npy", "a.npz"):
        dataset = load(write(name, images=COLOUR), image_size=4)
        np.testing.assert_array_equal(all_of(dataset), COLOUR[:, 1:5])
    square = write("b.npy", images=COLOUR[:, :4])
    assert load(square, image_size=4).storage.endswith("b.npy")
    assert load(square, image_size=2).image_shape == (2, 2, 3)


@pytest.mark.parametrize("name", ["a.npz", "a.h5"])
def test_the_images_are_found_among_arrays(load, write, name):
    other = np.zeros((5, 4, 4), np.float32)
    for key in ("images", "imgs", "x", "X"):
        dataset = load(write(name, other=other, **{key: COLOUR}))
        assert len(dataset) == 600
    assert len(load(write(name, faces=COLOUR, ids=np.zeros(3)))) == 600
    with pytest.raises(UsageError, match=r"holds (a|b) \[600, 6, 4, 3\], "):
        load(write(name, a=COLOUR, b=COLOUR))
    with pytest.raises(UsageError, match=r"holds a \[600\]; it must have one"):
        load(write(name, a=np.zeros(600)))


LABELS = np.stack([np.arange(600) % 3, np.arange(600) // 3 * 7], axis=1)


@pytest.mark.parametrize("name", ["a.npz", "a.h5"])
@pytest.mark.parametrize("key", ["factors", "labels", "latents_classes"])
def test_factors_beside_the_images_are_taken(load, write, name, key):
    dataset = load(write(name, images=COLOUR, **{key: LABELS}))
    assert dataset.factor_names == ("factor_1", "factor_2")
    assert dataset.factor_sizes == (3, 200)
    assert dataset.value_names["factor_2"][:3] == ("0", "7", "14")
    assert dataset.is_product
    image = dataset.images(dataset.indices_of([[2, 1]]))[0]
    np.testing.assert_array_equal(image, COLOUR[5])
    (alone,) = load(
        write(name, images=COLOUR, **{key: LABELS[:, 0]})
    ).factor_sizes
    assert alone == 3


def test_a_group_of_hdf5_and_a_table(load, write, tmp_path):
    write("a.h5", imgs=COLOUR, latents__classes=LABELS)
    assert load("a.h5").factor_names == ()
    write("a.h5", imgs=COLOUR, latents__labels=LABELS)
    assert load("a.h5").factor_sizes == (3, 200)
    text = "kind\n" + "\n".join(["b", "a"] * 300)
    (tmp_path / "f.csv").write_text(text)
    dataset = load("a.h5", factors_file=str(tmp_path / "f.csv"))
    assert dataset.factor_names == ("kind",)
    assert dataset.factors_of([0, 1]).tolist() == [[1], [0]]


@pytest.mark.parametrize(
    "labels", [LABELS * 0.5, LABELS[:9], np.arange(600)[:, None]]
)
def test_labels_that_are_no_factors_cost_a_warning(load, write, caplog, labels):
    assert load(write("a.npz", x=COLOUR, labels=labels)).factor_names == ()
    (record,) = caplog.records
    assert "'labels'" in record.getMessage()


def test_floats_may_be_off_by_rounding(load, write):
    images = np.full((5, 2, 2), 0.5)
    images[0], images[1] = 1.0000001, -1e-9
    result = all_of(load(write("a.npz", images=images)))
    assert result[:3, 0, 0, 0].tolist() == [255, 0, 128]
    images[0] = 1.000002
    with pytest.raises(UsageError, match=r"values from -1e-09 to 1\.000002;"):
        load(write("a.npz", images=images))


def test_the_provenance_tells_factors_apart(load, write):
    found = [
        load(write("a.npz", images=COLOUR, labels=labels)).provenance
        for labels in (LABELS, LABELS[:, ::-1], LABELS + 1)
    ]
    assert len(set(found)) == 3
    assert all("decoded images; 2 factors, sha256" in text for text in found)


NAN = np.where(np.arange(600)[:, None, None] == 599, np.nan, FLOATS)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "images, message",
    [
        (NAN, "float32 with values from nan to nan; floats must be from 0"),
        (FLOATS * 255, "with values from .* to 25.*; floats must be from 0"),
        (FLOATS - 0.5, "with values from -0.49"),
        (COLOUR.astype(np.int64), "images of int64; they must be uint8, bool"),
        (np.zeros((5, 4, 4), complex), "images of complex128; they must be"),
        (
            np.moveaxis(COLOUR, 3, 1)[..., :2],
            r"images \[600, 3, 6, 2\]; they must be",
        ),
        (COLOUR[..., :2], r"images \[600, 6, 4, 2\]; they must be"),
        (COLOUR[:0], r"images \[0, 6, 4, 3\]; they must be"),
        (COLOUR[0, 0], r"holds .* \[4, 3\]; it must have one array"),
        (GREY % 2, "bytes of 0 and 1 only, .* store them as bool"),
    ],
)
def test_other_arrays_are_refused(load, write, tmp_path, name, images, message):
    with pytest.raises(UsageError, match=message) as error:
        load(write(name, images=images))
    assert str(tmp_path / name) in str(error.value)
    assert not os.path.exists(tmp_path / "cache") or not os.listdir(
        tmp_path / "cache"
    )


@pytest.mark.parametrize("name", FILES)
def test_some_images_may_be_all_but_black(load, write, name):
    images = GREY.copy()
    images[256:] %= 2
    np.testing.assert_array_equal(
        all_of(load(write(name, images=images)))[..., 0], images
    )


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_nothing_is_unpickled(load, write, name):
    class Evil:
        def __reduce__(self):
            return os._exit, (1,)

    objects = np.full((5, 4, 4), None, object)
    objects[0, 0, 0] = Evil()
    with pytest.raises(UsageError, match="images of object; they must be"):
        load(write(name, images=objects))


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_the_order_of_fortran(load, write, name):
    images, labels = np.asfortranarray(COLOUR), np.asfortranarray(LABELS)
    dataset = load(write(name, images=images, labels=labels))
    if name == "a.npz":
        factors = dataset.factors_of(dataset.indices_of([[2, 1]]))
        assert dataset.factor_sizes == (3, 200) and factors.tolist() == [[2, 1]]
    else:
        np.testing.assert_array_equal(all_of(dataset), COLOUR)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part", [0.05, 0.5, 0.9999])
@pytest.mark.parametrize("images", [COLOUR, FLOATS])
def test_a_file_that_is_cut_short_is_named(
    load, write, tmp_path, name, part, images
):
    path = tmp_path / write(name, images=images)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(RunError, match=f"^{path} is damaged or cut short"):
        load(name)


@pytest.mark.parametrize("name", ["stored.npz", "packed.npz", "a.h5"])
def test_damage_within_a_file_is_named(load, tmp_path, name):
    path = tmp_path / name
    if name == "stored.npz":
        np.savez(path, images=COLOUR)
    elif name == "packed.npz":
        np.savez_compressed(path, images=COLOUR)
    else:
        with h5py.File(path, "w") as file:
            file.create_dataset(
                "images", data=COLOUR, chunks=(100, 6, 4, 3), fletcher32=True
            )
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(RunError, match=f"^{path} is damaged or cut short"):
        load(name)
    assert not os.listdir(tmp_path / "cache")


def test_a_file_of_another_format_is_refused(load, tmp_path):
    (tmp_path / "a.npy").write_text("hello")
    with pytest.raises(UsageError, match="a.npy is neither npy, npz nor hdf5"):
        load("a.npy")
