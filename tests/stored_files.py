"""Tiny files of every data set that is read from a user's files."""

import contextlib
import functools
import math

import cifar_archives
import matrix_files
import numpy as np
import picture_archives
import pytest
from archive_files import encoded, write_members

from tfdisent.data import DRAWN, STORED, cifar_files, faces, mpi3d_file

_GRID = (2, 3, 2, 2)
_MPI3D = (6, 1, 2, 1, 1, 2, 1)


def noise(*shape):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, shape, dtype=np.uint8)


def _scream(folder, monkeypatch):
    content = encoded(noise(66, 69, 3))
    write_members(folder, {"picture.png": content})
    return {"background_file": str(folder / "picture.png")}


def _mpi3d(folder, monkeypatch, save=np.savez):
    count = math.prod(_MPI3D)
    monkeypatch.setattr(mpi3d_file, "SIZES_OF_LENGTH", {count: _MPI3D})
    save(folder / "mpi.npz", images=noise(count, 64, 64, 3))
    return {"data_file": str(folder / "mpi.npz")}


def _smallnorb(folder, monkeypatch):
    matrix_files.expect_few_toys(monkeypatch)
    return _data_file(folder / "norb", matrix_files.norb_files())


def _cars3d(folder, monkeypatch):
    matrix_files.expect_few_cars(monkeypatch)
    return _data_file(folder / "cars.tar.gz", matrix_files.cars_files())


def _cifar(folder, monkeypatch, name):
    monkeypatch.setattr(cifar_files, "NUM_IMAGES", (10, 4))
    examples = cifar_archives.examples(name)
    path = cifar_archives.written(folder / "python.tar.gz", name, *examples)
    return {"data_file": str(path)}


def _celeba(folder, monkeypatch):
    picture_archives.expect_few_celeba(monkeypatch)
    attributes = picture_archives.celeba_attributes()
    (folder / "list_attr_celeba.txt").write_text(attributes)
    pictures = picture_archives.celeba_pictures()
    return _data_file(folder / "img_align_celeba.zip", pictures)


def _chairs(folder, monkeypatch):
    picture_archives.expect_few_chairs(monkeypatch)
    pictures = picture_archives.chairs_pictures()
    return _data_file(folder / "rendered_chairs.tar", pictures)


def _faces_basel(folder, monkeypatch):
    monkeypatch.setattr(faces, "_BASEL_SIZES", _GRID)
    np.save(folder / "faces.npy", noise(*_GRID, 64, 64))
    return {"data_file": str(folder / "faces.npy")}


def _faces_olivetti(folder, monkeypatch):
    pictures = picture_archives.olivetti_pictures()
    return _data_file(folder / "att_faces.zip", pictures)


def _folder(folder, monkeypatch, table=None):
    images = noise(20, 32, 32, 3)
    contents = {f"{k}.png": encoded(image) for k, image in enumerate(images)}
    write_members(folder / "photos", contents)
    if table:
        (folder / "photos" / "factors.csv").write_text(table)
    return {"name": f"folder:{folder / 'photos'}"}


def _data_file(path, contents):
    return {"data_file": str(write_members(path, contents))}


# No product: of 4 x 2 combinations each is there more than once.
_TABLE = "file,size,hue\n" + "\n".join(
    f"{k}.png,{k % 19 // 5},{'red' if k % 19 % 5 < 2 else 'blue'}"
    for k in range(20)
)
WRITERS = {
    "dsprites_scream": _scream,
    "mpi3d_toy": _mpi3d,
    "mpi3d_realistic": functools.partial(_mpi3d, save=np.savez_compressed),
    "mpi3d_real": _mpi3d,
    "smallnorb": _smallnorb,
    "cars3d": _cars3d,
    "cifar10": functools.partial(_cifar, name="cifar10"),
    "cifar100": functools.partial(_cifar, name="cifar100"),
    "celeba": _celeba,
    "chairs": _chairs,
    "faces_basel": _faces_basel,
    "faces_olivetti": _faces_olivetti,
    "folder": functools.partial(_folder, table=_TABLE),
}
"""For each name of STORED what writes tiny published files into a folder.

It makes the loader expect no more than these, by a pytest.MonkeyPatch, and
returns the arguments of `load_dataset`; the name only if it has a path.
"""

_MORE = {"folder without factors": _folder}
CASES = [*STORED, *_MORE, *DRAWN]


@contextlib.contextmanager
def load_arguments(case, folder):
    """Gives the arguments of `load_dataset` for one of CASES.

    Files are written into the folder, which exists. What the arguments give
    can be loaded within the context only.
    """
    writers = {**dict.fromkeys(DRAWN, _nothing), **WRITERS, **_MORE}
    assert case in writers, (
        f"Tests load every entry of STORED; give {case} a writer of tiny files "
        "in WRITERS of tests/stored_files.py."
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield {"name": case, **writers[case](folder, monkeypatch)}


def _nothing(folder, monkeypatch):
    return {}


# In these a combination of factors may have no image, or several.
TABLES = {"cifar10", "cifar100", "celeba", "folder", "folder without factors"}
