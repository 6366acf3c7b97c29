"""Starts a command anew when another worker of its run is gone."""

import contextlib
import os
import pathlib
import sys

from tfdisent.errors import RunError
from tfdisent.training.checkpoints import last_step
from tfdisent.training.peers import PeerLost

# Passed on to the process that follows: a step, and how often that was last.
_VARIABLE = "TFDISENT_RESTARTS"
_LIMIT = 10


@contextlib.contextmanager
def restarting(workdir: pathlib.Path):
    """Replaces the process by one with the same command line at a PeerLost.

    So of several workers only the one that died is to be started by hand, or
    by what manages the cluster.

    Args:
      workdir: Of the run; its checkpoints tell whether there is progress.

    Raises:
      RunError: If that was done _LIMIT times without a newer checkpoint.
    """
    try:
        yield
    except PeerLost as lost:
        step = last_step(workdir / "checkpoints")
        before, times = os.environ.get(_VARIABLE, "-1 0").split()
        times = int(times) + 1 if int(before) == step else 1
        if times > _LIMIT:
            raise RunError(
                f"{lost}, for the {times}th time at the checkpoint of step "
                f"{step:,}; see what ends the other workers, then give the "
                "same command to all."
            ) from lost
        print(
            f"{lost}; waiting for it to come back, going on from the "
            f"checkpoint of step {step:,}",
            file=sys.stderr,
            flush=True,
        )
        sys.stdout.flush()
        os.environ[_VARIABLE] = f"{step} {times}"
        os.execv(sys.executable, sys.orig_argv)
