"""Restricts the page to browsers on this machine that have the token."""

import secrets
import urllib.parse

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
TOKEN_BYTES = 32
SAFE_METHODS = ("GET", "HEAD")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
# A page of this origin leads to the session, because after a click on another site, a redirection
# would not send a cookie that is restricted to this site.
WELCOME = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>memgan</title>'
    '<link rel="icon" href="data:,">'
    '<meta http-equiv="refresh" content="0; url=/"><p><a href="/">To the session</a></p></html>'
)
REFUSED = "Open the address that memgan app has printed: this one has no valid token."


def make_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Guard:
    """Passes on requests that are for this machine, from this page, and with the token.

    - The Host must be a loopback name, against DNS rebinding.
    - Requests with effects must have this page as Origin, against request forgery.
    - The token is sent once in the address and then in a cookie, and compared in constant time.

    Args:
        app: Receives the passed requests.
        token: The token.
        port: Part of the cookie's name, so that other sessions on this machine keep theirs.
    """

    def __init__(self, app: ASGIApp, token: str, port: int):
        self._app, self._token, self._cookie = app, token, f"memgan_app_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request or passes it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope)
        response = self._refusal(request)
        if response is None and self._is_first(request):
            response = self._welcome(request)
        if response is None and not self._is_token(request.cookies.get(self._cookie)):
            response = PlainTextResponse(REFUSED, 403)
        if response is not None:
            response.headers.update(HEADERS)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, _with_headers(send))

    def _refusal(self, request):
        host = request.headers.get("host", "")
        if _name_of(host) not in LOOPBACK:
            return PlainTextResponse("The address must be that of this machine, 127.0.0.1.", 403)
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return PlainTextResponse("Requests of other pages are refused.", 403)
        if request.headers.get("sec-fetch-site", "same-origin") in ("cross-site", "same-site") and (
            request.url.path != "/"
        ):
            return PlainTextResponse("Requests of other pages are refused.", 403)
        if request.method not in SAFE_METHODS and origin is None:
            return PlainTextResponse("A request that changes something must name its Origin.", 403)
        return None

    def _is_first(self, request):
        return request.method == "GET" and request.url.path == "/" and "token" in _query(request)

    def _welcome(self, request):
        if not self._is_token(_query(request)["token"][0]):
            return PlainTextResponse(REFUSED, 403)
        response = HTMLResponse(WELCOME)
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return response

    def _is_token(self, given):
        return given is not None and secrets.compare_digest(given.encode(), self._token.encode())


def _with_headers(send):
    async def sending(message):
        if message["type"] == "http.response.start":
            added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            present = {name.lower() for name, _ in message["headers"]}
            extra = [pair for pair in added if pair[0] not in present]
            message["headers"] = [*message["headers"], *extra]
        await send(message)

    return sending


def _name_of(host):
    """The name in a Host header, without the port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _query(request):
    return urllib.parse.parse_qs(request.url.query, keep_blank_values=True)
