"""A page of the web, fetched once because a person named it: by http or https, from public addresses, within limits."""

import re
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any

import httpcore
import httpx

from retrieval.errors import DocumentError
from retrieval.parsers import FORMATS

MOST_REDIRECTS = 5
SECONDS = 30.0  # for all of it
_WAIT = dict.fromkeys(("connect", "read", "write", "pool"), 10.0)
_TYPES: Mapping[str, str] = {
    "text/html": ".html", "application/xhtml+xml": ".html", "application/pdf": ".pdf", "text/plain": ".txt",
    "text/markdown": ".md", "text/csv": ".csv", "application/epub+zip": ".epub", "application/rtf": ".rtf",
}  # fmt: skip
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Tell whether an address is one of the open internet: not of this machine, nor of a network at home or at work."""
    return ip_address(address.partition("%")[0]).is_global


def fetch(url: str, most: int, is_allowed: Callable[[str], bool] = is_public) -> tuple[str, bytes]:
    """Fetch a page or file; return a name for it and its content, a page with its address and today's date.

    DocumentError says what is wrong: another scheme, no such server, an address that is not allowed (of a redirect,
    too), a status other than 200, over `most` bytes, over SECONDS, or a type that is not read.
    """
    ends = time.monotonic() + SECONDS
    here = _address(url)
    with httpcore.ConnectionPool(network_backend=_Guarded(is_allowed)) as pool:
        for _ in range(MOST_REDIRECTS + 1):
            status, headers, content = _get(pool, here, most, ends)
            if status not in (301, 302, 303, 307, 308):
                break
            here = _address(str(here.join(headers.get("location", ""))))
    if status != 200:
        raise DocumentError(url, f"could not be fetched: the server says {status}")
    suffix = _suffix(here, headers.get("content-type", ""))
    stem = PurePosixPath(here.path).stem or here.host
    return f"{stem}{suffix}", _noted(here, headers, content) if suffix == ".html" else content


def _address(url: str) -> httpx.URL:
    """Read an address; DocumentError where it is none of http or https, or has a password in it."""
    try:
        found = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise DocumentError(url, f"is no address of a page: {error}") from error
    if found.scheme not in ("http", "https") or not found.host or found.userinfo:
        raise DocumentError(url, "is no address of a page; expected https://… without a password in it")
    return found


def _get(pool: httpcore.ConnectionPool, url: httpx.URL, most: int, ends: float) -> tuple[int, dict[str, str], bytes]:
    named = str(url)
    headers: Mapping[bytes | str, bytes | str] = {
        "Host": url.netloc.decode(),
        "User-Agent": "Pincite",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
    try:
        with pool.stream("GET", named.partition("#")[0], headers=headers, extensions={"timeout": _WAIT}) as response:
            told = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in response.headers}
            return response.status, told, _read(response.iter_stream(), named, most, ends)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        why = str(error) or type(error).__name__
        raise DocumentError(named, f"could not be fetched: {why}") from error


def _read(parts: Iterable[bytes], named: str, most: int, ends: float) -> bytes:
    content = bytearray()
    for part in parts:
        content += part
        if len(content) > most:
            raise DocumentError(named, f"has more than {most / 2**20:.0f} MB")
        if time.monotonic() > ends:
            raise DocumentError(named, f"takes more than {SECONDS:.0f} s")
    return bytes(content)


def _suffix(url: httpx.URL, stated: str) -> str:
    """Return the suffix of what was fetched, by the type that the server states, else by its name."""
    kind = stated.partition(";")[0].strip().lower()
    named = PurePosixPath(url.path).suffix.lower()
    suffix = (
        named if kind in ("text/plain", "application/octet-stream") and named in FORMATS else _TYPES.get(kind, named)
    )
    if suffix not in FORMATS:
        raise DocumentError(str(url), f"is of type {kind or 'unknown'}, which is not read")
    return suffix


def _noted(url: httpx.URL, headers: Mapping[str, str], content: bytes) -> bytes:
    """Return a page with its address and today's date, as browsers note them, and the character set of its header."""
    named = str(url).replace("--", "%2D%2D")
    note = f"<!-- saved from url=({len(named):04}){named} on {date.today().isoformat()} -->\n"
    charset = _CHARSET.search(headers.get("content-type", ""))
    declared = f'<meta charset="{charset[1]}">\n' if charset and b"charset" not in content[:4096].lower() else ""
    return (note + declared).encode() + content


class _Guarded(httpcore.NetworkBackend):
    """Connects to allowed addresses only, each name looked up once: what was checked is what is connected to."""

    def __init__(self, is_allowed: Callable[[str], bool]) -> None:
        self._is_allowed, self._inner = is_allowed, httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """See httpcore."""
        try:
            found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"no server is called {host}") from error
        addresses = [str(each[4][0]) for each in found]
        if not all(map(self._is_allowed, addresses)):
            raise httpcore.ConnectError(
                f"{host} is on this machine or in a network of its own, where nothing is fetched"
            )
        return self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    def sleep(self, seconds: float) -> None:
        """See httpcore."""
        self._inner.sleep(seconds)
