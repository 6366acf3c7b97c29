"""Constructor arguments: their checks, and what they say of themselves."""

import inspect
import math
import re
import types
import typing
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tfdisent.errors import UsageError


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Raises a UsageError unless `value` is one of `choices`."""
    if value not in choices:
        raise UsageError(
            f"{name} is {value!r}; it must be one of {', '.join(choices)}."
        )


def check_at_least(name: str, value: float, least: float) -> None:
    """Raises a UsageError unless `value` is finite and >= `least`."""
    if not math.isfinite(value) or value < least:
        raise UsageError(
            f"{name} is {value:g}; it must be a finite number, at least "
            f"{least:g}."
        )


def check_positive(name: str, value: float) -> None:
    """Raises a UsageError unless `value` is finite and > 0."""
    if not math.isfinite(value) or value <= 0:
        raise UsageError(
            f"{name} is {value:g}; it must be a finite number above 0."
        )


def check_images(name: str, images) -> None:
    """Raises a UsageError unless all values are from 0 to 1."""
    least, largest = float(np.min(images)), float(np.max(images))
    if not (least >= 0 and largest <= 1):
        raise UsageError(
            f"{name} have values from {least:g} to {largest:g}; they must be "
            "from 0 to 1."
        )


class Argument(NamedTuple):
    """A keyword of a constructor: its type, default and meaning."""

    type: type
    default: Any
    meaning: str


def constructor_arguments(cls: type) -> dict[str, Argument]:
    """The keyword-only arguments of a class and of the classes it is made from.

    A constructor that hands `**kwargs` on to its base class takes the
    arguments of both. The meaning is read from the `Args` of the docstrings.

    Args:
      cls: A class whose constructors annotate their keyword-only arguments
        with bool, int, float, str, a tuple, or one of these or None.

    Returns:
      Arguments by name; those of `cls` itself first.
    """
    arguments, meanings = {}, {}
    for base in cls.__mro__:
        if base.__module__.startswith("keras"):
            continue
        # A class may say anew what its base class takes.
        meanings = documented(base, "Args:") | meanings
        if "__init__" not in vars(base):
            continue
        for name, parameter in inspect.signature(
            base.__init__
        ).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY:
                arguments.setdefault(
                    name,
                    Argument(
                        without_none(parameter.annotation),
                        parameter.default,
                        meanings.get(name, ""),
                    ),
                )
    return arguments


def without_none(annotation) -> type:
    """`float` of `float | None`."""
    kinds = [k for k in typing.get_args(annotation) if k is not type(None)]
    is_union = isinstance(annotation, types.UnionType)
    return kinds[0] if is_union else annotation


def documented(cls: type, section: str) -> dict[str, str]:
    """Name -> text, of a section of a class's Google-style docstring."""
    lines = inspect.cleandoc(cls.__doc__ or "").splitlines()
    if section not in lines:
        return {}
    meanings, name = {}, None
    for line in lines[lines.index(section) + 1 :]:
        if line and not line.startswith("  "):
            break
        start = re.match(r"  (\w+): (.*)", line)
        if start:
            name = start[1]
            meanings[name] = start[2]
        elif name and line.startswith("    "):
            meanings[name] += " " + line.strip()
        else:
            name = None
    return meanings
