"""Pages of the web, fetched from a real server on this machine, which is not allowed unless a test says so."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from retrieval import Library, Settings
from retrieval.errors import DocumentError
from ui.web.adding import fetch
from ui.web.adding.fetching import is_public

PAGE = "<html><head><title>Ferries</title></head><body><h1>Ferries</h1><p>The ferry to Aro costs 8 pounds.</p></body></html>"
ANSWERS = {
    "/ferries.html": (200, {"Content-Type": "text/html; charset=windows-1252"}, PAGE.replace("8 pounds", "£8").encode("cp1252")),
    "/moved": (302, {"Location": "/ferries.html"}, b""),
    "/inward": (302, {"Location": "http://10.0.0.1/"}, b""),
    "/elsewhere": (302, {"Location": "file:///etc/passwd"}, b""),
    "/around": (302, {"Location": "/around"}, b""),
    "/notes": (200, {"Content-Type": "text/plain"}, b"Bel is closed."),
    "/film": (200, {"Content-Type": "video/mp4"}, b"0000"),
    "/large.txt": (200, {"Content-Type": "text/plain"}, b"a" * 5000),
}  # fmt: skip


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        status, headers, body = ANSWERS.get(self.path, (404, {}, b""))
        self.server.asked.append((self.path, dict(self.headers)))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    serving.asked = []
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def fetched(server, path, most=4096):
    allowed = lambda address: address == "127.0.0.1"  # noqa: E731
    return fetch(f"http://127.0.0.1:{server.server_port}{path}", most, allowed)


@pytest.mark.parametrize("path", ["/ferries.html", "/moved"])
def test_a_page_is_kept_with_its_address_and_the_day(server, tmp_path, encoder, path):
    name, content = fetched(server, path)
    assert name == "ferries.html"
    (tmp_path / name).write_bytes(content)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(tmp_path / name)
        (document,) = library.documents()
        answer = library.ask("What does the ferry to Aro cost?")
    assert document.title == "Ferries" and len(document.metadata["accessed"]) == 10
    assert document.metadata["url"] == f"http://127.0.0.1:{server.server_port}/ferries.html"
    assert answer.citations[0].quote == "The ferry to Aro costs £8."
    assert "Cookie" not in server.asked[0][1]


def test_a_text_is_kept_as_it_is(server):
    assert fetched(server, "/notes") == ("notes.txt", b"Bel is closed.")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/inward", "10.0.0.1 is on this machine or in a network of its own, where nothing is fetched"),
        ("/elsewhere", "is no address of a page"),
        ("/around", "the server says 302"),
        ("/film", "is of type video/mp4, which is not read"),
        ("/large.txt", "has more than 0 MB"),
        ("/gone", "the server says 404"),
    ],
)
def test_what_is_not_fetched_is_said(server, path, reason):
    with pytest.raises(DocumentError, match=reason):
        fetched(server, path)


def test_this_machine_is_not_asked_at_all(server):
    for host in ("127.0.0.1", "localhost", "[::1]"):
        with pytest.raises(DocumentError, match="on this machine"):
            fetch(f"http://{host}:{server.server_port}/ferries.html", 4096)
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["", "ferries", "ftp://a.example/x", "file:///etc/passwd", "http://", "http://u:p@a.example/"]
)
def test_other_addresses_are_refused(url):
    with pytest.raises(DocumentError, match="is no address of a page"):
        fetch(url, 4096)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("192.168.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("::1", False),
        ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:127.0.0.1", False),
    ],
)  # fmt: skip
def test_addresses_of_the_open_internet(address, public):
    assert is_public(address) == public


def test_a_page_that_a_browser_saved_says_where_from(tmp_path, hashed):
    (tmp_path / "saved.html").write_text(
        f"<!DOCTYPE html>\n<!-- saved from url=(0027)https://ferries.example/aro -->\n{PAGE}"
    )
    hashed.add(tmp_path / "saved.html")
    assert hashed.documents()[0].metadata["url"] == "https://ferries.example/aro"
