"""Who may use the page: checks of host, origin, size and login, and headers that keep the browser at home.

Every request gets a number here, the caller's own where it has one.
"""

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response

from ui.server.auth import Credentials, is_encrypted, refusal
from ui.server.connections import Message, Receive, counted, too_long, whole
from ui.server.kept.conversations import person
from ui.server.logs import request_id

Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

# Gradio compiles its templates in the browser, hence 'unsafe-eval'; nothing from a document is ever a template.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
# Gradio routes that take files or addresses from the caller; the page has its own upload and needs none of them.
_CLOSED = ("upload", "proxy", "file", "stream", "deep_link", "vibe", "dev", "monitoring")
# What is served before anybody has logged in: no question, document or number of them is told there.
_OPEN = ("/login", "/healthz", "/readyz", "/gradio_api/startup-events")
_REQUEST = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_OWN = "pincite-person"  # the cookie that tells browsers apart where nobody logs in
_TOKEN = re.compile("[0-9a-f]{32}")
_DAYS = 400  # for which browsers keep a cookie at most
_MOST = {"/login": 8 * 2**10, "/logout": 2**10}  # bytes of a body
_MOST_ELSEWHERE = 256 * 2**10  # but for files that are sent to the page
_STATIC = re.compile("/(assets|static|svelte)/|/(favicon.ico|theme.css|robots.txt)$")  # which browsers may keep
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_password(host: str, auth: object) -> None:
    """Raise ValueError where other machines could use the page without a password."""
    if auth is None and not is_loopback(host):
        raise ValueError(
            f"{host} can be reached from other machines; set --auth user:password, or add users: pincite user add NAME"
        )


class Guard:
    """ASGI middleware around everything that is served.

    local: whether only this machine's names are answered to, against DNS rebinding. most: bytes of a file that is sent.
    known: who may come in; everybody where it is None.
    """

    def __init__(self, app: App, *, local: bool, most: int, known: Credentials | None = None) -> None:
        self._app = app
        self._local = local
        self._most = most
        self._known = known

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse a request with 400 to 413 or 429, or pass it on and add headers to the response."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            request = HTTPConnection(scope)
            request_id.set(_named(request.headers.get("x-request-id", "")))
            own: list[tuple[bytes, bytes]] = []
            try:
                refused = self._refused(request) or await self._unknown(request)
                if not refused:
                    own = self._own(request) if self._known is None else []
                    receive = await self._bounded(request, receive)
            except HTTPException as error:
                refused = _said(error.status_code, error.detail, error.headers)
            await (refused or self._app)(scope, receive, _with_headers(send, [*own, *self._kept(request)]))
        else:  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})

    def _bounded_at(self, request: HTTPConnection) -> int:
        """Return the most bytes that a request's body may have."""
        return self._most if _is_upload(request) else _MOST.get(request.scope["path"], _MOST_ELSEWHERE)

    async def _bounded(self, request: HTTPConnection, receive: Receive) -> Receive:
        """Bound a body, which may have told no length, in size and time. Only files are passed on as they come."""
        most = self._bounded_at(request)
        return counted(receive, most) if _is_upload(request) else await whole(receive, most)

    def _kept(self, request: HTTPConnection) -> list[tuple[bytes, bytes]]:
        """Return the header that forbids to keep what only those may see who logged in."""
        is_open = self._known is None or _STATIC.match(request.scope["path"])
        return [] if is_open else [(b"cache-control", b"no-store")]

    def _own(self, request: HTTPConnection) -> list[tuple[bytes, bytes]]:
        """Remember which browser asks, where nobody logs in. Return the header that gives it a cookie."""
        token, headers = request.cookies.get(_OWN, ""), []
        if not _TOKEN.fullmatch(token):
            token = ""
            if request.scope["method"] == "GET" and request.scope["path"] == "/":
                token = secrets.token_hex(16)
                kept = f"{_OWN}={token}; Path=/; Max-Age={_DAYS * 86_400}; HttpOnly; SameSite=Lax"
                headers = [(b"set-cookie", f"{kept}{'; Secure' if is_encrypted(request) else ''}".encode())]
        person.set(f"browser {hashlib.sha256(token.encode()).hexdigest()[:32]}" if token else "")
        return headers

    def _refused(self, request: HTTPConnection) -> Response | None:
        """Return what to say where the request must not go on, whoever sent it."""
        headers = request.headers
        host = headers.get("host", "")
        # Starlette's TrustedHostMiddleware answers 400 "Invalid host header", outside these headers and the request's
        # number, and up to 1.0 it reads "[::1]:7860" as "["; these two lines tell people what to do, with 403.
        origin = headers.get("origin")
        try:
            name, site = urlsplit(f"//{host}").hostname, origin and urlsplit(origin).netloc
        except ValueError:
            return _said(400, "The request names no host, or no origin, that there can be.")
        if self._local and name not in _LOOPBACK:
            return _said(403, "This page answers to 127.0.0.1 and localhost only.")
        if origin is not None and site != host:
            return _said(403, "Another site's page may not use this one.")
        navigates = headers.get("sec-fetch-mode") == "navigate" and request.scope["method"] == "GET"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            return _said(403, "Another site's page may not use this one.")
        if _is_closed(request.scope["path"]):
            return _said(404, "There is nothing here.")
        size = headers.get("content-length", "0")
        most = self._bounded_at(request)
        if not size.isdecimal() or len(size) > 15 or int(size) > most:
            raise too_long(most)
        return None

    async def _unknown(self, request: HTTPConnection) -> Response | None:
        """Remember who asks; refuse whom nobody knows, where somebody must be known."""
        if self._known is None or request.scope["path"] in _OPEN:
            person.set("")
            return None
        person.set(who := await self._known.admits(request))
        return None if who else refusal(self._known, request)


def _named(given: str) -> str:
    """Return a request's number: the one that a proxy gave it, or one of ours."""
    return given if _REQUEST.fullmatch(given) else secrets.token_hex(8)


def _is_closed(path: str) -> bool:
    name = path.removeprefix("/gradio_api").lstrip("/")
    return path.startswith(("/gradio_api/", "/monitoring")) and name.startswith(_CLOSED)


def _is_upload(request: HTTPConnection) -> bool:
    kind = request.headers.get("content-type", "")
    return request.scope["path"].rstrip("/").endswith("/component_server") and kind.startswith("multipart/form-data")


def _with_headers(send: Send, more: list[tuple[bytes, bytes]]) -> Send:
    own = [*_HEADERS, (b"x-request-id", request_id.get().encode()), *more]
    replaced = {name for name, _ in own} - {b"set-cookie"}

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = [each for each in message.get("headers", []) if each[0].lower() not in replaced]
            message = {**message, "headers": [*given, *own]}
        await send(message)

    return sending


def _said(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{reason}\n", status, headers)
