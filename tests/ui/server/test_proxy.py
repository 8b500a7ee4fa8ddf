"""Proxies that say who asks: believed by where their connection comes from, and by nothing that can be sent."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ui.server import Credentials, Guard, person, trusted, with_peer

HEADER = "X-Forwarded-User"


def page(known):
    async def who(_):
        return PlainTextResponse(person.get())

    inner = Guard(Starlette(routes=[Route("/", who)]), local=False, most=1, known=known)
    return with_peer(ProxyHeadersMiddleware(inner, trusted_hosts="*"))


def asked(peer, *headers, addresses=("10.0.0.2", "10.1.0.0/24", "fd00::/64")):
    """What a peer is told that sends these headers: its name here, or the status."""
    known = Credentials(proxy=trusted(HEADER, addresses))
    answer = TestClient(page(known), client=(peer, 5000)).get("/", headers=list(headers))
    return answer.text if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize("peer", ["10.0.0.2", "10.1.0.77", "fd00::7", "::ffff:10.0.0.2"])
def test_a_trusted_proxy_says_who_asks(peer):
    assert asked(peer, (HEADER, "ann@example.org")) == "user ann@example.org"
    assert asked(peer, (HEADER.lower(), "Zoë".encode())) == "user Zoë"
    assert asked(peer, (HEADER, "bob"), ("X-Forwarded-For", "203.0.113.9")) == "user bob"


@pytest.mark.parametrize("peer", ["10.0.0.3", "127.0.0.1", "fd00:1::7", "testclient"])
def test_from_anybody_else_the_header_says_nothing(peer):
    assert asked(peer, (HEADER, "ann")) == 401
    assert asked(peer, (HEADER, "ann"), ("X-Forwarded-For", "10.0.0.2")) == 401  # which only Uvicorn believes
    assert asked(peer, (HEADER, "ann"), ("Forwarded", "for=10.0.0.2"), ("X-Real-IP", "10.0.0.2")) == 401


@pytest.mark.parametrize("given", [[], [""], ["  "], ["a:b"], ["ann", "bob"], ["a\tb"], ["x" * 81]])
def test_no_name_or_two_are_none(given):
    assert asked("10.0.0.2", *((HEADER, name) for name in given)) == 401


def test_a_proxy_is_believed_before_the_cookie_of_an_earlier_login():
    known = Credentials("ann", "pw", proxy=trusted(HEADER, ["10.0.0.2"]))
    client = TestClient(page(known), client=("10.0.0.2", 5000), cookies={known.cookie: known.ticket("ann")})
    assert client.get("/").text == "user ann"
    assert client.get("/", headers={HEADER: "bob"}).text == "user bob"


def test_nobody_is_believed_where_it_is_off():
    for known in (Credentials("ann", "pw"), Credentials("ann", "pw", proxy=trusted("X-Other", ["10.0.0.2"]))):
        client = TestClient(page(known), client=("10.0.0.2", 5000))
        assert client.get("/", headers={HEADER: "ann"}).status_code == 401
        assert client.get("/", auth=("ann", "pw")).text == "user ann"


@pytest.mark.parametrize(
    "header, addresses, said",
    [
        ("X User", ["10.0.0.2"], "is no header's name"), ("", ["10.0.0.2"], "is no header's name"),
        (HEADER, ["proxy"], "'proxy' does not appear to be an IPv4 or IPv6 network"),
        (HEADER, ["10.0.0.2/8"], "has host bits set"), (HEADER, [], "name the proxy's address too"),
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_named(header, addresses, said):
    with pytest.raises(ValueError, match=said):
        trusted(header, addresses)
