"""SmallNORB and Cars3D as published, but a few small pictures.

Each gives names and contents for `archive_files.write_members`.
"""

import io
import itertools

import numpy as np
import scipy.io

from tfdisent.data import cars3d, smallnorb, smallnorb_file

NORB_SIZES = (2, 2, 3, 4, 1)
NORB_HALVES = {
    "smallnorb-5x46789x9x18x6x2x96x96-training": 1,
    "smallnorb-5x01235x9x18x6x2x96x96-testing": 0,
}
_CODES = {"uint8": 0x1E3D4C55, "int32": 0x1E3D4C54, "float32": 0x1E3D4C51}
CARS_SIZES = (2, 3, 4)
CARS_SIDE = 16
# Object 0 is that of the first name; the archive has them in another order.
_CARS = {7: 0, 18: 1, 100: 2, 199: 3}


def expect_few_toys(monkeypatch):
    """Makes the loader of SmallNORB take NORB_SIZES."""
    for module in (smallnorb, smallnorb_file):
        monkeypatch.setattr(module, "FACTOR_SIZES", NORB_SIZES)


def toy_picture(factors):
    """A picture [96, 96] that no other factors have."""
    seed = np.ravel_multi_index(tuple(factors), NORB_SIZES)
    cells = np.random.default_rng(seed).integers(0, 256, (12, 12))
    return np.kron(cells, np.ones((8, 8), int)).astype(np.uint8)


def norb_matrix(array):
    """The bytes of a matrix file, as its authors describe it."""
    dims = (*array.shape, 1, 1)[: max(3, array.ndim)]
    header = np.array([_CODES[str(array.dtype)], array.ndim, *dims], "<i4")
    little = array.astype(array.dtype.newbyteorder("<"))
    return header.tobytes() + little.tobytes()


def norb_half(instance):
    """The matrices of the half that has these instances, shuffled."""
    every = [
        f
        for f in itertools.product(*map(range, NORB_SIZES))
        if f[1] == instance
    ]
    factors = np.random.default_rng(instance).permutation(every)
    left = np.stack([toy_picture(row) for row in factors])
    category, *info = factors.T.astype(np.int32)
    info[2] = info[2] * 2
    return {
        "dat": np.stack([left, 255 - left], axis=1),
        "cat": category,
        "info": np.stack(info, axis=-1),
    }


def norb_files():
    return {
        f"{half}-{kind}.mat": norb_matrix(array)
        for half, instance in NORB_HALVES.items()
        for kind, array in norb_half(instance).items()
    }


def expect_few_cars(monkeypatch):
    """Makes the loader of Cars3D take CARS_SIZES, of 16x16 pixels."""
    monkeypatch.setattr(cars3d, "FACTOR_SIZES", CARS_SIZES)
    monkeypatch.setattr(cars3d, "_SIDE", CARS_SIDE)


def car_picture(factors):
    """A picture [16, 16, 3] that no other factors have."""
    seed = np.ravel_multi_index(tuple(factors), CARS_SIZES)
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (CARS_SIDE, CARS_SIDE, 3)).astype(np.uint8)


def car_matrices(number):
    """The bytes of a car's file."""
    elevations, azimuths, _ = CARS_SIZES
    im = np.zeros((CARS_SIDE, CARS_SIDE, 3, azimuths, elevations), np.uint8)
    for azimuth in range(azimuths):
        for elevation in range(elevations):
            factors = (elevation, azimuth, number)
            im[..., azimuth, elevation] = car_picture(factors)
    return matlab(im=im, mask=im[:, :, 0] > 9)


def matlab(**matrices):
    file = io.BytesIO()
    scipy.io.savemat(file, matrices, do_compression=True)
    return file.getvalue()


def cars_files():
    """The files of what was published, in the order of the archive."""
    files = {"data/shapes48.mat": matlab(shapes=np.zeros(3))}
    for name in (100, 7, 199, 18):
        files[f"data/cars/car_{name:03}_mesh.mat"] = car_matrices(_CARS[name])
    return files | {"data/cars/list.txt": b"", "data/sprites/a.mat": b"x"}
