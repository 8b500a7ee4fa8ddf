"""What strangers meet: host and origin, closed routes, sizes, passwords."""

import re
from pathlib import Path

import httpx
import pytest
from served import call, component, send

from ui.server import credentials, is_loopback
from ui.web import Service, launch

pytest_plugins = ["served"]
QUESTION = "Who urged the CIS countries to help in Syria?"


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 200),
        ({"host": "localhost:{port}"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:{port}"}, 403),
        ({"host": ""}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://127.0.0.1:{port}"}, 200),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
        ({"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 200),
    ],
)
@pytest.mark.slow
def test_only_the_own_page_on_this_machine_is_served(address, headers, status):
    port = httpx.URL(address).port
    given = {name: value.format(port=port) for name, value in headers.items()}
    assert httpx.get(address, headers=given).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/passwd", "gradio_api/proxy=http://example.com", "gradio_api/upload", "gradio_api/stream/x",
        "gradio_api/deep_link", "gradio_api//file=/etc/passwd", "gradio_api/%66ile=/etc/passwd", "monitoring",
        "openapi.json", "gradio_api/runs", "static/../../../../etc/passwd", "gradio_api/dev/reload",
    ],
)  # fmt: skip
@pytest.mark.slow
def test_routes_that_are_not_needed_are_closed(address, path):
    for method in ("GET", "POST"):
        assert httpx.request(method, f"{address}{path}").status_code in (403, 404, 405)


def test_headers_keep_the_browser_at_home(address):
    headers = httpx.get(address).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.slow
def test_uploads_are_limited_and_named_by_us(address, served):
    assert send(address, "a.txt", b"x" * (2**20 + 1)).status_code == 413
    assert send(address, "a.txt", b"x" * (3 * 2**20)).status_code == 413
    assert "are not read" in send(address, "a.exe", b"MZ").json()["error"]
    doc_id = send(address, "../../../tmp/x\u202e/..", b"").json()
    assert "error" in doc_id
    added = send(address, "../../Plan B.txt", b"Plan B\n\nThe second plan is to wait for rain.").json()
    assert added["new"] is True
    path = Path(served.document(added["doc_id"]).source)
    assert path.parent.parent == served.path / "uploads" and re.fullmatch("[0-9a-f]{12}", path.parent.name)
    assert path.name == "Plan B.txt"
    assert call(address, "remove", {"doc_id": added["doc_id"]}).json() == {"removed": True}
    assert not path.parent.exists()
    assert served.failures() == {}


def test_an_endless_body_is_cut_off(address):
    def body():
        for _ in range(64):
            yield b" " * 2**16

    with pytest.raises((httpx.HTTPError, AssertionError)):
        response = httpx.post(f"{address}gradio_api/component_server/", content=body())
        assert response.status_code < 400


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ask", "view", "pages", "verify", "feedback", "remove", "upload"])
@pytest.mark.parametrize("given", [None, [], "x", {"question": 1}, {"citations": [{"source": "/etc/passwd"}]}])
def test_nonsense_from_the_page_is_refused_politely(address, name, given):
    response = call(address, name, given)
    assert response.status_code == 200
    assert response.json().get("error", "").startswith(("The page sent something unexpected", "the question is empty"))


def test_only_the_service_can_be_called(address):
    assert call(address, "warm", {}).status_code == 404
    assert call(address, "__class__", {}).status_code == 404


def test_no_path_of_the_callers_own_is_opened(address, served):
    citation = served.ask(QUESTION).to_dict()["citations"][0] | {"source": "/etc/passwd"}
    assert call(address, "verify", {"citations": [citation]}).json() == {}


def test_halves_of_surrogates_do_no_harm(address):
    body = '{"component_id": %d, "session_hash": "s", "fn_name": "ask", "data": {"question": "\\ud800 what is tea?"}}'
    response = httpx.post(f"{address}gradio_api/component_server/", content=body % component(address),
                          headers={"content-type": "application/json"})  # fmt: skip
    assert response.json()["record"]["question"] == "? what is tea?"


# --- passwords


def test_beyond_this_machine_a_password_is_needed(served):
    with pytest.raises(ValueError, match=r"0\.0\.0\.0 can be reached from other machines; set --auth user:password"):
        launch(Service(served), host="0.0.0.0")


@pytest.mark.slow
def test_with_a_password_nothing_is_served_without_it(served):
    blocks, address = launch(Service(served), auth=credentials("ann:a secret"))
    with httpx.Client(base_url=address) as browser:
        assert browser.post("gradio_api/component_server/", json={}).status_code == 401
        assert browser.post("gradio_api/call/ask", json={"data": [QUESTION]}).status_code == 401
        assert "Russia" not in browser.get("").text
        assert browser.post("login", data={"username": "ann", "password": "wrong"}).status_code == 400
        assert browser.post("login", data={"username": "ann", "password": "a secret"}).status_code == 200
        assert browser.get("config").status_code == 200
    blocks.close(verbose=False)


@pytest.mark.slow
def test_credentials_come_from_text_or_a_file(tmp_path):
    (tmp_path / "secret").write_text("ann:p:w\nignored\n")
    for given in ("ann:p:w", f"@{tmp_path / 'secret'}"):
        check = credentials(given)
        assert check("ann", "p:w")
        assert not check("ann", "p") and not check("bob", "p:w") and not check("ann:p", "w") and not check("", "")
    for wrong in ("ann", "ann:", ":pw", ""):
        with pytest.raises(ValueError, match="expected user:password"):
            credentials(wrong)


@pytest.mark.parametrize("host, own", [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True),
                                       ("0.0.0.0", False), ("192.168.1.2", False), ("example.com", False)])  # fmt: skip
def test_which_addresses_are_this_machine(host, own):
    assert is_loopback(host) is own
