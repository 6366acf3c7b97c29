"""Errors as clients of REST get them: JSON with one sentence."""

import json

from aiohttp import web

from tfdisent.serving.status import HTTP_STATUS, Code, ServingError


class HttpError(ServingError):
    """An error for which HTTP has a status of its own.

    Attributes:
      status: of HTTP.
    """

    def __init__(self, status: int, code: Code, message: str):
        super().__init__(code, message)
        self.status = status


def error_response(error: ServingError) -> web.Response:
    """Writes an error as TensorFlow Serving does."""
    if isinstance(error, HttpError):
        status = error.status
    else:
        status = HTTP_STATUS[error.code]
    return json_response({"error": error.message}, status)


def json_response(content: object, status: int = 200) -> web.Response:
    """Writes small JSON for people to read."""
    # Only ASCII, so that no text of a client can fail to be written.
    body = json.dumps(content, indent=4).encode()
    return web.Response(
        body=body, status=status, content_type="application/json"
    )
