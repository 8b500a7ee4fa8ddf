"""Logging in: one user and password, and a signed cookie that every copy with the same secret knows.

Keeps no list of who is logged in, so any copy behind a load balancer can tell.
"""

import asyncio
import binascii
import hashlib
import hmac
import secrets
from base64 import b64decode
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

DAYS = 7  # for which a login lasts
SHORTEST_SECRET = 32  # characters
_SIGNED = b"in"


class Credentials:
    """A user and a password, kept as a hash (scrypt) only, and what shows that somebody gave them."""

    def __init__(self, user: str, password: str, secret: str = "") -> None:
        """secret: what copies of one page share; without one, a login is good for this process only."""
        self.user = user
        self._salt = secret.encode() or secrets.token_bytes(32)
        self._expected = _hashed(user, password, self._salt)
        self._signer = TimestampSigner(self._expected, salt="pincite login", digest_method=hashlib.sha256)
        self._last: bytes = b""  # of the headers that were right: the slow hash is for guesses
        # Cookies are shared between ports: another page on this machine has another name for its own.
        self.cookie = f"pincite-{hashlib.sha256(self._expected).hexdigest()[:8]}"

    def __call__(self, user: str, password: str) -> bool:
        """Tell whether these are the user and the password, in constant time."""
        return hmac.compare_digest(_hashed(user, password, self._salt), self._expected)

    def ticket(self) -> str:
        """Return a value for the cookie."""
        return self._signer.sign(_SIGNED).decode()

    async def admits(self, request: HTTPConnection) -> bool:
        """Tell whether a request has the cookie or, as programs send them, user and password.

        HTTP Basic, or as a bearer's token "user:password", which is what clients do with an API key.
        """
        return self._is_signed(request.cookies.get(self.cookie, "")) or await self._is_basic(
            request.headers.get("authorization", "")
        )

    def _is_signed(self, ticket: str) -> bool:
        try:
            return self._signer.unsign(ticket, max_age=DAYS * 86_400) == _SIGNED
        except BadSignature:
            return False

    async def _is_basic(self, header: str) -> bool:
        kind, _, encoded = header.partition(" ")
        if kind.lower() not in ("basic", "bearer"):
            return False
        digest = hmac.digest(self._expected, header.encode(), "sha256")
        if hmac.compare_digest(digest, self._last):
            return True
        try:
            given = encoded if kind.lower() == "bearer" else b64decode(encoded, validate=True).decode()
            user, _, password = given.partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if not await asyncio.to_thread(self, user, password):
            return False
        self._last = digest
        return True


def credentials(given: str, secret: str = "") -> Credentials:
    """Read "user:password" and the secret that copies share; "@FILE" for either reads the first line of a file.

    ValueError where there is no password, or a secret that could be guessed; OSError where a file cannot be read.
    """
    user, colon, password = _first_line(given).partition(":")
    if not (user and colon and password):
        raise ValueError("expected user:password, or @FILE with that in its first line")
    shared = _first_line(secret)
    if secret and len(shared) < SHORTEST_SECRET:
        raise ValueError(f"the secret has {len(shared)} characters; make one of at least {SHORTEST_SECRET} at random")
    return Credentials(user, password, shared)


def _first_line(given: str) -> str:
    text = Path(given[1:]).expanduser().read_text().partition("\n")[0] if given.startswith("@") else given
    return text.strip()


def _hashed(user: str, password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(f"{user}\0{password}".encode(), salt=salt, n=2**14, r=8, p=1)


def form() -> Response:
    """Return the page that asks for user and password, for whoever has not given them."""
    return HTMLResponse((files("ui") / "assets" / "login.html").read_text("utf-8"), 401)


def login_routes(known: Credentials) -> list[Route]:
    """Return where people and Gradio's client log in, and log out."""

    async def log_in(request: Request) -> Response:
        given = parse_qs((await request.body()).decode("utf-8", "replace"))
        user, password = (given.get(name, [""])[0] for name in ("username", "password"))
        if not await asyncio.to_thread(known, user, password):
            return JSONResponse({"detail": "Incorrect credentials."}, 400)
        response = JSONResponse({"success": True})
        response.set_cookie(
            known.cookie, known.ticket(), DAYS * 86_400, httponly=True, samesite="lax", secure=is_encrypted(request)
        )
        return response

    async def log_out(_: Request) -> Response:
        response = RedirectResponse("./", 303)
        response.delete_cookie(known.cookie)
        return response

    return [Route("/login", log_in, methods=["POST"]), Route("/logout", log_out, methods=["GET"])]


def is_encrypted(request: HTTPConnection) -> bool:
    """Tell whether the browser came by https, perhaps to a proxy that says so."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
