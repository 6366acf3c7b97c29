"""Counts REST's requests, and tells the others why they are refused."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from tfdisent.serving.in_flight import InFlight
from tfdisent.serving.rest.errors import error_response
from tfdisent.serving.status import ServingError


def counted(in_flight: InFlight) -> Callable:
    """A middleware that counts all requests but those whether it lives.

    A request counts from its headers to the last byte of its answer: aiohttp
    has one task for both.

    Args:
      in_flight: to count in; while it drains, each answer closes its
        connection.
    """

    @web.middleware
    async def count(
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        try:
            if request.rel_url.raw_path != "/healthz":
                in_flight.begin()
        except ServingError as error:
            response = error_response(error)
            response.force_close()  # Nobody reads its body.
            return response
        response = await handler(request)
        if in_flight.is_draining:
            response.force_close()
        return response

    return count
