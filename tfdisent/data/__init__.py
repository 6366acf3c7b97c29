"""Data sets; DATASETS maps a name to its loader."""

from tfdisent.data.cars3d import load_cars3d
from tfdisent.data.celeba import load_celeba
from tfdisent.data.chairs import load_chairs
from tfdisent.data.cifar import load_cifar10, load_cifar100
from tfdisent.data.dsprites import load_dsprites
from tfdisent.data.dsprites_variants import (
    load_dsprites_color,
    load_dsprites_noisy,
    load_dsprites_scream,
)
from tfdisent.data.faces import load_faces_basel, load_faces_olivetti
from tfdisent.data.folder import load_folder
from tfdisent.data.mpi3d import (
    load_mpi3d_real,
    load_mpi3d_realistic,
    load_mpi3d_rendered,
    load_mpi3d_toy,
)
from tfdisent.data.photo_patches import load_photo_patches
from tfdisent.data.room import load_room
from tfdisent.data.shapes3d import load_shapes3d
from tfdisent.data.smallnorb import load_smallnorb

DRAWN = {
    "dsprites": load_dsprites,
    "dsprites_color": load_dsprites_color,
    "dsprites_noisy": load_dsprites_noisy,
    "shapes3d": load_shapes3d,
    "mpi3d_rendered": load_mpi3d_rendered,
    "room": load_room,
    "photo_patches": load_photo_patches,
}
"""Those that need no file of a user's: most are drawn on this machine."""

STORED = {
    "dsprites_scream": load_dsprites_scream,
    "mpi3d_toy": load_mpi3d_toy,
    "mpi3d_realistic": load_mpi3d_realistic,
    "mpi3d_real": load_mpi3d_real,
    "smallnorb": load_smallnorb,
    "cars3d": load_cars3d,
    "cifar10": load_cifar10,
    "cifar100": load_cifar100,
    "celeba": load_celeba,
    "chairs": load_chairs,
    "faces_basel": load_faces_basel,
    "faces_olivetti": load_faces_olivetti,
    "folder": load_folder,
}
"""Those that are read from files which a user has."""

DATASETS = DRAWN | STORED
