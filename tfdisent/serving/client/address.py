"""The address of a server, which also says how to speak to it."""

import re
import urllib.parse

from tfdisent.errors import UsageError

_GRPC = re.compile(r"(?:dns:///)?(?:[\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})")
_SOCKET = re.compile(r"unix:.+")


def is_rest(address: str) -> bool:
    """Whether an address is of REST, and not of gRPC.

    Raises:
      UsageError: it is of neither.
    """
    if address.startswith(("http://", "https://")):
        if _is_url(address):
            return True
    elif _SOCKET.fullmatch(address) or _is_host_and_port(address):
        return False
    raise UsageError(
        f"{address!r} is no address of a server; give HOST:PORT for gRPC, or "
        "http://HOST:PORT or https://HOST:PORT for REST."
    )


def _is_url(address: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port
        return False


def _is_host_and_port(address: str) -> bool:
    found = _GRPC.fullmatch(address)
    return bool(found) and 0 < int(found[1]) < 2**16
