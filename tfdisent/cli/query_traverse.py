"""bin/query traverse: pictures while one latent after another moves."""

import numpy as np
from absl import flags

from tfdisent.cli.number_lists import numbers, values_of
from tfdisent.cli.query_answers import show
from tfdisent.cli.query_card import Latent
from tfdisent.cli.query_inputs import (
    code_of,
    images_of,
    latents_of,
)
from tfdisent.cli.query_pictures import Labels, short, write_rows
from tfdisent.errors import UsageError
from tfdisent.evaluation.figures import style
from tfdisent.serving.client import Client

FLAGS = flags.FLAGS
flags.DEFINE_integer(
    "latent", None, "Which latent moves, instead of all.", lower_bound=0
)
flags.DEFINE_string(
    "values",
    None,
    "Of each latent: FIRST:LAST:COUNT, or with commas. Unless given 7, over "
    "the range that the model card of --workdir tells, or from -3 to 3.",
)
_COUNT = 7


def traverse(client: Client, arguments: list[str]) -> None:
    """Draws a row for each latent that moves."""
    if len(arguments) > 1:
        raise UsageError("traverse takes one image or one code.")
    listed = values_of(FLAGS.values) if FLAGS.values is not None else None
    code = _start(client, *arguments)
    latents, left_out = _moving(len(code))
    values = [
        np.linspace(x.low, x.high, _COUNT) if listed is None else listed
        for x in latents
    ]
    indices = [latent.index for latent in latents]
    images = client.traverse(np.tile(code, (len(latents), 1)), indices, values)
    show(
        "traverse",
        images.reshape(-1, *images.shape[2:]),
        lambda path: write_rows(images, path, _labels(latents, values)),
        {
            "codes": [list(code)],
            "latents": indices,
            "values": np.array(values).tolist(),
            "left_out": left_out,
        },
    )
    if left_out and not FLAGS.json:
        names = ", ".join(f"z{index}" for index in left_out)
        print(f"left out  {names}: inactive")


def _start(client: Client, text: str | None = None) -> list[float]:
    """The code of an image or of numbers, or the middle of the prior."""
    if text is None or numbers(text):
        return code_of(client, "traverse", text)
    images = images_of(client, "encode", [text])
    return client.encode(images).mean[0].tolist()


def _moving(count: int) -> tuple[list[Latent], list[int]]:
    """Which latents move, and the numbers of those left out."""
    latents, _ = latents_of(count)
    if FLAGS.latent is None:
        active = [x for x in latents if x.is_active] or latents
        left_out = [x.index for x in latents if x not in active]
        return active, sorted(left_out)
    chosen = [x for x in latents if x.index == FLAGS.latent]
    if not chosen:
        raise UsageError(
            f"there is no --latent={FLAGS.latent}; give one from 0 to "
            f"{count - 1}."
        )
    return chosen, []


def _labels(latents: list[Latent], values: list) -> Labels:
    left, right = [], []
    is_common = all(np.array_equal(row, values[0]) for row in values)
    for latent, row in zip(latents, values, strict=True):
        name = f"z{latent.index}"
        if latent.kl is not None:
            name += f"\n{style.number(latent.kl, 2)} nats"
        ends = "" if is_common else f"{short(row[0])} to {short(row[-1])}"
        left.append(name)
        right.append("\n".join(filter(None, [latent.title, ends])))
    return Labels(values[0] if is_common else (), left, right)
