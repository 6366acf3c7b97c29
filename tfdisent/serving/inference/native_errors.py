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
    """An error of `NativeSession`, without paths and the graph's own names.

    Args:
      error: a `NativeError`, or another, which is INTERNAL.

    Returns:
      The error with the runtime's code and the useful part of its text.
    """
    code = Code(getattr(error, "code", Code.INTERNAL))
    lines = str(error).strip().splitlines() or [code.name]
    found = _ASSERTION.search(lines[0])
    text = found[1] if found else _NODES.sub("", lines[0])
    return ServingError(code, without_paths(_ARGUMENT.sub(r"\1", text)).strip())


def without_paths(text: str) -> str:
    """A text with `<path>` for each path without spaces in it."""
    return _PATH.sub("<path>", text)
