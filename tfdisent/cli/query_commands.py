"""The commands of bin/query, each on a client and its arguments."""

import json
import math
import pathlib
from collections.abc import Callable

import numpy as np
from absl import flags

from tfdisent.cli.query_pictures import read_images, write_grid, write_rows
from tfdisent.errors import RunError, UsageError
from tfdisent.serving.client import Client
from tfdisent.serving.client.signatures import TensorSpec

FLAGS = flags.FLAGS
flags.DEFINE_integer("latent", None, "Which latent moves.", lower_bound=0)
flags.DEFINE_string(
    "values", "-3:3:7", "Of that latent: FIRST:LAST:COUNT, or with commas."
)
flags.DEFINE_integer("seed", 0, "Of the first sample; others count up.")
flags.DEFINE_string("output", None, "PNG file to write, else COMMAND.png.")
flags.DEFINE_bool("resize", False, "Fit images of another size.")
flags.DEFINE_bool("json", False, "Print JSON instead of a table.")

_MOST_SAMPLES = 1024


def _encode(client: Client, paths: list[str]) -> None:
    posterior = client.encode(_images(client, "encode", paths))
    if FLAGS.json:
        _print_json({k: x.tolist() for k, x in posterior._asdict().items()})
        return
    for path, means, stddevs in zip(paths, *posterior, strict=True):
        print(f"{path}\n  latent       mean     stddev")
        for z, row in enumerate(zip(means, stddevs, strict=True)):
            print(f"  {z:6d}" + "".join(f" {x:10.4f}" for x in row))


def _decode(client: Client, texts: list[str]) -> None:
    if not texts:
        raise UsageError("decode needs codes, such as 0,1.2,-0.5.")
    codes = [_code(client, "decode", text) for text in texts]
    _done(write_grid(client.decode(codes), _output("decode")))


def _reconstruct(client: Client, paths: list[str]) -> None:
    images = _images(client, "reconstruct", paths)
    rows = [images / np.float32(255), client.reconstruct(images)]
    _done(write_rows(np.stack(rows), _output("reconstruct")))


def _traverse(client: Client, arguments: list[str]) -> None:
    if FLAGS.latent is None:
        raise UsageError("--latent is missing; give the number of a latent.")
    if len(arguments) > 1:
        raise UsageError("traverse takes one image or one code.")
    values = _values(FLAGS.values)
    if arguments and not _numbers(arguments[0]):
        images = _images(client, "traverse_images", arguments)
        moved = client.traverse_images(images, FLAGS.latent, values)
    else:
        code = _code(client, "traverse", *arguments)
        moved = client.traverse([code], FLAGS.latent, values)
    _done(write_rows(moved, _output("traverse"), values))


def _sample(client: Client, arguments: list[str]) -> None:
    count = arguments[0] if len(arguments) == 1 else ""
    if not count.isdecimal() or not 0 < int(count) <= _MOST_SAMPLES:
        raise UsageError(
            f"sample needs a number of pictures, from 1 to {_MOST_SAMPLES}."
        )
    seeds = FLAGS.seed + np.arange(int(count))
    _done(write_grid(client.sample(seeds).images, _output("sample")))


def _status(client: Client, arguments: list[str]) -> None:
    _take_none("status", arguments)
    versions = client.versions()
    if FLAGS.json:
        names = {"state": lambda v: v.state.name, "code": lambda v: v.code.name}
        _print_json(
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
        _print_json(sides)
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
    "traverse": _traverse,
    "sample": _sample,
    "status": _status,
    "metadata": _metadata,
}
"""What each command does with its arguments."""


def _take_none(command: str, arguments: list[str]) -> None:
    if arguments:
        raise UsageError(f"{command} takes no {' '.join(arguments)}.")


def _images(client: Client, signature: str, paths: list[str]) -> np.ndarray:
    if not paths:
        raise UsageError(f"{signature} needs files of images.")
    shape = _shape_of(client, signature, "images")
    return read_images(paths, shape, FLAGS.resize)


def _code(
    client: Client, signature: str, text: str | None = None
) -> list[float]:
    """The numbers of a code; without a text all are 0."""
    (size,) = _shape_of(client, signature, "codes")
    code = [0.0] * size if text is None else _numbers(text)
    if len(code) != size:
        raise UsageError(
            f"{text} is no code of the model: give {size} numbers with commas "
            "between."
        )
    return code


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


def _values(text: str) -> list[float]:
    first_and_last, _, count = text.rpartition(":")
    ends = _numbers(first_and_last.replace(":", ","))
    values = _numbers(text)
    if len(ends) == 2 and count.isdecimal():
        values = np.linspace(*ends, int(count)).tolist()
    if not values or not all(map(math.isfinite, values)):
        raise UsageError(
            f"--values={text} is neither FIRST:LAST:COUNT nor numbers with "
            "commas between."
        )
    return values


def _numbers(text: str) -> list[float]:
    """Numbers with commas between; none if that is something else."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return []


def _output(command: str) -> pathlib.Path:
    return pathlib.Path(FLAGS.output or f"{command}.png")


def _done(path: pathlib.Path) -> None:
    print(f"pictures  {path}")


def _form(spec: TensorSpec) -> dict:
    """A dtype as text, and a shape whose free sizes are null."""
    is_string = spec.dtype is not None and spec.dtype.kind == "O"
    dtype = "string" if is_string else str(spec.dtype)
    shape = None if spec.shape is None else list(spec.shape)
    return {"dtype": dtype, "shape": shape}


def _print_json(value: object) -> None:
    print(json.dumps(value))
