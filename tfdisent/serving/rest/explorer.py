"""The explorer's files, and the model cards that it reads."""

import importlib.resources
import mimetypes
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

from aiohttp import web

# All that the page may do: its own files, pictures made in it, and any server.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self';"
    " style-src 'self'; img-src 'self' data: blob:; connect-src http: https:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_CARD = re.compile(r"/cards/([^/]+)/([0-9]{1,18})\.json")


class CardPath(NamedTuple):
    """Of which version a card is asked for."""

    model: str
    version: int


def explorer_pages() -> dict[str, Callable[[], web.Response]]:
    """What answers each path of the page; `/` is its index.html.

    The files lie in `tfdisent/serving/explorer`. Other paths are never looked
    for on the disk.
    """
    folder = importlib.resources.files("tfdisent.serving") / "explorer"
    pages = {
        f"/{file.name}": _page(file.name, file.read_bytes())
        for file in folder.iterdir()
        if file.is_file()
    }
    return {"/": pages["/index.html"], **pages}


def card_path(path: str) -> CardPath | None:
    """Reads `/cards/MODEL/VERSION.json`; None for every other path."""
    match = _CARD.fullmatch(path)
    return match and CardPath(unquote(match[1]), int(match[2]))


def card_response(card: bytes) -> web.Response:
    """A card as it lies in the export."""
    return web.Response(body=card, content_type="application/json")


def _page(name: str, body: bytes) -> Callable[[], web.Response]:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {**_HEADERS, "Content-Type": f"{kind}; charset=utf-8"}
    return lambda: web.Response(body=body, headers=headers)
