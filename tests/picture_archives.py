"""CelebA, 3D Chairs and the Olivetti faces as published, but a few pictures.

Each gives names and contents for `archive_files.write_members`.
"""

import itertools

import numpy as np
from archive_files import encoded

from tfdisent.data import celeba, chairs

CELEBA_VALUES = np.random.default_rng(1).integers(0, 2, (5, 40))
CHAIRS_SIZES = (2, 2, 31)
# As in the published archive, in which one image number is left out.
AZIMUTHS = [0, 11, 23, 34, 46, 58, 69, 81, 92, 104, 116, 127, 139, 150, 162]
AZIMUTHS += [174, 185, 197, 209, 220, 232, 243, 255, 267, 278, 290, 301, 313]
AZIMUTHS += [325, 336, 348]
CHAIR_MODELS = [
    "1a2b8749a1756a09932a5c2746cd09a4",
    "b663f1e4df6c51fe19fb4103277a6b93",
]


def expect_few_celeba(monkeypatch):
    """Makes the loader take 5 pictures for all."""
    monkeypatch.setattr(celeba, "_NUM_IMAGES", 5)


def celeba_picture(number):
    """A white disc of 30 pixels in the centre of a colour."""
    y, x = np.mgrid[:218, :178]
    image = np.full((218, 178, 3), [40 * number, 0, 100], np.uint8)
    image[(y - 108.5) ** 2 + (x - 88.5) ** 2 < 15**2] = 255
    return image


def celeba_pictures():
    return {
        f"img_align_celeba/{number:06d}.jpg": encoded(
            celeba_picture(number), "JPEG"
        )
        for number in (3, 1, 2, 5, 4)
    }


def celeba_attributes(values=CELEBA_VALUES, header=celeba.ATTRIBUTES):
    """The text of list_attr_celeba.txt."""
    lines = [str(len(values)), " ".join(header) + " "]
    for number, row in enumerate(values, 1):
        signs = " ".join(f"{2 * value - 1:2d}" for value in row)
        lines.append(f"{number:06d}.jpg {signs}")
    return "\n".join(lines) + "\n"


def expect_few_chairs(monkeypatch):
    """Makes the loader take 2 chairs of 120x120 pixels for all."""
    monkeypatch.setattr(chairs, "_NUM_MODELS", CHAIRS_SIZES[0])
    monkeypatch.setattr(chairs, "_PICTURE_SIZE", (120, 120))


def chairs_pictures():
    """Pictures on white, whose centre's grey is the number of the view."""
    files = {"rendered_chairs/all_chair_names.mat": b"names"}
    for model, elevation, k in itertools.product((1, 0), (1, 0), range(31)):
        image = np.full((120, 120, 3), 255, np.uint8)
        view = np.ravel_multi_index((model, elevation, k), CHAIRS_SIZES)
        image[40:80, 40:80] = view
        name = (
            f"rendered_chairs/{CHAIR_MODELS[model]}/renders/image_"
            f"{32 * elevation + k:03d}_p{(20, 30)[elevation]:03d}"
            f"_t{AZIMUTHS[k]:03d}_r096.png"
        )
        files[name] = encoded(image)
    return files


def olivetti_picture(person, shot):
    """Grey 100 and a corner outside of the square in the centre."""
    image = np.full((112, 92), 100, np.uint8)
    image[40:60, 40:60] = (6 * person + shot) % 251
    image[:8] = 255
    return image


def olivetti_pictures(folder="orl_faces/"):
    files = {
        f"{folder}s{person}/{shot}.pgm": encoded(
            olivetti_picture(person, shot), "PPM"
        )
        for person in range(1, 41)
        for shot in range(1, 11)
    }
    return {**files, f"{folder}README": b"text"}
