"""TensorFlow Serving's REST protocol as an aiohttp application."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator

from aiohttp import HttpVersion11, web

from tfdisent.serving.limits import Limits
from tfdisent.serving.monitoring import Monitoring
from tfdisent.serving.rest.errors import (
    HttpError,
    error_response,
    json_response,
)
from tfdisent.serving.rest.explorer import (
    CardPath,
    card_path,
    card_response,
    explorer_pages,
)
from tfdisent.serving.rest.predict import RestPredict
from tfdisent.serving.rest.statuses import (
    metadata_body,
    models_body,
    status_body,
)
from tfdisent.serving.rest.urls import Target, read_path
from tfdisent.serving.status import Code, ServingError
from tfdisent.serving.token import Token
from tfdisent.serving.versions.manager import ModelManager

_ALLOWED = "Access-Control-Allow-Headers"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    _ALLOWED: "Content-Type",
}
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_log = logging.getLogger(__name__)


def rest_app(
    manager: ModelManager,
    limits: Limits,
    monitoring: Monitoring,
    *,
    cors: bool = False,
    explorer: bool = False,
    metrics_path: str | None = None,
    token: Token | None = None,
) -> web.Application:
    """Makes the application, which `RestRunner` runs.

    Beside TensorFlow Serving's paths it has `/healthz` (the process answers)
    and `/readyz` (all models answer), and `GET /v1/models` lists the models.
    Every error is `{"error": TEXT}`.

    Args:
      manager: of the models.
      limits: of requests.
      monitoring: is told of each request for a model.
      cors: let pages of other origins read the answers.
      explorer: serve the page of the latents at `/`, and model cards.
      metrics_path: path of the Prometheus page; None for no such page.
      token: that requests must carry, but for those to the two probes and
        for the page, which asks for it.
    """
    rest = _Rest(manager, limits, monitoring, cors, explorer, token)
    if explorer:
        rest.pages |= explorer_pages()
    rest.pages["/healthz"] = lambda: json_response({"status": "alive"})
    rest.pages["/readyz"] = lambda: _readiness(manager)
    if metrics_path is not None:
        rest.guarded_pages[metrics_path] = lambda: web.Response(
            body=monitoring.exposition(), headers={"Content-Type": _PROMETHEUS}
        )
    app = web.Application()
    app.router.add_route(
        "*", "/{path:(?s:.*)}", rest.answer, expect_handler=_expect
    )
    app.on_cleanup.append(rest.close)
    return app


class _Rest:
    def __init__(
        self,
        manager: ModelManager,
        limits: Limits,
        monitoring: Monitoring,
        cors: bool,
        explorer: bool,
        token: Token | None,
    ):
        self._manager = manager
        self._monitoring = monitoring
        self._cors = cors
        self._explorer = explorer
        self._token = token
        self._predict = RestPredict(manager, limits)
        self.pages: dict[str, Callable[[], web.Response]] = {}
        self.guarded_pages: dict[str, Callable[[], web.Response]] = {}

    async def close(self, app: web.Application) -> None:
        self._predict.close()

    async def answer(self, request: web.Request) -> web.Response:
        try:
            response = await self._answer(request)
        except ServingError as error:
            response = error_response(error)
            if error.code == Code.UNAUTHENTICATED:
                response.headers["WWW-Authenticate"] = "Bearer"
        except Exception:
            _log.exception("REST %s failed", request.method)
            error = ServingError(Code.INTERNAL, "internal error")
            response = error_response(error)
        if not request.content.is_eof():
            response.force_close()  # Nobody waits for the rest of the body.
        if self._cors:
            response.headers.update(_CORS)
            if self._token is not None:
                response.headers[_ALLOWED] += ", Authorization"
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        method, path = request.method, request.rel_url.raw_path
        is_page = method in ("GET", "HEAD")
        if is_page and path in self.pages:
            return self.pages[path]()
        is_protocol = path.lower().startswith("/v1/")
        if is_protocol and method == "OPTIONS":  # comes without a token
            return _preflight(request.headers.get("Origin", ""))
        if self._token is not None:
            self._token.check(request.headers.get("Authorization"))
        if is_page and path in self.guarded_pages:
            return self.guarded_pages[path]()
        if is_page and self._explorer and (asked := card_path(path)):
            return self._card(asked)
        if not is_protocol:
            raise HttpError(404, Code.NOT_FOUND, "There is no such page.")
        return await self._about_model(request, read_path(method, path))

    def _card(self, asked: CardPath) -> web.Response:
        with self._manager.using(asked.model, asked.version, None) as servable:
            if servable.card is None:
                raise HttpError(404, Code.NOT_FOUND, "There is no model card.")
            return card_response(servable.card)

    async def _about_model(
        self, request: web.Request, target: Target
    ) -> web.Response:
        match target.action:
            case "models":
                return json_response(models_body(self._manager.models()))
            case "status":
                with self._observed("GetModelStatus", target):
                    # As in TensorFlow Serving, a label changes nothing.
                    statuses = self._manager.statuses(
                        target.model, target.version
                    )
                return json_response(status_body(statuses))
            case "metadata":
                with (
                    self._observed("GetModelMetadata", target) as found,
                    self._manager.using(*target[1:]) as servable,
                ):
                    found(servable.version)
                    return json_response(metadata_body(servable))
            case "predict":
                with self._observed("Predict", target) as found:
                    body = await self._predict.answer(request, target, found)
                return web.Response(body=body, content_type="application/json")
        with (
            self._observed(target.action.capitalize(), target),
            self._manager.using(*target[1:]),
        ):
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"Expected a signature for {target.action}, and all of this"
                " server are for predict.",
            )

    @contextlib.contextmanager
    def _observed(
        self, entrypoint: str, target: Target
    ) -> Iterator[Callable[[int], None]]:
        start = time.perf_counter()
        code, versions = Code.OK, []
        try:
            yield versions.append
        except ServingError as error:
            code = error.code
            raise
        except asyncio.CancelledError:
            code = Code.CANCELLED
            raise
        except Exception:
            code = Code.INTERNAL
            raise
        finally:
            seconds = time.perf_counter() - start
            version = versions[0] if versions else None
            self._monitoring.observe(
                target.model, version, "REST", entrypoint, code, seconds
            )


def _readiness(manager: ModelManager) -> web.Response:
    if not manager.is_ready():
        raise ServingError(Code.UNAVAILABLE, "Not every model can answer.")
    return json_response({"status": "ready"})


async def _expect(request: web.Request) -> None:
    # aiohttp's own fails at a header that is no text.
    if request.version == HttpVersion11:
        if request.headers["Expect"].lower() != "100-continue":
            raise web.HTTPExpectationFailed
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # The answer has not begun.


def _preflight(origin: str) -> web.Response:
    if "http://" not in origin and "https://" not in origin:
        raise ServingError(
            Code.INVALID_ARGUMENT, "OPTIONS needs the header Origin."
        )
    return web.Response()
