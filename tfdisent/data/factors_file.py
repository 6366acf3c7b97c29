"""Factors of images, from a CSV file or a table of integers.

    file,shape,size
    a/01.png,square,0.5
    a/02.png,heart,0.7

Values that are all numbers are sorted as numbers, others as text; factor k of
an image is the place of its value in that order.
"""

import collections
import csv
import dataclasses
import decimal
import hashlib
import json
import os
import pathlib
import posixpath
import re
import sys
from collections.abc import Sequence

import numpy as np

from tfdisent.errors import UsageError

_FILE_COLUMNS = ("file", "filename")
_MOST_VALUES = 1000
# Decimals, which are exact and of any length, take no longer exponents.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")


@dataclasses.dataclass(frozen=True)
class Factors:
    """What is known of N images.

    Attributes:
      names: K names.
      table: [N, K] int64 from 0.
      value_names: For each factor the texts of its values.
    """

    names: tuple[str, ...]
    table: np.ndarray
    value_names: dict[str, tuple[str, ...]]

    def of(self, rows: np.ndarray) -> "Factors":
        """Those of some images; values that no longer occur are left out."""
        table, value_names = self.table[rows], {}
        for k, name in enumerate(self.names):
            left, table[:, k] = np.unique(table[:, k], return_inverse=True)
            value_names[name] = tuple(self.value_names[name][i] for i in left)
        return Factors(self.names, table, value_names)

    def summary(self) -> str:
        """Their number and the hash of all that is known, for a provenance."""
        names = [[name, self.value_names[name]] for name in self.names]
        digest = hashlib.sha256(json.dumps(names).encode())
        digest.update(np.ascontiguousarray(self.table, "<i8"))
        count = len(self.names)
        plural = "factor" if count == 1 else "factors"
        return f"{count} {plural}, sha256 {digest.hexdigest()[:8]}"


def read_factors(
    path: str | os.PathLike,
    *,
    num_images: int,
    pictures: Sequence[str] | None = None,
) -> Factors:
    """Reads a CSV file: UTF-8, commas, a header; blanks around cells are cut.

    Of numbers that are equal, such as 1 and 1.0, one text names the value.

    Args:
      path: Of the file.
      num_images: N.
      pictures: Their N paths in their folder, with /: the first column, `file`
        or `filename`, says which picture a row is about. If None there is no
        such column, and rows are in the order of the images.

    Raises:
      UsageError: There is no such file, or it is not of this form; a picture
        has no row or two, or a row no picture; a cell is empty or nan; or a
        factor has over 1,000 values, or a different one for each image.
    """
    path = pathlib.Path(path).expanduser()
    header, rows = _read_rows(path)
    if pictures is not None:
        if header[0].lower() not in _FILE_COLUMNS:
            raise UsageError(
                f"{path} starts with the column {header[0]!r}; the first "
                "column must be `file` and name the pictures."
            )
        rows = _in_order(path, rows, pictures)
        header = header[1:]
    elif header[0].lower() in _FILE_COLUMNS:
        raise UsageError(
            f"{path} has a column {header[0]!r}, and images in an array have "
            "no names; leave it out and give one row for each image, in order."
        )
    elif len(rows) != num_images:
        raise UsageError(
            f"{path} has {len(rows):,} rows for {num_images:,} images; give "
            "one row for each image, in order."
        )
    if not header:
        raise UsageError(f"{path} has no column beside the files' names.")
    coded = [
        _coded([row[k - len(header)] for row in rows], name, path)
        for k, name in enumerate(header)
    ]
    table = np.stack([codes for codes, _ in coded], axis=1)
    values = [values for _, values in coded]
    return Factors(tuple(header), table, dict(zip(header, values, strict=True)))


