"""Measures a trained run, a baseline, or codes in a file.

    bin/evaluate --workdir=W
    bin/evaluate --workdir=W --metrics="dci, higgins_score(num_pairs=16)"
    bin/evaluate --baseline=pca --dataset=dsprites
    bin/evaluate --codes=codes.npz
    bin/evaluate --codes=my/codes.py:codes_of --dataset=dsprites
    bin/evaluate --runs='runs/beta_vae/seed*'

The numbers go into evaluation.json with all settings that define them, the
matrices into figures/metrics: in the folder of the run, or in --output. Metrics
that were computed before stay. Several --runs are compared with each other: how
alike are their codes (UDR, ModelCentrality)?

--help --metrics=dci shows the options of a metric.
"""

from tfdisent.cli import quiet_tensorflow  # noqa: F401

# isort: split
import pathlib

from absl import flags

from tfdisent.cli import evaluated, summary
from tfdisent.cli import main as cli_main
from tfdisent.cli.compared import compare_runs
from tfdisent.cli.help_text import command_help
from tfdisent.cli.seeds import parse_seeds
from tfdisent.errors import UsageError
from tfdisent.evaluation import mask as masks
from tfdisent.evaluation.compare import COMPARISONS
from tfdisent.evaluation.draw_matrices import draw_matrices
from tfdisent.evaluation.evaluate import ALL_METRICS, REPRESENTATIONS, calls_of
from tfdisent.evaluation.file_names import file_name
from tfdisent.evaluation.metric_calls import (
    metrics_help,
    options_help,
    parse_calls,
)

FLAGS = flags.FLAGS
evaluated.define_flags()
flags.DEFINE_string(
    "metrics",
    None,
    "Names with commas between them, and options in brackets; by default those "
    "that take seconds. What was measured before stays, but for the same names "
    "and options.",
)
flags.DEFINE_string(
    "evaluation_seeds",
    "0",
    "Of the images and the metrics, as 0-4 or 0,2,5; the values are then means "
    "over them, with median and standard deviation.",
)
flags.DEFINE_enum(
    "representation",
    "mean",
    REPRESENTATIONS,
    "The mean of q(z|x), or one draw from it for each image and seed.",
)
flags.DEFINE_enum(
    "mask",
    None,
    list(masks.MASKS),
    "Latents that count as active, for a second value of these alone: "
    + "; ".join(f"{k}: {v}" for k, v in masks.MASKS.items())
    + ". For a run kl by default, else none.",
)
flags.DEFINE_integer(
    "intervals",
    0,
    "Resamples for 95 % confidence intervals, 200 say, each at the cost of the "
    "metric on half the points; 0 for none.",
    lower_bound=0,
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    if argv[1:]:
        raise UsageError(
            f"{' '.join(argv[1:])} is not understood; write --flag=value."
        )
    options = {
        "metrics": FLAGS.metrics,
        "seeds": parse_seeds(FLAGS.evaluation_seeds, "evaluation_seeds"),
        "representation": FLAGS.representation,
        "mask": FLAGS.mask,
        "resamples": FLAGS.intervals,
    }
    what = evaluated.source()
    if what == "runs":
        name = file_name(FLAGS.runs.replace("*", "all"))
        folder = pathlib.Path(FLAGS.output or f"evaluations/runs-{name}")
        seed = options["seeds"][0]
        print(f"\n{compare_runs(FLAGS.runs, FLAGS.metrics, folder, seed)}")
        print(f"\nnumbers   {folder / 'comparison.json'}")
        return
    calls_of(FLAGS.metrics)  # before anything is loaded
    folder, whole = evaluated.EVALUATE[what](options)
    print("\n".join(summary.scores(whole)))
    draw_matrices(whole, folder / "figures" / "metrics")
    print("\n".join(["", *summary.numbers(folder)]))


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    FLAGS(argv, known_only=True)
    if FLAGS.metrics:
        table = {**ALL_METRICS, **COMPARISONS}
        return "\n\n".join(
            f"{call.key}\n{options_help(call.metric)}"
            for call in parse_calls(FLAGS.metrics, table)
        )
    own = ["metrics", "evaluation_seeds", "representation", "mask", "intervals"]
    return "\n\n".join(
        [
            command_help(__doc__, [*evaluated.FLAG_NAMES, *own]),
            f"Metrics:\n{metrics_help(ALL_METRICS)}",
            f"Of --runs:\n{metrics_help(COMPARISONS)}",
        ]
    )


if __name__ == "__main__":
    cli_main.run(main, help_text)
