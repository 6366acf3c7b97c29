"""Measures a trained run and writes its evaluation.json.

bin/evaluate --workdir=W --metrics=mig_histogram,higgins_score
"""

from absl import flags

from tfdisent.cli import main as cli_main
from tfdisent.cli import summary, trained_run
from tfdisent.cli.help_text import command_help
from tfdisent.evaluation.evaluate import (
    check_metrics,
    evaluate,
    write_evaluation,
)
from tfdisent.metrics import METRICS

FLAGS = flags.FLAGS
trained_run.define_flags()
flags.DEFINE_list(
    "metrics", list(METRICS), f"Of {', '.join(METRICS)}; all by default."
)
flags.DEFINE_integer(
    "evaluation_seed",
    0,
    "Of the images and the metrics.",
    lower_bound=0,
    upper_bound=2**31 - 1,
)


def main(argv: list[str]) -> None:
    """Does what the flags ask for."""
    check_metrics(FLAGS.metrics)
    run = trained_run.from_flags(argv)
    evaluation = evaluate(
        run.model,
        run.dataset,
        metrics=FLAGS.metrics,
        seed=FLAGS.evaluation_seed,
    )
    whole = write_evaluation(run.workdir, run.config, run.step, evaluation)
    print("\n".join(summary.scores(whole)))
    print(f"\nnumbers   {run.workdir / 'evaluation.json'}")


def help_text(argv: list[str]) -> str:
    """What --help shows."""
    del argv
    return command_help(
        __doc__, ["workdir", "metrics", "evaluation_seed", "data_dir"]
    )


if __name__ == "__main__":
    cli_main.run(main, help_text)