def factors_of_table(table: np.ndarray, source: object) -> Factors:
    """Numbers the values of integers [N, K]; the names are factor_1 and so on.

    Raises:
      UsageError: As for `read_factors`.
    """
    names = tuple(f"factor_{k + 1}" for k in range(table.shape[1]))
    codes, value_names = np.empty(table.shape, np.int64), {}
    for k, name in enumerate(names):
        values, codes[:, k] = np.unique(table[:, k], return_inverse=True)
        _check_number(len(values), len(table), name, source)
        value_names[name] = tuple(map(str, values.tolist()))
    return Factors(names, codes, value_names)


def _read_rows(path: pathlib.Path) -> tuple[list[str], list[list[str]]]:
    """The header, and rows of as many cells, none of them empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            # A column repeats its texts: one of each is kept in memory.
            rows = [
                (reader.line_num, [sys.intern(cell.strip()) for cell in row])
                for row in reader
                if row
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"--factors_file={path} cannot be read as CSV in UTF-8 ({reason})."
        ) from error
    if len(rows) < 2:
        raise UsageError(f"{path} needs a header and a row for each image.")
    (_, header), *rows = rows
    if "" in header or len(set(header)) < len(header):
        raise UsageError(
            f"{path} has the columns {', '.join(map(repr, header))}; each "
            "needs a name of its own."
        )
    uneven = [line for line, row in rows if len(row) != len(header)]
    if uneven:
        raise UsageError(
            f"{path} has {len(header)} columns and {len(uneven):,} rows with "
            f"more or fewer cells: line {_some(uneven)}; cells are separated "
            "by commas."
        )
    empty = [
        f"{line} ({name})"
        for line, row in rows
        for name, cell in zip(header, row, strict=True)
        if cell.lower() in ("", "nan")
    ]
    if empty:
        raise UsageError(
            f"{path} has {len(empty):,} cells that are empty or nan, in line "
            f"{_some(empty)}; give each a value, or leave out the column."
        )
    return header, [row for _, row in rows]


def _in_order(
    path: pathlib.Path, rows: list[list[str]], pictures: Sequence[str]
) -> list[list[str]]:
    """Puts rows into the order of the pictures that they name."""
    names = [posixpath.normpath(row[0].replace("\\", "/")) for row in rows]
    repeated = [
        n for n, count in collections.Counter(names).items() if count > 1
    ]
    row_of = dict(zip(names, rows, strict=True))
    known = set(pictures)
    missing = [name for name in pictures if name not in row_of]
    unknown = [name for name in names if name not in known]
    for found, what in (
        (repeated, "several rows for {n} pictures"),
        (missing, "no row for {n} of {total:,} pictures"),
        (unknown, "rows for {n} files that are no pictures there"),
    ):
        if found:
            text = what.format(n=f"{len(found):,}", total=len(pictures))
            raise UsageError(
                f"{path} has {text}: {_some(found)}; give one row for each."
            )
    return [row_of[name] for name in pictures]


def _coded(
    texts: list[str], name: str, path: pathlib.Path
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The place [N] of each value, and the values in their order."""
    distinct = sorted(set(texts))
    numbers = all(map(_NUMBER.fullmatch, distinct))
    number = decimal.Decimal if numbers else str
    values = {}
    for text in distinct:
        values.setdefault(number(text), text)
    _check_number(len(values), len(texts), name, path)
    ordered = sorted(values)
    place = {value: code for code, value in enumerate(ordered)}
    code = {text: place[number(text)] for text in distinct}
    codes = np.fromiter(map(code.get, texts), np.int64, len(texts))
    return codes, tuple(values[value] for value in ordered)


def _check_number(values: int, images: int, name: str, source: object) -> None:
    if values > _MOST_VALUES or values == images:
        raise UsageError(
            f"{name!r} in {source} has {values:,} values for {images:,} "
            f"images, and a factor has at most {_MOST_VALUES:,} and fewer than "
            "there are images; sort its values into bins, or leave it out."
        )


def _some(found: list) -> str:
    more = ", ..." if len(found) > 5 else ""
    return ", ".join(map(str, found[:5])) + more
