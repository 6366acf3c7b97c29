"""All data sets, where each comes from, and what of it is on this machine."""

import inspect
import os
import pathlib

from tfdisent.data import DATASETS, DRAWN
from tfdisent.data.array_cache import default_data_dir
from tfdisent.data.load import options_of

_SOURCES = ("data_file", "tfds_data_dir", "path", "background_file")


def catalogue(data_dir: str | None = None) -> list[str]:
    """Lines of text: for each data set its name, sources and files here.

    Args:
      data_dir: Where drawn and unpacked images are kept; ~/.cache/tfdisent by
        default.
    """
    lines = []
    for name, loader in DATASETS.items():
        title = f"{name}:PATH" if "path" in options_of(name) else name
        lines += [
            title,
            f"    {_title(loader)}",
            f"    from: {_sources(name)}",
        ]
        found = [*_kept(name, data_dir), *_prepared(name)]
        lines += [f"    here: {text}" for text in found]
    return lines


def _title(loader) -> str:
    text = inspect.getdoc(loader).splitlines()[0].removeprefix("Loads ")
    return text[0].upper() + text[1:]


def _sources(name: str) -> str:
    """How the images are come by."""
    files = [f"--{option}" for option in options_of(name) if option in _SOURCES]
    if name in DRAWN:
        return ", or ".join(["no file needed", *files])
    return ", or ".join(file.replace("--path", "PATH") for file in files)


def _kept(name: str, data_dir: str | None) -> list[str]:
    """Drawn or unpacked images in data_dir."""
    folder = pathlib.Path(data_dir or default_data_dir()).expanduser()
    # What follows is a hash: so dsprites does not find dsprites_color.
    stem = name if name.endswith("_rendered") else f"{name}_rendered"
    paths = [*folder.glob(f"{stem}_{'[0-9a-f]' * 8}.npy")]
    for stem in (name, f"{in_tfds(name)}_tfds"):
        paths += folder.glob(f"{stem}_{'[0-9a-f]' * 12}/images.npy")
    return [f"{path} ({_megabytes(path)})" for path in sorted(paths)]


def _prepared(name: str) -> list[str]:
    """Versions in TFDS's own default folder."""
    if "tfds_data_dir" not in options_of(name):
        return []
    default = "~/tensorflow_datasets"
    folder = pathlib.Path(os.environ.get("TFDS_DATA_DIR") or default)
    found = folder.expanduser().glob(f"{in_tfds(name)}/*/dataset_info.json")
    return [
        f"{path.parent} (--tfds_data_dir={folder})" for path in sorted(found)
    ]


def in_tfds(name: str) -> str:
    """What TFDS calls a data set, or what it is made from."""
    if name.startswith("dsprites"):
        return "dsprites"
    return {"celeba": "celeb_a"}.get(name, name)


def _megabytes(path: pathlib.Path) -> str:
    return f"{path.stat().st_size / 1e6:,.0f} MB"
