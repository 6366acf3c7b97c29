"""TensorFlow's errors as clients may see them."""

import re

from tfdisent.errors import RunError
from tfdisent.serving.status import Code, ServingError

# What an assertion of the graph says, without the values it compared.
_ASSERTION = re.compile(r"assertion failed: \[(.*?)\](?: \[|$)")
_NODES = re.compile(r"\s*(?:\[\[)?\{\{.*\}\}(?:\]\])?| Debug info:.*")
# A function's own name for its input: that of the feed, and two numbers.
_ARGUMENT = re.compile(r"\b_arg_(\w+?)_\d+_\d+\b")
_PATH = re.compile(r"(?<![\w./])(?:\w+:)?/[^\s:;,'\"()\[\]]*[^\s:;,'\"()\[\].]")


def serving_error(error: RunError) -> ServingError:
    """An error of `NativeSession` as `client_text` shows it.

    Args:
      error: a `NativeError`, or another, which is INTERNAL.

    Returns:
      The error with the runtime's code and the useful part of its text.
    """
    code = Code(getattr(error, "code", Code.INTERNAL))
    return ServingError(code, client_text(str(error)) or code.name)


def client_text(text: str) -> str:
    """What clients may know of a text of the runtime.

    Args:
      text: an error's; lines after the first name nodes of the graph.

    Returns:
      Its first line without the graph's own names, and with `<path>` for each
      path that has no spaces.
    """
    line, *_ = text.strip().splitlines() or [""]
    found = _ASSERTION.search(line)
    shown = found[1] if found else _NODES.sub("", line)
    return _PATH.sub("<path>", _ARGUMENT.sub(r"\1", shown)).strip()
