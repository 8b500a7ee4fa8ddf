"""Who may use the page: checks of host, origin, size and password, and headers that keep the browser at home.

Knows nothing about Gradio, libraries or answers.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
    """ASGI middleware around everything that Gradio serves.

    local: whether only this machine's names are answered to, against DNS rebinding. most: bytes of a request's body.
    """

    def __init__(self, app: App, *, local: bool, most: int) -> None:
        self._app = app
        self._local = local
        self._most = most

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse a request with 403, 404 or 413, or pass it on and add headers to the response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._refused(scope, headers)
        if refused:
            await _refuse(send, *refused)
            return
        await self._app(scope, _limited(receive, self._most), _with_headers(send))

    def _refused(self, scope: Message, headers: dict[str, str]) -> tuple[int, str] | None:
        """Return status and reason where the request must not go on."""
        host = headers.get("host", "")
        if self._local and urlsplit(f"//{host}").hostname not in _LOOPBACK:
            return 403, "This page answers to 127.0.0.1 and localhost only."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "Another site's page may not use this one."
        navigates = headers.get("sec-fetch-mode") == "navigate" and scope["method"] == "GET"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            return 403, "Another site's page may not use this one."
        if _is_closed(scope["path"]):
            return 404, "There is nothing here."
        size = headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > self._most:
            return 413, f"At most {self._most / 2**20:.0f} MB can be sent at once."
        return None


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


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_HEADERS]}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, reason: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{reason}\n".encode()})


def credentials(given: str) -> Callable[[str, str], bool]:
    """Return a check of user and password; given: "user:password", or "@FILE" with that in its first line.

    Only a hash (scrypt) is kept, and it is compared in constant time. ValueError where there is no password.
    """
    text = Path(given[1:]).expanduser().read_text().splitlines()[0] if given.startswith("@") else given
    user, colon, password = text.strip().partition(":")
    if not (user and colon and password):
        raise ValueError("expected user:password, or @FILE with that in its first line")
    salt = secrets.token_bytes(16)
    expected = _hashed(user, password, salt)

    def check(user: str, password: str) -> bool:
        return hmac.compare_digest(_hashed(user, password, salt), expected)

    return check


def _hashed(user: str, password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(f"{user}\0{password}".encode(), salt=salt, n=2**14, r=8, p=1)
