"""What bin/evaluate can measure: a run, a baseline, or codes."""

import pathlib

from absl import flags

from tfdisent.cli import trained_run
from tfdisent.cli.data_flags import dataset_from_flags, define_data_flags
from tfdisent.errors import UsageError
from tfdisent.evaluation import evaluation_file
from tfdisent.evaluation.baselines import BASELINES, make_baseline
from tfdisent.evaluation.code_files import function_codes, load_codes
from tfdisent.evaluation.evaluate import data_of, evaluate, evaluate_codes
from tfdisent.evaluation.metric_calls import parse_calls

FLAGS = flags.FLAGS
SOURCES = ("workdir", "baseline", "codes", "runs")
FLAG_NAMES = (*SOURCES, "output", "dataset", "data_file", "tfds_data_dir")
FLAG_NAMES += ("subset", "data_dir")


def define_flags() -> None:
    """Defines the flags that name what is measured."""
    flags.DEFINE_string("workdir", None, "Folder of the run.")
    define_data_flags()
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
        raise UsageError(
            f"{len(given)} of {listed} were given; give one of them."
        )
    [what] = given
    ours = ("output",) if what == "workdir" else ()
    ours += ("dataset", "data_file", "tfds_data_dir", "subset")
    if what in ("workdir", "runs"):
        for name in ours:
            if FLAGS[name].present:
                raise UsageError(
                    f"--{name} does not go with --{what}, whose folder says "
                    "what the data are and keeps the numbers."
                )
    elif FLAGS.representation != "mean":
        raise UsageError(
            f"--representation={FLAGS.representation} is for --workdir; a "
            f"--{what} is measured as it is."
        )
    return what


def evaluate_workdir(options: dict) -> tuple[pathlib.Path, dict]:
    """Measures a run; gives its folder and its evaluation."""
    run = trained_run.load(pathlib.Path(FLAGS.workdir))
    evaluation = evaluate(
        run.model, run.dataset, representation=FLAGS.representation, **options
    )
    return run.workdir, evaluation_file.write_run(
        run.workdir, run.config, run.step, evaluation
    )


def evaluate_baseline(options: dict) -> tuple[pathlib.Path, dict]:
    """Measures a baseline; gives the folder of the numbers, and them."""
    calls = parse_calls(FLAGS.baseline, BASELINES, "baseline")
    if len(calls) != 1:
        raise UsageError(
            f"--baseline={FLAGS.baseline} names {len(calls)}; give one."
        )
    dataset = dataset_from_flags()
    print(f"data      {dataset.name}, {dataset.provenance}", flush=True)
    samplers = make_baseline(calls[0].name, dataset.product, **calls[0].options)
    what = {
        "name": calls[0].key,
        "settings": [sampler.settings for sampler in samplers],
    }
    return _evaluate_codes(samplers, what, data_of(dataset), options)


def evaluate_codes_of(options: dict) -> tuple[pathlib.Path, dict]:
    """Measures codes; gives the folder of the numbers, and them."""
    if FLAGS.codes.endswith(".npz"):
        sampler = load_codes(FLAGS.codes)
        data = {
            "name": "a file",
            "provenance": FLAGS.codes,
            "images": sampler.num_points,
            "factor_names": list(sampler.factor_names),
        }
    else:
        dataset = dataset_from_flags()
        sampler = function_codes(
            FLAGS.codes, dataset.factor_sizes, dataset.factor_names
        )
        data = data_of(dataset)
    return _evaluate_codes([sampler], {"name": FLAGS.codes}, data, options)


EVALUATE = {
    "workdir": evaluate_workdir,
    "baseline": evaluate_baseline,
    "codes": evaluate_codes_of,
}


def _evaluate_codes(samplers, what: dict, data: dict, options: dict):
    stem = "".join(
        c if c.isalnum() or c in "=._" else "-" for c in what["name"]
    )
    folder = pathlib.Path(FLAGS.output or f"evaluations/{stem.strip('-.')}")
    evaluation = {"data": data, **evaluate_codes(samplers, **options)}
    return folder, evaluation_file.write(folder, {"codes": what}, evaluation)
