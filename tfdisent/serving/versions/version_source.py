"""The versions that a base path offers and a policy asks for.

References:
  tensorflow_serving/sources/storage_path/file_system_storage_path_source.cc
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tfdisent.errors import UsageError
from tfdisent.export.messages import ModelConfig


class Candidate(NamedTuple):
    """A version directory as it was when looked at.

    Attributes:
      directory: of the version; it may turn out not to be one.
      content: sizes and times of the files in it; another value means that
        the directory has changed.
    """

    directory: Path
    content: int


class Offer(NamedTuple):
    """What a model should serve by what lies on the disk.

    Attributes:
      versions: `Candidate` by version number.
      warnings: what the operator should know, one line each.
    """

    versions: Mapping[int, Candidate]
    warnings: tuple[str, ...] = ()


def look_for_versions(
    config: ModelConfig, allowed_roots: Sequence[Path] | None = None
) -> Offer:
    """Lists a base path and picks the versions that the policy asks for.

    A version is a direct child whose whole name is an integer of 64 bits:
    leading zeros and a sign are allowed. Other names are not looked at, and no
    version is opened: a file or a half-written folder is offered, and fails
    when it is loaded.

    Args:
      config: of the model; without a policy the highest version is picked.
      allowed_roots: resolved folders in which base path and versions must lie
        when all symbolic links are followed; None allows all.

    Returns:
      The versions to serve, none if the base path exists and has none.

    Raises:
      OSError: the base path is missing or cannot be listed.
      UsageError: the base path, whether it exists or not, lies outside of
        the allowed roots; for the operator, since it names them.
    """
    base = Path(config.base_path)
    # First, so that nobody learns which folders there are outside.
    if not _is_inside(base, allowed_roots):
        raise UsageError(
            f"base_path {config.base_path!r} of model {config.name!r} must lie"
            f" in one of the folders {', '.join(map(str, allowed_roots))}."
        )
    # To be told from an empty folder, for then nothing may be unloaded.
    names = os.listdir(base)
    by_number, warnings = _by_number(names)
    for number, name in list(by_number.items()):
        if not _is_inside(base / name, allowed_roots):
            del by_number[number]
            warnings.append(f"version {number} leads out of the allowed roots")
    numbers, missing = _pick(config.model_version_policy, by_number)
    warnings += [f"version {number} is not there" for number in missing]
    if not numbers:
        warnings.append("no version to serve; their folders are named 1, 2, ..")
    folders = {number: base / by_number[number] for number in numbers}
    return Offer(
        {n: Candidate(path, _content(path)) for n, path in folders.items()},
        tuple(warnings),
    )


def _by_number(names: Iterable[str]) -> tuple[dict[int, str], list[str]]:
    by_number: dict[int, str] = {}
    warnings = []
    # A name without zeros and sign goes before others of the same number.
    for name in sorted(names, key=lambda name: (len(name), name)):
        # More zeros than that are no one's version, and int() refuses 4300.
        if not re.fullmatch(r"[+-]?[0-9]{1,64}", name, re.ASCII):
            continue
        number = int(name)
        if not -(2**63) <= number < 2**63:
            continue
        if number in by_number:
            warnings.append(
                f"version {number} is both {by_number[number]!r} and {name!r};"
                " the latter is ignored"
            )
        else:
            by_number[number] = name
    return by_number, warnings


def _pick(policy, offered: Mapping[int, str]) -> tuple[list[int], list[int]]:
    """Numbers to serve, and those asked for that are not there."""
    match policy.WhichOneof("policy_choice"):
        case "all":
            return sorted(offered), []
        case "specific":
            asked = sorted(set(policy.specific.versions))
            return (
                [number for number in asked if number in offered],
                [number for number in asked if number not in offered],
            )
    # Without a choice the message is empty, and 0 means 1.
    count = max(policy.latest.num_versions, 1)
    return sorted(offered)[-count:], []


def _is_inside(path: Path, roots: Sequence[Path] | None) -> bool:
    if roots is None:
        return True
    resolved = Path(os.path.realpath(path))
    return any(resolved.is_relative_to(root) for root in roots)


def _content(directory: Path) -> int:
    """What differs after any file in a version was written."""
    found = []
    for folder, _, files in os.walk(directory):
        for name in (".", *sorted(files)):
            path = os.path.join(folder, name)
            try:
                entry = os.stat(path)
            except OSError:
                continue  # It went, or leads nowhere: as if it were not there.
            found.append((path, entry.st_size, entry.st_mtime_ns, entry.st_ino))
    return hash(tuple(sorted(found)))
