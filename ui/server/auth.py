"""Logging in: one user and password, and a signed cookie that every copy with the same secret knows.

Keeps no list of who is logged in, so any copy behind a load balancer can tell; only of who logged out.
"""

import asyncio
import binascii
import hashlib
import hmac
import logging
import math
import secrets
import time
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs

from itsdangerous import BadSignature, TimestampSigner
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from retrieval.files import remove_abandoned

DAYS = 7  # for which a login lasts
SHORTEST_SECRET = 32  # characters
FREE_GUESSES = 5  # wrong passwords from one address, after which it has to wait: 2 s, then twice as long each time
LONGEST_WAIT = 60.0  # seconds
_ADDRESSES = 10_000  # of which wrong passwords are remembered
_SIGNED = b"in."
_LOG_OUT = """<!doctype html><html lang="en"><title>Pincite: log out</title>
<form method="post"><button>Log out</button></form></html>"""
_log = logging.getLogger(__name__)


class Guesses:
    """Wrong passwords by address; an address that keeps guessing has to wait."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, float]] = {}  # address -> how many in a row, when it may try again

    def check(self, address: str) -> None:
        """HTTPException 429 where it is to wait."""
        left = self._wrong.get(address, (0, 0.0))[1] - time.monotonic()
        if left > 0:
            wait = str(math.ceil(left))
            raise HTTPException(429, f"Too many wrong passwords; wait {wait} s.", {"retry-after": wait})

    def wrong(self, address: str) -> None:
        """Note a wrong password, and say it in the log."""
        count = self._wrong.pop(address, (0, 0.0))[0] + 1
        wait = min(LONGEST_WAIT, 2.0 ** (count - FREE_GUESSES)) if count > FREE_GUESSES else 0.0
        self._wrong[address] = count, time.monotonic() + wait
        if len(self._wrong) > _ADDRESSES:
            del self._wrong[next(iter(self._wrong))]
        _log.warning("wrong password from %s, %d in a row", address, count)

    def right(self, address: str) -> None:
        """Forget what was wrong."""
        self._wrong.pop(address, None)


class Credentials:
    """A user and a password, kept as a hash (scrypt) only, and what shows that somebody gave them."""

    def __init__(self, user: str, password: str, secret: str = "") -> None:
        """secret: what copies of one page share; without one, a login is good for this process only."""
        self.user = user
        self._salt = secret.encode() or secrets.token_bytes(32)
        self._expected = _hashed(user, password, self._salt)
        self._signer = TimestampSigner(self._expected, salt="pincite login", digest_method=hashlib.sha256)
        self._guesses = Guesses()
        self._checking = ThreadPoolExecutor(2)  # guesses: they shall not take all cores and threads
        self._out: set[str] = set()
        self.folder: Path | None = None  # where copies tell each other who logged out
        self._last: bytes = b""  # of the headers that were right: the slow hash is for guesses
        # Cookies are shared between ports: another page on this machine has another name for its own.
        self.cookie = f"pincite-{hashlib.sha256(self._expected).hexdigest()[:8]}"

    def __call__(self, user: str, password: str) -> bool:
        """Tell whether these are the user and the password, in constant time."""
        return hmac.compare_digest(_hashed(user, password, self._salt), self._expected)

    async def accepts(self, user: str, password: str, request: HTTPConnection) -> bool:
        """Tell whether these are the user and the password; HTTPException 429 for whoever guesses on and on."""
        address = request.client.host if request.client else ""
        self._guesses.check(address)
        is_right = await asyncio.get_running_loop().run_in_executor(self._checking, self, user, password)
        (self._guesses.right if is_right else self._guesses.wrong)(address)
        return is_right

    def ticket(self) -> str:
        """Return a value for the cookie, which is no other's."""
        return self._signer.sign(_SIGNED + secrets.token_hex(8).encode()).decode()

    def end(self, ticket: str) -> None:
        """Let a ticket be good no more, here and wherever the folder is shared."""
        if self._is_signed(ticket):
            self._out.add(name := _digest(ticket))
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                remove_abandoned(self.folder.iterdir(), DAYS * 86_400)
                (self.folder / name).touch(0o600)

    async def admits(self, request: HTTPConnection) -> bool:
        """Tell whether a request has the cookie or, as programs send them, user and password.

        HTTP Basic, or as a bearer's token "user:password", which is what clients do with an API key.
        """
        return self._is_signed(request.cookies.get(self.cookie, "")) or await self._is_basic(request)

    def _is_signed(self, ticket: str) -> bool:
        try:
            is_ours = self._signer.unsign(ticket, max_age=DAYS * 86_400).startswith(_SIGNED)
        except BadSignature:
            return False
        name = _digest(ticket)
        return is_ours and name not in self._out and not (self.folder is not None and (self.folder / name).exists())

    async def _is_basic(self, request: HTTPConnection) -> bool:
        header = request.headers.get("authorization", "")
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
        if not await self.accepts(user, password, request):
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


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()[:32]


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
        if not await known.accepts(user, password, request):
            return JSONResponse({"detail": "Incorrect credentials."}, 400)
        response = JSONResponse({"success": True})
        response.set_cookie(
            known.cookie, known.ticket(), DAYS * 86_400, httponly=True, samesite="lax", secure=is_encrypted(request)
        )
        return response

    async def log_out(request: Request) -> Response:
        if request.method != "POST":  # which another site's page could ask for
            return HTMLResponse(_LOG_OUT)
        known.end(request.cookies.get(known.cookie, ""))
        response = RedirectResponse("./", 303)
        response.delete_cookie(known.cookie)
        return response

    return [Route("/login", log_in, methods=["POST"]), Route("/logout", log_out, methods=["GET", "POST"])]


def is_encrypted(request: HTTPConnection) -> bool:
    """Tell whether the browser came by https, perhaps to a proxy that says so."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
