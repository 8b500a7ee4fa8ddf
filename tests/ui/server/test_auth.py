"""Who is let in: passwords, cookies, secrets."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ui.server import Credentials, Guard, credentials, login_routes
from ui.server.auth import login

SECRET = "a secret that both copies have, 1"
ANN = ("ann", "p:w")


def test_a_login_is_good_for_copies_with_the_same_password_and_secret():
    known = Credentials(*ANN, SECRET)
    ticket = known.ticket("ann")
    assert known.holder(ticket) == "ann" == Credentials(*ANN, SECRET).holder(ticket)
    others = Credentials("ann", "other", SECRET), Credentials(*ANN, SECRET + "2"), Credentials(*ANN), Credentials(*ANN)
    assert not any(other.holder(ticket) for other in others)
    assert len({known.cookie, *(other.cookie for other in others)}) == 5
    for wrong in (
        ticket[:-1],
        "",
        "in",
        "in.",
        "in.ff",
        "in.zz.1",
        f"on{ticket[2:]}",
        ticket.replace("616e6e", "626f62"),
    ):
        assert known.holder(wrong) == ""


def test_the_cookie_is_for_this_site_and_its_server_only():
    known = Credentials(*ANN)
    client = TestClient(Starlette(routes=login_routes(known)), follow_redirects=False)
    assert client.post("/login", data={"username": "ann", "password": "x"}).status_code == 400
    assert client.post("/login", content=b"\xff&password").status_code == 400
    given = dict(zip(("username", "password"), ANN, strict=True))
    plain = client.post("/login", data=given).headers["set-cookie"]
    assert plain.startswith(f"{known.cookie}=in.") and "HttpOnly" in plain and "SameSite=lax" in plain
    assert "Secure" not in plain
    assert "Secure" in client.post("/login", data=given, headers={"x-forwarded-proto": "https"}).headers["set-cookie"]
    assert ">Log out</button>" in client.get("/logout").text
    out = client.post("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "./")
    assert f'{known.cookie}=""' in out.headers["set-cookie"]


def test_nothing_speaks_websocket():
    guard = Guard(Starlette(), local=False, most=1)
    with pytest.raises(WebSocketDisconnect), TestClient(guard).websocket_connect("/gradio_api/anything"):
        pass


def test_a_login_ends(monkeypatch):
    known = Credentials(*ANN)
    monkeypatch.setattr(login, "DAYS", -1)
    assert known.holder(known.ticket("ann")) == ""


def test_a_secret_that_could_be_guessed_is_refused(tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    assert credentials("ann:p:w", f"@{tmp_path / 'secret'}").holder(Credentials(*ANN, SECRET).ticket("ann")) == "ann"
    with pytest.raises(ValueError, match="the secret has 5 characters; make one of at least 32 at random"):
        credentials("ann:p:w", "short")
