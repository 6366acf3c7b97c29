"""The metrics that somebody asks for, with their options, as text."""

import ast
import difflib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tfdisent.errors import UsageError
from tfdisent.metrics.codes import CodeSampler
from tfdisent.models.arguments import documented

_EXAMPLE = "mig_histogram, higgins_score(num_pairs=16)"


class MetricCall(NamedTuple):
    """A metric and the options that it is called with.

    Attributes:
      name: Of the metric.
      options: Those that were given, in the order of the signature.
      metric: What is called.
    """

    name: str
    options: dict[str, Any]
    metric: Callable[..., dict[str, float | np.ndarray]]

    @property
    def key(self) -> str:
        """The call as text: `parse_calls` of it gives the same call."""
        given = ", ".join(f"{k}={v!r}" for k, v in self.options.items())
        return f"{self.name}({given})" if given else self.name

    def settings(self) -> dict[str, Any]:
        """The value of every option, given or default."""
        return metric_options(self.metric) | self.options

    def __call__(
        self, sampler: CodeSampler, rng: np.random.Generator
    ) -> dict[str, float | np.ndarray]:
        """What the metric gives with these options."""
        return self.metric(sampler, rng, **self.options)


def parse_calls(
    text: str, table: Mapping[str, Callable], noun: str = "metric"
) -> list[MetricCall]:
    """Reads "mig_histogram, higgins_score(num_pairs=16, without=[shape])".

    Values are Python literals; a bare word stands for itself as text, since a
    shell takes quotes away. Nothing is executed, and no value is checked: that
    is the metric's to do.

    Args:
      text: Calls, with commas between them.
      table: Metrics by name.
      noun: What they are, for the messages.

    Returns:
      The calls, in their order.

    Raises:
      UsageError: There is no call, or one that cannot be read, of an unknown
        metric or option, or the same as another.
    """
    calls = [_call(node, table, noun) for node in _parts(text, noun)]
    if not calls:
        raise UsageError(
            f"No {noun} was named; give some of {', '.join(table)}."
        )
    for i, call in enumerate(calls):
        for earlier in calls[:i]:
            if (call.name, call.settings()) == (
                earlier.name,
                earlier.settings(),
            ):
                raise UsageError(
                    f"{call.key} asks for the same as {earlier.key}; give "
                    "each once."
                )
    return calls


def metric_options(metric: Callable) -> dict[str, Any]:
    """Default values of the options, which are the keyword-only arguments."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(metric).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def metrics_help(table: Mapping[str, Callable]) -> str:
    """A line for each metric: its name and what it is."""
    return "\n".join(
        _entry(name, inspect.getdoc(metric).split("\n")[0], 29)
        for name, metric in table.items()
    )


def options_help(metric: Callable) -> str:
    """A line for each option of a metric: its default and what it means."""
    meanings = documented(metric, "Args:")
    return "\n".join(
        _entry(f"{name}={default!r}", meanings.get(name, ""), 26)
        for name, default in metric_options(metric).items()
    )


def _parts(text: str, noun: str) -> list[ast.expr]:
    """The calls in a text, not yet read."""
    try:
        # The brackets let a text go over lines; the comment cannot end them.
        whole = ast.parse(f"[{text}\n]", mode="eval").body
    except (SyntaxError, ValueError):  # ValueError: no UTF-8
        whole = None
    if not isinstance(whole, ast.List):
        raise UsageError(
            f"{text!r} is no list of {noun}s; write them like {_EXAMPLE}."
        )
    return whole.elts


def _call(
    node: ast.expr, table: Mapping[str, Callable], noun: str
) -> MetricCall:
    named = node.func if isinstance(node, ast.Call) else node
    if not isinstance(named, ast.Name):
        raise UsageError(
            f"{ast.unparse(node)} is no {noun} with options; write them like "
            f"{_EXAMPLE}."
        )
    name = named.id
    if name not in table:
        close = difflib.get_close_matches(name, table, n=1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        raise UsageError(
            f"There is no {noun} {name!r}{meant}; there are {', '.join(table)}."
        )
    taken = metric_options(table[name])
    given = _options(node, name, taken) if isinstance(node, ast.Call) else {}
    options = {option: given[option] for option in taken if option in given}
    return MetricCall(name, options, table[name])


def _options(
    call: ast.Call, name: str, taken: Mapping[str, Any]
) -> dict[str, Any]:
    """The keyword arguments of a call."""
    listed = f"it takes {', '.join(taken)}" if taken else "it takes none"
    options = {}
    for argument in [*call.args, *call.keywords]:
        text = ast.unparse(argument)
        option = getattr(argument, "arg", None)
        if option is None:
            raise UsageError(
                f"{name} was given {text} without the name of an option; "
                f"{listed}."
            )
        if option not in taken:
            close = difflib.get_close_matches(option, taken, n=1)
            meant = f" (did you mean {close[0]}?)" if close else ""
            raise UsageError(f"{name} takes no {option}{meant}; {listed}.")
        if option in options:
            raise UsageError(f"{name} was given {option} twice; give one.")
        try:
            options[option] = ast.literal_eval(_Words().visit(argument.value))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{name} was given {text}; a value is a number, a word, a "
                "text in quotes, True, False, None, or a list of these."
            ) from error
    return options


class _Words(ast.NodeTransformer):
    """Bare words become texts."""

    def visit_Name(self, node: ast.Name) -> ast.Constant:
        return ast.Constant(node.id)


def _entry(name: str, meaning: str, width: int) -> str:
    """A name, and its meaning in a column beside it."""
    return (
        textwrap.fill(
            meaning,
            width=79,
            initial_indent=f"  {name} ".ljust(width),
            subsequent_indent=" " * width,
            break_long_words=False,
        )
        or f"  {name}"
    )
