"""The bearer token that requests must carry."""

import hmac
from pathlib import Path

import grpc

from tfdisent.errors import UsageError
from tfdisent.serving.rpc.refusal import refusing_handler
from tfdisent.serving.status import Code, ServingError

# Whoever asks whether the server lives holds no token.
_OPEN_SERVICE = "/grpc.health.v1.Health/"


class Token:
    """A secret that clients send as `Authorization: Bearer SECRET`.

    Args:
      path: file that holds the secret and nothing else, a line of 16 or more
        printable ASCII characters; a command line would show it to all.

    Raises:
      UsageError: the file cannot be read or holds no such line.
    """

    def __init__(self, path: Path | str):
        try:
            secret = Path(path).read_bytes().strip()
        except OSError as error:
            raise UsageError(
                f"token_file {path} cannot be read: {error.strerror}."
            ) from error
        if len(secret) < 16 or not all(33 <= byte <= 126 for byte in secret):
            raise UsageError(
                f"token_file {path} must hold one line of 16 or more printable"
                " ASCII characters without a space, as `openssl rand -hex 32`"
                " writes."
            )
        self._secret = secret

    def check(self, authorization: str | None) -> None:
        """Refuses a request without the token, in constant time.

        Args:
          authorization: the header, or None if there was none.

        Raises:
          ServingError: UNAUTHENTICATED.
        """
        scheme, _, given = (authorization or "").partition(" ")
        given = given.strip().encode(errors="surrogateescape")
        is_same = hmac.compare_digest(given, self._secret)
        if scheme.lower() != "bearer" or not is_same:
            raise ServingError(
                Code.UNAUTHENTICATED,
                "Send the server's token: Authorization: Bearer TOKEN.",
            )


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls without the token, but for those to the health service."""

    def __init__(self, token: Token):
        self._token = token

    async def intercept_service(self, continuation, handler_call_details):
        """Called by gRPC before the request is read."""
        method = handler_call_details.method
        if not method.startswith(_OPEN_SERVICE):
            metadata = dict(handler_call_details.invocation_metadata)
            authorization = metadata.get("authorization")
            try:
                self._token.check(authorization)
            except ServingError as error:
                return refusing_handler(error)
        return await continuation(handler_call_details)
