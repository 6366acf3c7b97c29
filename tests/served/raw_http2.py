"""HTTP/2 by hand, for clients that no library would be."""

import contextlib
import socket
import struct

_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_INITIAL_WINDOW_SIZE = 4


@contextlib.contextmanager
def deaf_connection(port):
    """Yields a connection to a server that may send no byte of an answer."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        window = struct.pack(">HI", _INITIAL_WINDOW_SIZE, 0)
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(_SETTINGS, 0, 0, window)
            + _frame(_SETTINGS, _ACK, 0)
        )
        yield connection


def send_call(connection, stream, path, message=None):
    """Begins a call.

    Args:
      connection: from `deaf_connection`.
      stream: odd, and larger than those before.
      path: "/SERVICE/METHOD".
      message: in bytes; without one, it is still to come.
    """
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "x",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    block = b"".join(
        b"\0" + _text(name) + _text(value) for name, value in headers.items()
    )
    frames = _frame(_HEADERS, _END_HEADERS, stream, block)
    if message is not None:
        content = b"\0" + struct.pack(">I", len(message)) + message
        frames += _frame(_DATA, _END_STREAM, stream, content)
    connection.sendall(frames)


def _frame(kind, flags, stream, content=b""):
    size = struct.pack(">I", len(content))[1:]
    return size + bytes([kind, flags]) + struct.pack(">I", stream) + content


def _text(text):
    return bytes([len(text)]) + text.encode()
