import pytest
import tensorflow as tf

from tfdisent.training.peers import PeerLost, noticing_lost_peers

GONE = tf.errors.UnavailableError(None, None, "Connection reset by peer")


def test_error_of_a_collective_operation_is_a_lost_peer():
    with (
        pytest.raises(PeerLost, match="gone at step 1,234"),
        noticing_lost_peers("multi_worker", lambda: 1234),
    ):
        raise GONE


def test_other_errors_and_runs_without_peers_keep_their_errors():
    with (
        pytest.raises(tf.errors.UnavailableError),
        noticing_lost_peers("mirrored"),
    ):
        raise GONE
    with (
        pytest.raises(tf.errors.ResourceExhaustedError),
        noticing_lost_peers("multi_worker"),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, "no memory")
