"""Writes small archives and folders as data sets are published in."""

import io
import tarfile
import zipfile

import numpy as np
from PIL import Image


def write_members(path, contents):
    """Writes a .zip, .tar, .tar.gz or else a folder; returns its path."""
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
    elif ".tar" in path.name:
        mode = "w:gz" if path.name.endswith(".gz") else "w"
        with tarfile.open(path, mode) as archive:
            for name, content in contents.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    else:
        for name, content in contents.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return path


def encoded(image, file_format="PNG"):
    """The content of a picture's file."""
    file = io.BytesIO()
    Image.fromarray(np.squeeze(image)).save(file, file_format)
    return file.getvalue()
