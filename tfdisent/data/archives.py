"""Files in a folder, a zip or a tar, read in one way."""

import contextlib
import hashlib
import lzma
import os
import pathlib
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator

from tfdisent.data.kept_rows import KeptRows
from tfdisent.errors import RunError, UsageError
from tfdisent.files import check_utf8, whole_file

Members = dict[str, Callable[[], bytes]]
"""Names with / between folders, and what reads each; in their stored order."""

# What the readers of zip and tar raise for a file that is not whole, is
# encrypted or packed in a way that they do not know.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,
)


def given_path(data_file: str | None, needed: str) -> pathlib.Path:
    """The path of a published file or folder.

    Args:
      data_file: As the user gave it, if at all.
      needed: A sentence on what to give, for the messages.

    Raises:
      UsageError: None was given, it does not exist, or is not named in UTF-8.
    """
    if not data_file:
        raise UsageError(f"No --data_file is given; {needed}.")
    check_utf8(data_file)
    path = pathlib.Path(data_file).expanduser()
    # Not path.exists(), which raises an OSError if the name is too long.
    if not os.path.exists(path):
        raise UsageError(f"--data_file={data_file} does not exist; {needed}.")
    return path


@contextlib.contextmanager
def open_members(path: pathlib.Path) -> Iterator[Members]:
    """Opens a folder, a zip or a tar, packed or not, whatever its name is.

    Those of a tar.gz are best read in their stored order.

    Args:
      path: Exists.

    Yields:
      Its files, also those in folders within it; a folder's by their names.

    Raises:
      RunError: It is neither, or it is damaged, or a member is when it is read.
    """
    with contextlib.ExitStack() as stack:
        try:
            members = dict(_members(path, stack))
        except _DAMAGE as error:
            reason = str(error).splitlines()[0].rstrip(":")
            raise RunError(
                f"{path} is damaged, cut short or neither a folder nor a zip "
                f"nor a tar ({path.stat().st_size} bytes: {reason}); fetch it "
                "again."
            ) from error
        yield {
            name: _guarded(path, name, read) for name, read in members.items()
        }


def origin(
    path: pathlib.Path, rows: KeptRows, published_md5s: Collection[str] = ()
) -> str:
    """Says in the provenance what the rows were unpacked from.

    A file's hash is computed once, and noted in the folder of the rows.

    Args:
      path: Of the file or folder.
      rows: From `kept_rows`.
      published_md5s: Of the files that are the original.

    Raises:
      RunError: The note cannot be written.
    """
    if path.is_dir():
        sha256 = rows.about["sha256"][:8]
        return (
            f"unpacked from the folder {path.name} (sha256 {sha256} of the "
            "images)"
        )
    note = rows.path.with_name("origin.txt")
    if not note.is_file():
        try:
            with whole_file(note) as file:
                file.write(_hashed(path, published_md5s).encode())
        except OSError as error:
            raise RunError(
                f"Cannot note the hash of {path}: {error}."
            ) from error
    return note.read_text()


def _members(
    path: pathlib.Path, stack: contextlib.ExitStack
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield file.relative_to(path).as_posix(), file.read_bytes
    elif _starts(path, b"PK"):
        archive = stack.enter_context(zipfile.ZipFile(path))
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, lambda info=info: archive.read(info)
    else:
        tar = stack.enter_context(tarfile.open(path))  # noqa: SIM115
        for info in tar:
            if info.isfile():
                yield info.name, lambda info=info: tar.extractfile(info).read()


def _guarded(
    path: pathlib.Path, name: str, read: Callable[[], bytes]
) -> Callable[[], bytes]:
    def guarded() -> bytes:
        try:
            return read()
        except _DAMAGE as error:
            raise RunError(
                f"{path} is damaged: {name} in it cannot be read ({error}); "
                "fetch it again."
            ) from error

    return guarded


def _starts(path: pathlib.Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _hashed(path: pathlib.Path, published_md5s: Collection[str]) -> str:
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if md5 in published_md5s:
        return f"original {path.name} (md5 {md5[:8]})"
    return f"file of unknown hash {path.name} (sha256 {sha256[:8]})"
