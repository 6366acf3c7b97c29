"""What bin/evaluate can measure: a run, a baseline, or codes."""

import dataclasses
import hashlib
import pathlib

from absl import flags

from tfdisent.cli import data_flags, trained_run
from tfdisent.errors import UsageError
from tfdisent.evaluation import evaluation_file
from tfdisent.evaluation.baselines import BASELINES, make_baseline
from tfdisent.evaluation.code_files import (
    function_codes,
    load_codes,
    source_file,
)
from tfdisent.evaluation.evaluate import data_of, evaluate, evaluate_codes
from tfdisent.evaluation.file_names import file_name
from tfdisent.evaluation.metric_calls import parse_calls
from tfdisent.training.config import build_dataset

FLAGS = flags.FLAGS
SOURCES = ("workdir", "baseline", "codes", "runs")
FLAG_NAMES = (*SOURCES, "output", *data_flags.NAMES, "data_dir")


def define_flags() -> None:
    """Defines the flags that name what is measured."""
    flags.DEFINE_string("workdir", None, "Folder of the run.")
    data_flags.define_data_flags()
    flags.DEFINE_string(
        "baseline",
        None,
        f"Instead of a run, one of {', '.join(BASELINES)}, with options in "
        "brackets, as pca(num_latents=5).",
    )
    flags.DEFINE_string(
        "codes",
        None,
        "Instead of a run, an npz file with the arrays codes [n, D] and, for "
        "most metrics, factors [n, K]; or module:function or file.py:function, "
        "from factors [n, K] of --dataset to codes [n, D].",
    )
    flags.DEFINE_string(
        "runs", None, "Folders of several runs, as 'runs/beta_vae/seed*'."
    )
    flags.DEFINE_string(
        "output", None, "Folder for the numbers; evaluations/NAME by default."
    )


def source() -> str:
    """Which of SOURCES the flags name.

    Raises:
      UsageError: If it is not one, or a flag is given that it does not take.
    """
    given = [name for name in SOURCES if FLAGS[name].value]
    if len(given) != 1:
        listed = ", ".join(f"--{name}" for name in SOURCES)
        both = " and ".join(f"--{name}" for name in given) or "None"
        raise UsageError(f"{both} were given; give one of {listed}.")
    [what] = given
    for name in _refused(what):
        if FLAGS[name].present:
            raise UsageError(f"--{name} does not go with --{what}; leave it.")
    return what


def _refused(what: str) -> tuple[str, ...]:
    """Flags that a source has no use for."""
    data = [name for name in data_flags.NAMES if name != "subset"]
    if what == "workdir":  # its folder says and keeps all
        return (*data, *([] if FLAGS.subset else ["output"]))
    if what == "runs":
        return (*data, "subset", "representation", "mask", "intervals")
    if what == "codes" and FLAGS.codes.endswith(".npz"):
        return (*data, "subset")
    return ()


def evaluate_workdir(options: dict) -> tuple[pathlib.Path, dict]:
    """Measures a run; gives the folder of the numbers, and them.

    With --subset it is measured on these parts of its data and nothing else,
    instead of those that it was trained on, into a folder of their own.
    """
    run = trained_run.load(pathlib.Path(FLAGS.workdir))
    folder, dataset = run.workdir, run.dataset
    if FLAGS.subset:
        other = dataclasses.replace(run.config, subsets=tuple(FLAGS.subset))
        dataset = build_dataset(other, FLAGS.data_dir)
        name = file_name("-".join(FLAGS.subset))
        folder = pathlib.Path(FLAGS.output or folder / "evaluations" / name)
        print(f"data      {dataset.name}, {dataset.provenance}", flush=True)
        data = data_of(dataset, part_alone=True)
        evaluation_file.check_folder(folder, run.config.model, data)
    evaluation = evaluate(
        run.model, dataset, part_alone=bool(FLAGS.subset), **options
    )
    return folder, evaluation_file.write_run(
        run.workdir, run.config, run.step, evaluation, folder
    )


def evaluate_baseline(options: dict) -> tuple[pathlib.Path, dict]:
    """Measures a baseline; gives the folder of the numbers, and them."""
    calls = parse_calls(FLAGS.baseline, BASELINES, "baseline")
    if len(calls) != 1:
        raise UsageError(
            f"--baseline={FLAGS.baseline} names {len(calls)}; give one."
        )
    [call] = calls
    dataset = data_flags.dataset_from_flags()
    if dataset.whole is not dataset:
        raise UsageError(
            f"A baseline is made of and measured on all images, and "
            f"{dataset.provenance} is a part; leave --subset out, or give one "
            "of its forms that keep a full product, as FACTOR=V1,V2."
        )
    data = data_of(dataset)
    print(f"data      {dataset.name}, {dataset.provenance}", flush=True)
    folder = _folder(call.key, data, _data_name(), *FLAGS.subset)
    samplers = make_baseline(call.name, dataset, **call.options)
    what = {"name": call.key, "settings": [s.settings for s in samplers]}
    return _evaluate_codes(folder, samplers, what, data, options)


def evaluate_codes_of(options: dict) -> tuple[pathlib.Path, dict]:
    """Measures codes; gives the folder of the numbers, and them."""
    name = FLAGS.codes
    if name.endswith(".npz"):
        sampler = load_codes(name)
        data = {
            "name": "a file",
            "provenance": name,
            "images": sampler.num_points,
            "factor_names": list(sampler.factor_names),
        }
        folder, content = _folder(name, data), name
    else:
        dataset = data_flags.dataset_from_flags()
        if not dataset.whole.is_product:
            raise UsageError(
                f"{name} is a function of factors, which is measured on all "
                f"combinations of them, and {dataset.provenance} has not each "
                "of them once; give codes and factors as an npz file."
            )
        sampler = function_codes(
            name, dataset.factor_sizes, dataset.factor_names
        )
        data = data_of(dataset)
        folder = _folder(name, data, _data_name(), *FLAGS.subset)
        content = source_file(name)
    what = {"name": name, "sha256": _sha256(content)}
    return _evaluate_codes(folder, [sampler], what, data, options)


EVALUATE = {
    "workdir": evaluate_workdir,
    "baseline": evaluate_baseline,
    "codes": evaluate_codes_of,
}


def _data_name() -> str:
    """Of --dataset; of a folder of images the end of its path."""
    return "-".join(pathlib.PurePath(FLAGS.dataset).parts[-1:])


def _folder(name: str, data: dict, *parts: str) -> pathlib.Path:
    """--output, or a folder that is named after what is measured."""
    path = pathlib.Path("evaluations") / file_name("-".join([name, *parts]))
    folder = pathlib.Path(FLAGS.output) if FLAGS.output else path
    evaluation_file.check_folder(folder, name, data)
    return folder


def _evaluate_codes(folder, samplers, what: dict, data: dict, options: dict):
    evaluation = {"data": data, **evaluate_codes(samplers, **options)}
    return folder, evaluation_file.write(folder, {"codes": what}, evaluation)


def _sha256(path: str) -> str:
    """Hash of a file, by which codes that have changed are told."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
