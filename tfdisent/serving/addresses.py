"""Where a server listens: checks, and words for what goes wrong."""

import errno
import ipaddress
import os
import socket
import stat
from pathlib import Path

from tfdisent.errors import RunError, UsageError

_SOCKET_PATH_BYTES = 107  # of sockaddr_un, without its last


def joined(host: str, port: int) -> str:
    """Host and port as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def port_refused(host: str, port: int, error: Exception | None) -> RunError:
    """The error that says why a port cannot be had.

    Args:
      host: to listen on.
      port: to listen on.
      error: what the attempt gave; gRPC's has no reason, so without an
        OSError the port is tried here.
    """
    reason = "it cannot be used"
    if not isinstance(error, OSError):
        error = _try(host, port)
    if isinstance(error, socket.gaierror):
        return RunError(f"the host {host} is unknown: {error.strerror}.")
    if error is not None:
        known = {
            errno.EADDRINUSE: "is in use: stop what uses it or choose another",
            errno.EACCES: "takes the rights of root: choose one over 1023",
            errno.EADDRNOTAVAIL: "has an address that is not this machine's",
        }
        reason = known.get(error.errno or 0, os.strerror(error.errno or 0))
    return RunError(f"the port {port} on {host} {reason}.")


def _try(host: str, port: int) -> OSError | None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
            tried.listen()
    except OSError as error:
        return error
    return None


def clear_socket(path: Path) -> None:
    """Removes the socket file that a killed server left; gRPC removes any.

    Raises:
      UsageError: the path is too long, or of something else than a socket.
      RunError: a server listens there, or the file cannot be removed.
    """
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        raise UsageError(
            f"grpc_socket_path {path} must have at most {_SOCKET_PATH_BYTES}"
            " bytes."
        )
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(
                f"grpc_socket_path {path} is there and no socket; name another."
            )
        with socket.socket(socket.AF_UNIX) as tried:
            if tried.connect_ex(str(path)) != errno.ECONNREFUSED:
                raise RunError(f"the socket {path} is in use.")
        path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(
            f"the socket {path} cannot be replaced: {error.strerror}."
        ) from error
