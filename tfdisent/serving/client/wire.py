"""What the two protocols of a client have in common.

A wire writes requests and reads answers; a connection carries them. Both
protocols send some bytes to a path and get bytes or an error, so what is
above them need not know which it is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from tfdisent.serving.client.signatures import Signature
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.version_status import VersionStatus


class Target(NamedTuple):
    """Which model answers: the newest version unless one is named.

    Attributes:
      model: its name.
      version: its number, or
      label: a label of one.
    """

    model: str
    version: int | None = None
    label: str | None = None


class ClientTls(NamedTuple):
    """How to prove who is who.

    Attributes:
      root_certificate: PEM file with whom to trust instead of those that the
        system does.
      certificate: PEM file that shows the server who the client is, and
      key: its PEM file.
    """

    root_certificate: Path | str | None = None
    certificate: Path | str | None = None
    key: Path | str | None = None


class Request(NamedTuple):
    """Some bytes for a path; over HTTP none are a GET."""

    path: str
    body: bytes | None


class Metadata(NamedTuple):
    """What the version that answers says of itself."""

    version: int
    signatures: dict[str, Signature]


class Wire(Protocol):
    """Writes the requests of one protocol and reads their answers.

    What is no such answer raises an error of any kind.
    """

    def pinned(self, version: int) -> "Wire":
        """The wire to one version of the model."""

    def predict(
        self,
        name: str,
        signature: Signature,
        inputs: Mapping[str, np.ndarray],
    ) -> Request:
        """Asks for all outputs of a signature."""

    def read_predict(
        self, answer: bytes, signature: Signature
    ) -> dict[str, np.ndarray]:
        """Arrays by output."""

    def metadata(self) -> Request:
        """Asks which version answers, and for its signatures."""

    def read_metadata(self, answer: bytes) -> Metadata:
        """The version and its signatures."""

    def statuses(self) -> Request:
        """Asks what has become of the versions."""

    def read_statuses(self, answer: bytes) -> list[VersionStatus]:
        """As the server orders them, newest first."""


class Connection(Protocol):
    """Carries requests to one server; it opens with the first."""

    async def send(self, request: Request, seconds: float) -> bytes:
        """Gives the answer, or raises the ServingError that was it."""

    async def pause(self, seconds: float) -> None:
        """Waits before a request is sent again."""

    async def close(self) -> None:
        """Ends the connection; no request may come after."""


class Unreached(ServingError):
    """What is wrong between a client and its server, not what one said."""

    def __init__(self, message: str):
        super().__init__(Code.UNAVAILABLE, message)


class NoServer(Unreached):
    """Nobody listens at an address."""

    def __init__(self, address: str, cause: str):
        super().__init__(f"no server answers at {address} ({cause})")


class OtherProtocol(Unreached):
    """What listens at an address speaks another than it says."""

    def __init__(self, address: str):
        host_and_port = address.rpartition("://")[2]
        spoken, other, right = (
            ("HTTP/1", "gRPC", host_and_port)
            if host_and_port != address
            else ("gRPC", "REST", f"http://{address}")
        )
        super().__init__(
            f"{address} speaks no {spoken}; if it is the port of {other}, "
            f"give {right}"
        )


class FailedTls(Unreached):
    """Client and server do not agree, or do not trust each other."""

    def __init__(self, address: str, cause: str):
        super().__init__(f"TLS with {address} failed ({cause})")


class LostConnection(Unreached):
    """It ended before the answer did."""

    def __init__(self, address: str, cause: str):
        super().__init__(f"the connection to {address} was lost ({cause})")
