"""Proxies that know who asks, for single sign-on: each is trusted by the address that its connection comes from.

X-Forwarded-For says nothing here: whoever may set it could name a proxy's address.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import HTTPConnection

from ui.server.auth.accounts import checked_name
from ui.server.connections import Message, Receive

App = Callable[[Message, Receive, Callable[[Message], Awaitable[None]]], Awaitable[None]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PEER = "pincite.peer"
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """The header in which proxies name the person, and the addresses of those that are believed."""

    header: str
    addresses: tuple[Network, ...]

    def person(self, request: HTTPConnection) -> str:
        """Return who asks; "" where no proxy says so, or one says something that is no name."""
        given = request.headers.getlist(self.header)
        if len(given) != 1 or not self._is_trusted(request.scope.get(_PEER)):
            return ""
        try:
            return checked_name(given[0].encode("latin-1").decode().strip())
        except ValueError:
            return ""

    def _is_trusted(self, peer: Any) -> bool:
        try:
            address = ipaddress.ip_address(peer[0])
        except (TypeError, ValueError):
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address  # what an IPv4 peer is on a socket for both
        return any(mapped in network for network in self.addresses)


def trusted(header: str, addresses: Iterable[str]) -> Proxy:
    """Read a header's name, and addresses or networks (10.0.0.2, 10.0.0.0/24); ValueError says what is none."""
    if not _HEADER.fullmatch(header):
        raise ValueError(f"{header!r} is no header's name; X-Forwarded-User would be one")
    networks = tuple(ipaddress.ip_network(each.strip()) for each in addresses)
    if not networks:
        raise ValueError("name the proxy's address too: anybody could send the header")
    return Proxy(header, networks)


def with_peer(app: App) -> App:
    """Note on each request where its connection comes from, before Uvicorn puts X-Forwarded-For in that place."""

    async def noting(scope: Message, receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
        await app({**scope, _PEER: scope.get("client")}, receive, send)

    return noting
