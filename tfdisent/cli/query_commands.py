"""The commands of bin/query, each on a client and its arguments."""

from collections.abc import Callable

import numpy as np
from absl import flags

from tfdisent.cli.query_answers import print_json, show
from tfdisent.cli.query_inputs import code_of, images_of, latents_of
from tfdisent.cli.query_pictures import Labels, write_grid, write_rows
from tfdisent.cli.query_traverse import traverse
from tfdisent.errors import UsageError
from tfdisent.serving.client import Client
from tfdisent.serving.client.inputs import seeds
from tfdisent.serving.client.signatures import TensorSpec

FLAGS = flags.FLAGS
flags.DEFINE_integer("seed", 0, "Of the first sample; others count up.")

_MOST_SAMPLES = 1024


def _encode(client: Client, paths: list[str]) -> None:
    posterior = client.encode(images_of(client, "encode", paths))
    if FLAGS.json:
        print_json({k: x.tolist() for k, x in posterior._asdict().items()})
        return
    notes = _notes(posterior.mean.shape[1])
    for path, means, stddevs in zip(paths, *posterior, strict=True):
        print(f"{path}\n  latent       mean     stddev{notes[0]}")
        rows = zip(means, stddevs, notes[1:], strict=True)
        for z, (mean, stddev, note) in enumerate(rows):
            print(f"  {z:6d} {mean:10.4f} {stddev:10.4f}{note}")


def _notes(count: int) -> list[str]:
    """What a card adds to the head of a table, and to each latent's row."""
    latents, is_card = latents_of(count)
    if not is_card:
        return [""] * (count + 1)
    rows = [
        f" {float('nan') if x.kl is None else x.kl:8.3f}  {x.title}".rstrip()
        for x in sorted(latents)
    ]
    return ["  KL nats  meaning", *rows]


def _decode(client: Client, texts: list[str]) -> None:
    if not texts:
        raise UsageError("decode needs codes, such as 0,1.2,-0.5.")
    codes = [code_of(client, "decode", text) for text in texts]
    images = client.decode(codes)
    _show_grid("decode", images, codes)


def _reconstruct(client: Client, paths: list[str]) -> None:
    images = images_of(client, "reconstruct", paths)
    codes = client.encode(images).mean.tolist() if FLAGS.json else []
    made = client.reconstruct(images)
    rows = np.stack([images / np.float32(255), made])
    labels = Labels(left=["input", "model"])
    show(
        "reconstruct",
        made,
        lambda path: write_rows(rows, path, labels),
        {"codes": codes},
    )


def _sample(client: Client, arguments: list[str]) -> None:
    count = arguments[0] if len(arguments) == 1 else ""
    if not count.isdecimal() or not 0 < int(count) <= _MOST_SAMPLES:
        raise UsageError(
            f"sample needs a number of pictures, from 1 to {_MOST_SAMPLES}."
        )
    codes, images = client.sample(seeds(FLAGS.seed, int(count)))
    _show_grid("sample", images, codes.tolist())
    if not FLAGS.json:
        for seed, code in enumerate(codes, FLAGS.seed):
            # As decode takes it.
            print(f"seed {seed:<4d} {','.join(f'{x:.4f}' for x in code)}")


def _show_grid(command: str, images: np.ndarray, codes: list) -> None:
    show(
        command,
        images,
        lambda path: write_grid(images, path),
        {"codes": codes},
    )


def _status(client: Client, arguments: list[str]) -> None:
    _take_none("status", arguments)
    versions = client.versions()
    if FLAGS.json:
        names = {"state": lambda v: v.state.name, "code": lambda v: v.code.name}
        print_json(
            [
                v._asdict() | {key: name(v) for key, name in names.items()}
                for v in versions
            ]
        )
        return
    for version, state, code, message in versions:
        reason = f"  {code.name}: {message}" if code else ""
        print(f"version {version:<6d} {state.name}{reason}")


def _metadata(client: Client, arguments: list[str]) -> None:
    _take_none("metadata", arguments)
    sides = {
        name: {
            side: {key: _form(spec) for key, spec in specs.items()}
            for side, specs in signature._asdict().items()
        }
        for name, signature in client.metadata().items()
    }
    if FLAGS.json:
        print_json(sides)
        return
    for name, signature in sides.items():
        print(name)
        for side, forms in signature.items():
            for key, form in forms.items():
                shape = str(form["shape"]).replace("None", "*")
                print(f"  {side:8} {key:14} {form['dtype']:8} {shape}")


COMMANDS: dict[str, Callable[[Client, list[str]], None]] = {
    "encode": _encode,
    "decode": _decode,
    "reconstruct": _reconstruct,
    "traverse": traverse,
    "sample": _sample,
    "status": _status,
    "metadata": _metadata,
}
"""What each command does with its arguments."""


def _take_none(command: str, arguments: list[str]) -> None:
    if arguments:
        raise UsageError(f"{command} takes no {' '.join(arguments)}.")


def _form(spec: TensorSpec) -> dict:
    """A dtype as text, and a shape whose free sizes are null."""
    is_string = spec.dtype is not None and spec.dtype.kind == "O"
    dtype = "string" if is_string else str(spec.dtype)
    shape = None if spec.shape is None else list(spec.shape)
    return {"dtype": dtype, "shape": shape}
