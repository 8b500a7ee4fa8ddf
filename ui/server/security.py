"""Who may use the page: checks of host, origin, size and login, and headers that keep the browser at home.

Every request gets a number here, the caller's own where it has one.
"""

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response

from ui.server.auth import Credentials, form, is_encrypted
from ui.server.conversations import person
from ui.server.logs import request_id

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
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
        raise ValueError(f"{host} can be reached from other machines; set --auth user:password")


class Guard:
    """ASGI middleware around everything that is served.

    local: whether only this machine's names are answered to, against DNS rebinding. most: bytes of a request's body.
    known: who may come in; everybody where it is None.
    """

    def __init__(self, app: App, *, local: bool, most: int, known: Credentials | None = None) -> None:
        self._app = app
        self._local = local
        self._most = most
        self._known = known

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse a request with 401, 403, 404 or 413, or pass it on and add headers to the response."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            request = HTTPConnection(scope)
            request_id.set(_named(request.headers.get("x-request-id", "")))
            refused = self._refused(request) or await self._unknown(request)
            own = [] if refused else self._recognised(request)
            await (refused or self._app)(scope, _limited(receive, self._most), _with_headers(send, own))
        else:  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})

    def _recognised(self, request: HTTPConnection) -> list[tuple[bytes, bytes]]:
        """Remember who asks: the user who logged in, else the browser. Return the header that gives it a cookie."""
        token, headers = request.cookies.get(_OWN, ""), []
        if self._known is not None:
            person.set(f"user {self._known.user}")
            return []
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
        if self._local and urlsplit(f"//{host}").hostname not in _LOOPBACK:
            return _said(403, "This page answers to 127.0.0.1 and localhost only.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return _said(403, "Another site's page may not use this one.")
        navigates = headers.get("sec-fetch-mode") == "navigate" and request.scope["method"] == "GET"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            return _said(403, "Another site's page may not use this one.")
        if _is_closed(request.scope["path"]):
            return _said(404, "There is nothing here.")
        size = headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > self._most:
            return _said(413, f"At most {self._most / 2**20:.0f} MB can be sent at once.")
        return None

    async def _unknown(self, request: HTTPConnection) -> Response | None:
        """Ask for the password where one is needed and was not given."""
        if self._known is None or request.scope["path"] in _OPEN or await self._known.admits(request):
            return None
        looks = request.scope["method"] == "GET" and "text/html" in request.headers.get("accept", "")
        return form() if looks else _said(401, "Log in first: at /login, or with user and password (HTTP Basic).")


def _named(given: str) -> str:
    """Return a request's number: the one that a proxy gave it, or one of ours."""
    return given if _REQUEST.fullmatch(given) else secrets.token_hex(8)


def _is_closed(path: str) -> bool:
    name = path.removeprefix("/gradio_api").lstrip("/")
    return path.startswith(("/gradio_api/", "/monitoring")) and name.startswith(_CLOSED)


def _limited(receive: Receive, most: int) -> Receive:
    """Hang up on a body that is longer than it said it would be."""
    left = most

    async def limited() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return limited


def _with_headers(send: Send, more: list[tuple[bytes, bytes]]) -> Send:
    own = [*_HEADERS, (b"x-request-id", request_id.get().encode()), *more]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *own]}
        await send(message)

    return sending


def _said(status: int, reason: str) -> Response:
    return PlainTextResponse(f"{reason}\n", status)
