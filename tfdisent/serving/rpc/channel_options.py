"""What gRPC's C++ library grants each connection."""

from tfdisent.serving.limits import Limits

# Of `read_seconds`; a connection is cheap to renew, but not for nothing.
_LIFES = 10


def channel_options(limits: Limits) -> list[tuple[str, int]]:
    """Options of a `grpc.aio.Server`.

    gRPC for Python cannot end a call whose answer its client does not take:
    without them, such clients would hold memory for ever. So a connection is
    renewed every 10 `read_seconds` (clients do so without losing a call), and
    calls that are older are broken off when they cannot be in time any more.
    """
    longest = 2 * limits.read_seconds + limits.request_seconds
    return [
        # Without it, a second server would get half of the connections.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", limits.body_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_concurrent_streams", limits.concurrent_requests),
        ("grpc.max_connection_age_ms", _milli(_LIFES * limits.read_seconds)),
        ("grpc.max_connection_age_grace_ms", _milli(longest)),
        # Connections whose other end is gone are noticed within 80 s.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # What clients may do to notice a dead server.
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.server_handshake_timeout_ms", _milli(limits.read_seconds)),
    ]


def _milli(seconds: float) -> int:
    return round(1000 * seconds)
