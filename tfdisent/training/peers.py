"""Workers of a run among themselves: they meet, share, and notice a loss."""

import contextlib
from collections.abc import Callable, Iterator

import tensorflow as tf

from tfdisent.errors import RunError

# What collective operations raise when another worker has died, was cut off,
# or has been started anew.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
)


class PeerLost(RunError):
    """Another worker is gone.

    Nothing in this process can replace it: TensorFlow wants all to start anew.
    """


@contextlib.contextmanager
def noticing_lost_peers(
    strategy: str, step: Callable[[], int] | None = None
) -> Iterator[None]:
    """Turns the errors of collective operations into one.

    Args:
      strategy: Name of the run's; only multi_worker has peers.
      step: Gives the step that is being done, for the message.

    Raises:
      PeerLost: If the body failed because another worker is gone.
    """
    try:
        yield
    except _LOST as error:
        if strategy != "multi_worker":
            raise
        place = f" at step {step():,}" if step else ""
        raise PeerLost(f"another worker is gone{place}") from error


def meet(strategy: tf.distribute.Strategy) -> None:
    """Waits until all workers are here."""
    strategy.reduce("SUM", tf.ones([]), axis=None)


def share(
    strategy: tf.distribute.Strategy, variables: list, *, is_chief: bool
) -> None:
    """Gives the variables of all workers the values that the chief has."""
    for variable in variables:
        value = tf.convert_to_tensor(variable)
        own = value if is_chief else tf.zeros_like(value)
        variable.assign(strategy.reduce("SUM", own, axis=None))
