"""How bin/query tells what it got."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from absl import flags

from tfdisent.cli.query_pictures import write_plain

FLAGS = flags.FLAGS
flags.DEFINE_string("output", None, "PNG file to write, else COMMAND.png.")
flags.DEFINE_bool(
    "plain",
    False,
    "Write each picture as it is to COMMAND-0.png, COMMAND-1.png and so on.",
)
flags.DEFINE_bool("json", False, "Print JSON instead of text.")


def show(
    command: str,
    images: np.ndarray,
    draw: Callable[[Path], None],
    facts: dict,
) -> None:
    """Writes pictures, and prints where they are.

    Args:
      command: that made them, after which files are named.
      images: [B, H, W, C] in [0, 1], for --plain.
      draw: writes a sheet of them to a file.
      facts: what else --json prints.
    """
    path = Path(FLAGS.output or f"{command}.png")
    if FLAGS.plain:
        paths = write_plain(images, path)
    else:
        draw(path)
        paths = [path]
    if FLAGS.json:
        print_json({**facts, "pictures": [str(path) for path in paths]})
    else:
        last = f" to {paths[-1]}" if len(paths) > 1 else ""
        print(f"pictures  {paths[0]}{last}")


def print_json(value: object) -> None:
    """Prints a value in one line of JSON."""
    print(json.dumps(value))
