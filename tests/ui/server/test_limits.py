"""Whoever sends too much, too slowly, too often or nonsense is told so, and others are answered meanwhile."""

import http.client
import re
import socket
import threading
import time

import httpx
import pytest
from fakes import HashedEncoder

from retrieval import Document, Library, Settings
from ui.server import Credentials, connections
from ui.server.auth import guesses
from ui.web import Service, launch

ANN = ("ann", "a secret")
LARGE = b'{"data": ["' + b"x" * 30_000_000 + b'"]}'
REFUSED = {400, 401, 403, 404, 405, 413, 429}
LONG = (
    "/login", "/gradio_api/component_server", "/gradio_api/call/x", "/gradio_api/queue/join", "/gradio_api/run/x",
    "/gradio_api/mcp", "/api/ask", "/v1/chat/completions",
)  # fmt: skip
OPEN = {"/login", "/healthz", "/readyz", "/gradio_api/startup-events"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with a password: (app, address)."""
    folder = tmp_path_factory.mktemp("limits")
    with Library(folder / "library", Settings(), encoder=HashedEncoder()) as library:
        library.add(Document("owls", "Owls", "Owls hunt voles at night."))
        blocks, address = launch(Service(library), auth=Credentials(*ANN), mcp=True)
        yield blocks.app, address
        blocks.close(verbose=False)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Nobody has to wait after wrong passwords."""
    monkeypatch.setattr(guesses, "FREE_GUESSES", 10**6)


def paths(routes, prefix=""):
    """Yield the paths that an app says it has."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        below = getattr(route, "original_router", route)
        if children := getattr(below, "routes", None):
            for start in ("", "/gradio_api") if below is not route else ("",):
                yield from paths(children, path + start)
        yield re.sub("{.*?}", "x", path) or "/"


@pytest.mark.slow
def test_no_route_serves_anybody_without_the_password(page):
    """Whatever the body, the credentials and the origin; nothing is read of a body that is too long."""
    app, address = page
    known = sorted({*paths(app.routes)})
    assert len(known) > 60
    ticket = Credentials(*ANN).ticket("ann")  # of another server
    others = [
        {}, {"cookie": f"{Credentials(*ANN).cookie}={ticket}"}, {"authorization": "Bearer ann:wrong"},
        {"authorization": "Basic !"}, {"origin": "http://evil.example"},
    ]  # fmt: skip
    with httpx.Client(base_url=address) as client:
        for path in known:
            for method in ("GET", "POST", "PUT"):
                for headers in others if method == "POST" else others[:2]:
                    status = client.request(method, path, headers=headers).status_code
                    assert status in REFUSED or (path in OPEN and method == "GET"), (method, path, headers, status)


@pytest.mark.slow
def test_the_largest_body_holds_nobody_up(page):
    app, address = page
    known = {*paths(app.routes)}
    slowest = 0.0
    over = threading.Event()

    def watch():
        nonlocal slowest
        with httpx.Client(base_url=address) as client:
            while not over.wait(0.02):
                began = time.monotonic()
                assert client.get("healthz").status_code == 200
                slowest = max(slowest, time.monotonic() - began)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        for auth, long in ((None, LONG[:2]), (ANN, LONG)):
            for path in long:
                assert path in known
                with httpx.Client(base_url=address, auth=auth) as client:
                    assert posted(client, path, LARGE) in (REFUSED if auth is None else {404, 413}), path
    finally:
        over.set()
        watching.join()
    assert slowest < 3


def posted(client, path, body):
    """Return the status of a long body, of which the server need not read more than it wants."""
    try:
        return client.post(path, content=body, headers={"content-type": "application/json"}).status_code
    except httpx.WriteError:  # it answered, and closed before all was sent
        return 413


@pytest.mark.parametrize("path, size", [("/login", 8 * 2**10), ("/api/ask", 256 * 2**10), ("/logout", 2**10)])
def test_a_body_without_a_length_is_measured(page, path, size):
    def body(count):
        for start in range(0, count, 1000):
            yield b" " * min(1000, count - start)

    with httpx.Client(base_url=page[1], auth=ANN) as client:
        assert client.post(path, content=body(size + 1)).status_code == 413
        assert client.post(path, content=body(size)).status_code in (303, 400)
        assert (
            client.post(path, content=b" " * (size + 1)).text
            == f"At most {size // 2**10} KB can be sent here at once.\n"
        )


def test_a_file_without_a_length_is_measured(page):
    boundary = b"--x\r\ncontent-disposition: form-data; name=file; filename=a.txt\r\n\r\n"

    def body():
        yield boundary
        for _ in range(34):
            yield b" " * 2**20

    headers = {"content-type": "multipart/form-data; boundary=x"}
    with httpx.Client(base_url=page[1], auth=ANN) as client:
        response = client.post("gradio_api/component_server/", content=body(), headers=headers)
    assert response.status_code == 413


# --- late


@pytest.mark.slow
def test_half_requests_and_bodies_that_never_come_are_given_up(page, monkeypatch):
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.3)
    with httpx.Client(base_url=page[1], auth=ANN) as client:

        def body():
            yield b"{"
            time.sleep(1)
            yield b"}"

        assert client.post("api/ask", content=body()).status_code == 408


@pytest.mark.slow
def test_a_connection_that_says_too_little_is_closed(page):
    """As the page has it, with a shorter time."""
    server = page[0].blocks.server
    kept, server.config.http_protocol_class = server.config.http_protocol_class, None
    try:
        server.config.http_protocol_class = connections.bounded(kept.__base__, seconds=0.4, most=20)
        port = httpx.URL(page[1]).port
        begun = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        half = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(10)]
        for each in half:
            each.sendall(begun)
        whole = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(3):  # one that asks again and again stays
            whole.request("GET", "/healthz")
            assert whole.getresponse().read() == b"alive\n"
            time.sleep(0.2)
        for _ in range(8):  # drop by drop
            half[0].send(b"x") if not ended(half[0]) else None
            time.sleep(0.1)
        assert [each.recv(1) for each in half[1:]] == [b""] * 9
        whole.sock.sendall(begun)
        assert whole.sock.recv(1) == b""
        crowd = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(40)]
        time.sleep(0.2)
        assert sum(ended(each) for each in crowd) >= 20
    finally:
        server.config.http_protocol_class = kept


def ended(connection):
    """Tell whether the other side has closed."""
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(10)


# --- often


@pytest.mark.slow
def test_guesses_are_slowed_and_logged(page, monkeypatch, caplog):
    monkeypatch.setattr(guesses, "FREE_GUESSES", 2)
    monkeypatch.setattr(guesses, "LONGEST_WAIT", 1.0)
    with httpx.Client(base_url=page[1]) as client:
        wrong = {"username": "ann", "password": "wrong"}
        assert [client.post("login", data=wrong).status_code for _ in range(4)] == [400, 400, 400, 429]
        refused = client.get("config", auth=("ann", "other"))
        assert (refused.status_code, refused.text) == (429, "Too many wrong passwords; wait 1 s.\n")
        assert refused.headers["retry-after"] == "1"
        assert client.get("healthz").status_code == 200
        time.sleep(1.05)
        assert client.get("config", auth=("ann", "other")).status_code == 401
        assert client.post("login", data=wrong).json() == {"detail": "Too many wrong passwords; wait 1 s."}
        time.sleep(1.05)
        assert client.post("login", data=dict(zip(("username", "password"), ANN, strict=True))).status_code == 200
        client.cookies.clear()
        assert client.post("login", data=wrong).status_code == 400
        assert client.post("login", data=dict(zip(("username", "password"), ANN, strict=True))).status_code == 200
    said = [record.getMessage() for record in caplog.records if "wrong password" in record.getMessage()]
    assert said[:3] == [f"wrong password from 127.0.0.1, {count} in a row" for count in (1, 2, 3)]
    assert said[-1] == "wrong password from 127.0.0.1, 1 in a row"


def test_who_logged_out_is_out_in_every_browser(page):
    given = dict(zip(("username", "password"), ANN, strict=True))
    with httpx.Client(base_url=page[1]) as client, httpx.Client(base_url=page[1]) as other:
        client.post("login", data=given)
        other.post("login", data=given)
        ticket = dict(client.cookies)
        assert client.get("logout").status_code == 200
        assert client.get("config").status_code == 200  # asking how does not
        assert client.post("logout").status_code == 303
        client.cookies.update(ticket)
        assert client.get("config").status_code == 401
        assert other.get("config").status_code == 401
        assert other.post("login", data=given).status_code == 200
        client.post("logout")  # with what is good no more
        assert other.get("config").status_code == 200


# --- nonsense


@pytest.mark.parametrize("header", ["Host: [", "Host: a]b", "Host: [::1", "Origin: http://[", "Origin: //[x]y"])
def test_a_host_or_origin_that_cannot_be_is_a_bad_request(page, header, capfd):
    port = httpx.URL(page[1]).port
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        host = "" if header.startswith("Host") else f"Host: 127.0.0.1:{port}\r\n"
        connection.sendall(f"GET / HTTP/1.1\r\n{host}{header}\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(2000).startswith(b"HTTP/1.1 400")
    assert "Traceback" not in capfd.readouterr().err


def test_a_length_that_cannot_be_is_refused(page):
    port = httpx.URL(page[1]).port
    for length in ("9" * 5000, "9" * 18, "-1", "x"):
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            head = f"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n"
            connection.sendall(head.encode())
            assert re.match(b"HTTP/1.1 (400|413)", connection.recv(2000)), length


def test_nothing_that_is_behind_a_login_is_kept_by_browsers(page):
    with httpx.Client(base_url=page[1], auth=ANN) as client:
        for path in ("", "config", "api/documents", "docs", "v1/models", "gradio_api/info"):
            response = client.request("POST" if path.startswith("api") else "GET", path, json={})
            assert response.headers.get_list("cache-control") == ["no-store"], path
        assert "no-store" not in client.get("theme.css").headers.get("cache-control", "")
