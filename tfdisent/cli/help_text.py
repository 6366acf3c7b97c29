"""The text of --help."""

import textwrap

from absl import flags

FLAGS = flags.FLAGS


def command_help(doc: str, names: list[str]) -> str:
    """What a command does, and its flags with meaning and default.

    Args:
      doc: Docstring of the command.
      names: Flags, in the order to show.
    """
    return "\n".join([doc.strip(), "", "Flags:", *map(flag_help, names)])


def flag_help(name: str) -> str:
    """A flag, its meaning and its default."""
    flag = FLAGS[name]
    shown = flag.default not in (None, [], False)
    return entry(name, flag.help + (f" ({flag.default})" if shown else ""))


def entry(name: str, meaning: str) -> str:
    """A name, and its meaning in a column beside it."""
    return textwrap.fill(
        meaning,
        width=79,
        initial_indent=f"  --{name}".ljust(27) + " ",
        subsequent_indent=" " * 28,
    )
