"""The bearer token that requests must carry."""

import hmac
import logging
from pathlib import Path

import grpc

from tfdisent.errors import UsageError
from tfdisent.serving.file_stamp import file_stamp
from tfdisent.serving.rpc.health import SERVICE
from tfdisent.serving.rpc.refusal import refusing_handler
from tfdisent.serving.status import Code, ServingError

_log = logging.getLogger(__name__)


class Token:
    """A secret that clients send as `Authorization: Bearer SECRET`.

    It is read again when its file changes, and counts for the next request. A
    new file with a fault is named in the log, and the old secret stays.

    Args:
      path: file that holds the secret and nothing else, a line of 16 or more
        printable ASCII characters; a command line would show it to all.

    Raises:
      UsageError: the file cannot be read or holds no such line.
    """

    def __init__(self, path: Path | str):
        self._path = Path(path)
        self._seen = file_stamp(self._path)
        self._secret = self._read()

    def check(self, authorization: str | None) -> None:
        """Refuses a request without the token, in constant time.

        Args:
          authorization: the header, or None if there was none.

        Raises:
          ServingError: UNAUTHENTICATED.
        """
        scheme, _, given = (authorization or "").partition(" ")
        given = given.strip().encode(errors="surrogateescape")
        is_same = hmac.compare_digest(given, self._newest())
        if scheme.lower() != "bearer" or not is_same:
            raise ServingError(
                Code.UNAUTHENTICATED,
                "Send the server's token: Authorization: Bearer TOKEN.",
            )

    def _newest(self) -> bytes:
        stamp = file_stamp(self._path)
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._secret = self._read()
                _log.info("token_file %s was read again.", self._path)
            except UsageError as error:
                _log.warning("%s The old token stays.", error)
        return self._secret

    def _read(self) -> bytes:
        try:
            secret = self._path.read_bytes().strip()
        except OSError as error:
            raise UsageError(
                f"token_file {self._path} cannot be read: {error.strerror}."
            ) from error
        if len(secret) < 16 or not all(33 <= byte <= 126 for byte in secret):
            raise UsageError(
                f"token_file {self._path} must hold one line of 16 or more"
                " printable ASCII characters without a space, as `openssl"
                " rand -hex 32` writes."
            )
        return secret


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without the token, but for those to the health service."""

    def __init__(self, token: Token):
        self._token = token

    async def intercept_service(self, continuation, handler_call_details):
        """Called by gRPC before the request is read."""
        # Whoever asks whether the server lives holds no token.
        if not handler_call_details.method.startswith(f"/{SERVICE}/"):
            metadata = dict(handler_call_details.invocation_metadata)
            authorization = metadata.get("authorization")
            try:
                self._token.check(authorization)
            except ServingError as error:
                return refusing_handler(error)
        return await continuation(handler_call_details)
