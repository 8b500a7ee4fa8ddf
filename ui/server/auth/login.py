"""Logging in: users and passwords, and a signed cookie that every copy with the same secret knows.

Keeps no list of who is logged in. A cookie's key is made of the secret, the user's password and when they last logged
out, so that a new password or a log-out ends all logins of a user in all copies that share the accounts.
"""

import asyncio
import binascii
import hashlib
import hmac
import secrets
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import HTTPConnection

from ui.server.auth.accounts import PREFIX, Accounts, Password
from ui.server.auth.guesses import Guesses
from ui.server.auth.proxy import Proxy

DAYS = 7  # for which a login lasts
SHORTEST_SECRET = 32  # characters
_REMEMBERED = 1000  # headers that were right
_SIGNED = "in"
_FOR_TOKENS = ("/api/", "/v1/", "/gradio_api/mcp", "/metrics")  # begin the paths that programs call


class Credentials:
    """Who may come in: one user, those of the accounts, programs with a token, and whom a trusted proxy names."""

    def __init__(
        self, user: str = "", password: str = "", secret: str = "", accounts: Accounts | None = None,
        proxy: Proxy | None = None,
    ) -> None:  # fmt: skip
        """user, password: of the one user, "" for none. accounts: None for some that end with this process.

        secret: what copies of one page share; without one, what the accounts keep.
        """
        self._accounts = accounts or Accounts(None)
        self._secret = (secret or self._accounts.secret()).encode()
        self._proxy = proxy
        self._one = {user: Password.of(user, password, self._secret)} if user else {}
        self._nobody = Password(self._secret, secrets.token_bytes(64))
        self._guesses = Guesses()
        self._checking = ThreadPoolExecutor(2)  # guesses: they shall not take all cores and threads
        self._right: set[bytes] = set()  # digests of headers that were: the slow hash is for guesses
        # Cookies are shared between ports: another page on this machine has another name for its own.
        marks = b"".join(password.hash for password in self._one.values())
        self.cookie = f"pincite-{hashlib.sha256(self._secret + marks).hexdigest()[:8]}"

    def __call__(self, user: str, password: str) -> bool:
        """Tell whether these are a user and the password, in the same time for a user that there is not."""
        kept = self._one.get(user) or self._accounts.known(user)[0]
        return (kept or self._nobody).matches(user, password)

    def has_passwords(self) -> bool:
        """Tell whether anybody can log in here, and not only at a proxy or with a token."""
        return bool(self._one or self._accounts.users())

    async def accepts(self, user: str, password: str, request: HTTPConnection) -> bool:
        """Tell whether these are a user and the password; HTTPException 429 for whoever guesses on and on."""
        address = request.client.host if request.client else ""
        self._guesses.check(address)
        is_right = await asyncio.get_running_loop().run_in_executor(self._checking, self, user, password)
        (self._guesses.right if is_right else self._guesses.wrong)(address)
        return is_right

    async def admits(self, request: HTTPConnection) -> str:
        """Return who sent a request, "user …" or "token …"; "" for whoever may not come in.

        Browsers have the cookie. Programs send user and password by HTTP Basic or as a bearer's token "user:password",
        which is what clients do with an API key, or a token, which is good for what programs call.
        """
        user = (self._proxy.person(request) if self._proxy else "") or self.holder(request.cookies.get(self.cookie, ""))
        if user:
            return f"user {user}"
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and given.startswith(PREFIX):
            name = self._accounts.token_name(given) if request.scope["path"].startswith(_FOR_TOKENS) else ""
            return f"token {name}" if name else ""
        return await self._basic(kind.lower(), given, request)

    def ticket(self, user: str) -> str:
        """Return a value for a user's cookie, which is no other's."""
        named = f"{_SIGNED}.{user.encode().hex()}.{secrets.token_hex(8)}"
        return _signer(self._key(user)).sign(named).decode()

    def holder(self, ticket: str) -> str:
        """Return the user that a ticket was made for, "" where it is not good."""
        kind, _, rest = ticket.partition(".")
        try:
            user = bytes.fromhex(rest.partition(".")[0]).decode()
            if kind != _SIGNED or not (key := self._key(user)):
                return ""
            _signer(key).unsign(ticket, max_age=DAYS * 86_400)
            return user
        except (ValueError, BadSignature):
            return ""

    def end(self, ticket: str) -> None:
        """End all logins of a ticket's user, wherever the accounts are shared."""
        if user := self.holder(ticket):
            self._accounts.end_sessions(user)

    def _key(self, user: str) -> bytes:
        """Return what signs a user's tickets, another one after a new password or a log-out; b"" for nobody's name."""
        kept, epoch = self._accounts.known(user)
        password = self._one.get(user) or kept
        parts = (user.encode(), password.hash, epoch.encode()) if password else ()
        return hmac.digest(self._secret, b"\0".join(parts), "sha256") if parts else b""

    async def _basic(self, kind: str, given: str, request: HTTPConnection) -> str:
        if kind not in ("basic", "bearer"):
            return ""
        try:
            user, _, password = (given if kind == "bearer" else b64decode(given, validate=True).decode()).partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        digest = hmac.digest(self._key(user), password.encode("utf-8", "replace"), "sha256")
        if digest not in self._right:
            if not await self.accepts(user, password, request):
                return ""
            if len(self._right) >= _REMEMBERED:
                self._right.clear()
            self._right.add(digest)
        return f"user {user}"


def credentials(
    given: str | None, secret: str = "", accounts: Accounts | None = None, proxy: Proxy | None = None
) -> Credentials | None:
    """Read "user:password" and the secret that copies share; "@FILE" for either reads the first line of a file.

    None where everybody may come in: nothing is given, there are no users, and no proxy is trusted.
    ValueError where there is no password, or a secret that could be guessed; OSError where a file cannot be read.
    """
    user, colon, password = ("", "", "") if given is None else _first_line(given).partition(":")
    if given is not None and not (user and colon and password):
        raise ValueError(
            "expected user:password, or @FILE with that in its first line; several users: pincite user add NAME"
        )
    shared = _first_line(secret)
    if secret and len(shared) < SHORTEST_SECRET:
        raise ValueError(f"the secret has {len(shared)} characters; make one of at least {SHORTEST_SECRET} at random")
    if not (user or proxy or (accounts and accounts.users())):
        return None
    return Credentials(user, password, shared, accounts, proxy)


def _signer(key: bytes) -> TimestampSigner:
    return TimestampSigner(key, salt="pincite login", digest_method=hashlib.sha256)


def _first_line(given: str) -> str:
    text = Path(given[1:]).expanduser().read_text().partition("\n")[0] if given.startswith("@") else given
    return text.strip()
