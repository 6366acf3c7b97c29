"""The text of --help."""

import textwrap

from absl import flags

FLAGS = flags.FLAGS
_COLUMN = {"subsequent_indent": " " * 28}


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
    # What absl adds to the meaning of a flag that may be repeated.
    meaning = flag.help.partition(";\n    repeat this option")[0]
    return entry(name, meaning + (f" ({flag.default})" if shown else ""))


def entry(name: str, meaning: str) -> str:
    """A name, and its meaning in a column beside it; it keeps its lines."""
    first, *others = meaning.split("\n")
    title = f"  --{name}".ljust(27) + " "
    lines = []
    if len(title) > 28:
        lines, title = [title.rstrip()], " " * 28
    lines += [textwrap.fill(first, 79, initial_indent=title, **_COLUMN)]
    lines += [
        textwrap.fill(line, 79, initial_indent=" " * 28, **_COLUMN)
        for line in others
    ]
    return "\n".join(lines)
