"""The errors that commands tell in one sentence."""

import signal


class UsageError(ValueError):
    """An argument is wrong; commands end with exit code 2."""


class RunError(RuntimeError):
    """Something failed while it was done; commands end with exit code 1."""


class NotApplicable(UsageError):
    """A number that does not exist for what was given: it has no factors, say.

    Whoever asked for all numbers gets the others.
    """


class Interrupted(Exception):
    """The run was asked to stop and has saved its state.

    Attributes:
      signum: The signal.
      step: Updates that are saved.
    """

    def __init__(self, signum: int, step: int):
        super().__init__(f"{signal.Signals(signum).name} at step {step:,}")
        self.signum = signum
        self.step = step
