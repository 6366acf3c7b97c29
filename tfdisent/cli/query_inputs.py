"""What bin/query's arguments stand for, as the asked model takes it."""

from pathlib import Path

import numpy as np
from absl import flags

from tfdisent.cli.number_lists import numbers
from tfdisent.cli.query_card import Latent, card_of, read_latents
from tfdisent.cli.query_pictures import read_images
from tfdisent.errors import RunError, UsageError
from tfdisent.serving.client import Client

FLAGS = flags.FLAGS
flags.DEFINE_bool("resize", False, "Fit images of another size.")


def images_of(client: Client, signature: str, paths: list[str]) -> np.ndarray:
    """Reads files of images for a signature, as [B, H, W, C] uint8.

    Raises:
      UsageError: there is none, or one has another size.
      RunError: a file is no image, or the model takes none.
    """
    if not paths:
        raise UsageError(f"{signature} needs files of images.")
    shape = _shape_of(client, signature, "images")
    return read_images(paths, shape, FLAGS.resize)


def code_of(
    client: Client, signature: str, text: str | None = None
) -> list[float]:
    """The numbers of a code for a signature; without a text all are 0.

    Raises:
      UsageError: the text is no code of the model.
      RunError: the signature takes no codes.
    """
    (size,) = _shape_of(client, signature, "codes")
    code = [0.0] * size if text is None else numbers(text)
    if len(code) != size:
        raise UsageError(
            f"{text} is no code of the model: give {size} numbers with commas "
            "between."
        )
    return code


def latents_of(count: int) -> tuple[list[Latent], bool]:
    """The latents of a model that has `count`, and whether a card tells them.

    Raises:
      UsageError: the card of --workdir is of another model.
      RunError: it cannot be read.
    """
    card = None
    if FLAGS.workdir and FLAGS.label is None:  # whose version is not known
        card = card_of(Path(FLAGS.workdir), FLAGS.version)
    if card is None:
        return [Latent(index) for index in range(count)], False
    return read_latents(card, count), True


def _shape_of(client: Client, signature: str, name: str) -> tuple:
    """The shape of an input without its batch axis."""
    signatures = client.metadata()
    try:
        return signatures[signature].inputs[name].shape[1:]
    except (KeyError, TypeError) as error:
        raise RunError(
            f"the model has no {signature} that takes {name}; it has "
            f"{', '.join(signatures)}."
        ) from error
