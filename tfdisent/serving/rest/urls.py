"""The paths of the REST protocol.

References:
  tensorflow_serving/model_servers/http_rest_api_util.cc
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

from tfdisent.serving.status import Code, ServingError

_MODEL = r"/([^/:]+)"
_VERSION = r"(?:/versions/([0-9]+)|/labels/([^/:]+))?"
_ACTIONS = {
    "POST": re.compile(
        rf"/v1/models{_MODEL}{_VERSION}:(classify|regress|predict)", re.I
    ),
    "GET": re.compile(
        rf"/v1/models(?:{_MODEL})?{_VERSION}(?:/(metadata))?", re.I
    ),
}
_MAX_VERSION = 2**63 - 1


class Target(NamedTuple):
    """What a request asks for.

    Attributes:
      action: "predict", "classify", "regress", "status", "metadata" or
        "models", a list of all.
      model: name, which may be any text; empty for "models".
      version: number, or None.
      label: of a version, or None.
    """

    action: str
    model: str
    version: int | None = None
    label: str | None = None


def read_path(method: str, path: str) -> Target:
    """Reads a path that begins with "/v1/", in any case.

    Args:
      method: of the request.
      path: as it was sent, with its percent signs and without a query.

    Raises:
      ServingError: INVALID_ARGUMENT.
    """
    pattern = _ACTIONS.get(method)
    match = pattern and pattern.fullmatch(path)
    if not match:
        raise _invalid(f"Malformed request: {method} {_printable(path)}")
    model, version, label, action = match.groups()
    if not model:
        if version or label or action:
            raise _invalid("Missing model name in request.")
        return Target("models", "")
    # Without its leading zeros, since Python reads no more than 4300 digits.
    number = None
    if version is not None:
        digits = version.lstrip("0")
        if len(digits) > 19 or int(digits or 0) > _MAX_VERSION:
            raise _invalid(
                f"Failed to convert version: {version[:40]} to numeric."
            )
        number = int(digits or 0)
    return Target(
        (action or "status").lower(),
        unquote(model, errors="replace"),
        number,
        label and unquote(label, errors="replace"),
    )


def _printable(path: str) -> str:
    # What was no UTF-8 came as surrogates.
    return path.encode(errors="surrogateescape").decode(errors="replace")


def _invalid(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
