"""What programs and strangers meet: endpoints, MCP, host and origin, passwords, sizes, the command."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from articles import SEED
from fakes import HashedEncoder
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from retrieval import Document, Library, PinciteError, Settings
from ui.server import credentials, is_loopback
from ui.web import Service, launch
from ui.web.service import guarded

QUESTION = "Who urged the CIS countries to help in Syria?"
ROOT = SEED.parents[1]


@pytest.fixture(scope="module")
def library(encoder, tmp_path_factory):
    with Library(tmp_path_factory.mktemp("served"), Settings(max_file_bytes=2**20), encoder=encoder) as library:
        library.add([SEED, Document("tea", "Tea", "Green tea is made from leaves that are heated soon after picking.")])
        yield library


@pytest.fixture(scope="module")
def site(library):
    blocks, address = launch(Service(library), mcp=True)
    yield address
    blocks.close(verbose=False)


@pytest.fixture(scope="module")
def client(site):
    return Client(site, verbose=False)


# --- endpoints


def test_ask_returns_the_answer_as_a_dict(client, library):
    answer = client.predict(QUESTION, api_name="/ask")
    expected = library.ask(QUESTION).to_dict()
    assert {**answer, "timings": {}} == {**json.loads(json.dumps(expected)), "timings": {}}
    assert "Sergei Shoigu, urged" in answer["citations"][0]["quote"]


def test_ask_takes_history_documents_and_a_number_of_passages(client):
    history = [
        {"role": "user", "content": "What did Kazakhstan say about troops?"},
        {"role": "assistant", "content": "x"},
    ]
    answer = client.predict("And Kyrgyzstan?", history, [], 2, api_name="/ask")
    assert answer["asked_as"] != "And Kyrgyzstan?" and len(answer["passages"]) == 2
    limited = client.predict(QUESTION, None, ["tea"], 5, api_name="/ask")
    assert {hit["passage"]["doc_id"] for hit in limited["passages"]} == {"tea"}


def test_search_documents_and_read_passage(client, library):
    hits = client.predict("How is green tea made?", 3, api_name="/search")
    assert [hit["rank"] for hit in hits] == [1, 2, 3] and hits[0]["passage"]["doc_id"] == "tea"
    listed = client.predict(api_name="/documents")
    assert [(each["title"], each["paragraphs"]) for each in listed] == [(library.documents()[0].title, 10), ("Tea", 1)]
    read = client.predict(listed[0]["doc_id"], 3, 1, api_name="/read_passage")
    text = library.document(listed[0]["doc_id"]).text
    assert text[read["start"] : read["end"]] == read["text"]
    assert read["text"].startswith("Sergei Shoigu attends") and read["text"].endswith("2017).")


@pytest.mark.parametrize(
    "given, said", [((" ",), "the question is empty"), (("why " * 1001,), "at most 4,000 characters")]
)
def test_a_wrong_call_says_what_is_wrong(client, given, said):
    with pytest.raises(AppError, match=said):
        client.predict(*given, api_name="/ask")
    with pytest.raises(AppError, match="no paragraph 99"):
        client.predict("tea", 99, 0, api_name="/read_passage")


def test_curl_can_ask(site):
    event = httpx.post(f"{site}gradio_api/call/v2/ask", json={"question": QUESTION}).json()["event_id"]
    stream = httpx.get(f"{site}gradio_api/call/v2/ask/{event}").text
    data = json.loads(re.search(r"event: complete\ndata: (.*)", stream)[1])
    assert data[0]["found"] is True


def test_the_api_page_documents_names_types_and_purpose(site):
    endpoints = httpx.get(f"{site}gradio_api/info").json()["named_endpoints"]
    assert sorted(endpoints) == ["/ask", "/documents", "/read_passage", "/search"]
    assert "verbatim quotes" in endpoints["/ask"]["description"]
    assert [each["parameter_name"] for each in endpoints["/ask"]["parameters"]] == [
        "question", "history", "documents", "passages",
    ]  # fmt: skip


def test_the_tools_work_with_the_official_mcp_client(site):
    async def talk():
        async with (
            streamable_http_client(f"{site}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            asked = await session.call_tool("ask", {"question": QUESTION})
            passage = await session.call_tool("read_passage", {"doc_id": "tea", "paragraph": 1})
            found = await session.call_tool("search", {"question": "green tea", "passages": 1})
            return tools, asked, passage, found

    tools, asked, passage, found = asyncio.run(talk())
    assert sorted(tools) == ["ask", "documents", "read_passage", "search"]
    assert tools["ask"].inputSchema["properties"]["question"]["description"] == "what to ask"
    assert "Sergei Shoigu, urged" in asked.content[0].text
    assert "Green tea is made" in passage.content[0].text
    assert "Green tea is made" in found.content[0].text


# --- strangers


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
def test_only_the_own_page_on_this_machine_is_served(site, headers, status):
    port = httpx.URL(site).port
    given = {name: value.format(port=port) for name, value in headers.items()}
    assert httpx.get(site, headers=given).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/file=/etc/passwd", "gradio_api/proxy=http://example.com", "gradio_api/upload", "gradio_api/stream/x",
        "gradio_api/deep_link", "gradio_api//file=/etc/passwd", "gradio_api/%66ile=/etc/passwd", "monitoring", "docs",
        "openapi.json", "gradio_api/runs", "static/../../../../etc/passwd", "gradio_api/dev/reload",
    ],
)  # fmt: skip
def test_routes_that_are_not_needed_are_closed(site, path):
    for method in ("GET", "POST"):
        assert httpx.request(method, f"{site}{path}").status_code in (403, 404, 405)


def test_headers_keep_the_browser_at_home(site):
    headers = httpx.get(site).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def send(site, name, content):
    data = {"component_id": component(site), "session_hash": "s", "fn_name": "upload"}
    return httpx.post(f"{site}gradio_api/component_server/", data=data, files={"file": (name, content)})


def component(site) -> int:
    components = httpx.get(f"{site}config").json()["components"]
    return next(each["id"] for each in components if each["props"].get("elem_id") == "pincite")


def call(site, name, given):
    body = {"component_id": component(site), "session_hash": "s", "fn_name": name, "data": given}
    return httpx.post(f"{site}gradio_api/component_server/", json=body)


def test_uploads_are_limited_and_named_by_us(site, library):
    assert send(site, "a.txt", b"x" * (2**20 + 1)).status_code == 413
    assert send(site, "a.txt", b"x" * (3 * 2**20)).status_code == 413
    assert "are not read" in send(site, "a.exe", b"MZ").json()["error"]
    doc_id = send(site, "../../../tmp/x\u202e/..", b"").json()
    assert "error" in doc_id
    added = send(site, "../../Plan B.txt", b"Plan B\n\nThe second plan is to wait for rain.").json()
    assert added["new"] is True
    path = Path(library.document(added["doc_id"]).source)
    assert path.parent == library.path / "uploads" and re.fullmatch(r"plan-b-[0-9a-f]{12}\.txt", path.name)
    assert call(site, "remove", {"doc_id": added["doc_id"]}).json() == {"removed": True}
    assert not path.exists()
    assert library.failures() == {}


def test_an_endless_body_is_cut_off(site):
    def body():
        for _ in range(64):
            yield b" " * 2**16

    with pytest.raises((httpx.HTTPError, AssertionError)):
        response = httpx.post(f"{site}gradio_api/component_server/", content=body())
        assert response.status_code < 400


@pytest.mark.parametrize("name", ["ask", "view", "pages", "verify", "feedback", "remove", "upload"])
@pytest.mark.parametrize("given", [None, [], "x", {"question": 1}, {"citations": [{"source": "/etc/passwd"}]}])
def test_nonsense_from_the_page_is_refused_politely(site, name, given):
    response = call(site, name, given)
    assert response.status_code == 200
    assert response.json().get("error", "").startswith(("The page sent something unexpected", "the question is empty"))


def test_only_the_service_can_be_called(site):
    assert call(site, "warm", {}).status_code == 404
    assert call(site, "__class__", {}).status_code == 404


def test_no_path_of_the_callers_own_is_opened(site, library):
    citation = library.ask(QUESTION).to_dict()["citations"][0] | {"source": "/etc/passwd"}
    assert call(site, "verify", {"citations": [citation]}).json() == {}


def test_halves_of_surrogates_do_no_harm(site):
    body = '{"component_id": %d, "session_hash": "s", "fn_name": "ask", "data": {"question": "\\ud800 what is tea?"}}'
    response = httpx.post(f"{site}gradio_api/component_server/", content=body % component(site),
                          headers={"content-type": "application/json"})  # fmt: skip
    assert response.json()["record"]["question"] == "? what is tea?"


# --- passwords


def test_beyond_this_machine_a_password_is_needed(library):
    with pytest.raises(ValueError, match=r"0\.0\.0\.0 can be reached from other machines; set --auth user:password"):
        launch(Service(library), host="0.0.0.0")


def test_with_a_password_nothing_is_served_without_it(library):
    blocks, address = launch(Service(library), auth=credentials("ann:a secret"))
    with httpx.Client(base_url=address) as browser:
        assert browser.post("gradio_api/component_server/", json={}).status_code == 401
        assert browser.post("gradio_api/call/ask", json={"data": [QUESTION]}).status_code == 401
        assert "Russia" not in browser.get("").text
        assert browser.post("login", data={"username": "ann", "password": "wrong"}).status_code == 400
        assert browser.post("login", data={"username": "ann", "password": "a secret"}).status_code == 200
        assert browser.get("config").status_code == 200
    blocks.close(verbose=False)


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


# --- the service


def test_what_goes_wrong_is_told_without_details():
    def fails(error):
        raise error

    call = guarded(fails)
    assert call(PinciteError("do this\nthen that")) == {"error": "do this then that"}
    assert call(KeyError("secret")) == {"error": "The page sent something unexpected; reload it."}
    assert call(OSError("/secret/path")) == {
        "error": "Something went wrong; the terminal where Pincite runs says what."
    }


def test_a_library_that_cannot_be_used_says_so(tmp_path):
    with Library(tmp_path / "l", Settings(), encoder=HashedEncoder("one")) as library:
        library.add(Document("a", "A", "Some words."))
    with Library(tmp_path / "l", Settings(), encoder=HashedEncoder("two")) as library:
        service = Service(library)
        service.warm()
        assert "was built with encoder one, but two is set" in service.status()["error"]
        assert "was built with encoder" in guarded(service.ask)({"question": "what?"})["error"]


# --- the command


def run(*arguments, **environment):
    command = [sys.executable, "-m", "ui", *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=os.environ | environment)  # fmt: skip


def test_the_command_serves_a_library_until_interrupted(library):
    process = run("--library", str(library.path))
    line = process.stdout.readline()
    address = re.fullmatch(r"Pincite is at (http://127\.0\.0\.1:\d+/); its library is .*\n", line)[1]
    assert call(address, "status", {}).json()["error"] == ""
    process.send_signal(signal.SIGINT)
    assert process.wait(20) in (0, 130)


def test_the_command_refuses_to_be_open_without_a_password(library):
    process = run("--library", str(library.path), "--host", "0.0.0.0")
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 2 and "set --auth user:password" in complaint
    process = run("--auth", "nopassword")
    assert process.wait(30) == 2


def test_judgements_are_written_as_eval_cases(library):
    library.add_feedback("What is tea?", True, ["Green tea is made"], True, "good")
    library.add_feedback("What is tea?", True, ["Green tea is made"], False)
    library.add_feedback("Who drinks it?", False, [], False, "paragraph 2 says it")
    library.add_feedback("Who sells it?", False, [], True)
    command = [sys.executable, "-m", "ui.cli", "feedback", "--library", str(library.path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(case) for case in cases[:1]] == [["id", "question", "kind", "answerable", "quotes", "note"]]
    assert [(case["id"], case["answerable"], case["quotes"]) for case in cases] == [
        ("feedback-1", True, ["Green tea is made"]),
        ("feedback-2", None, []),
        ("feedback-3", True, []),
        ("feedback-4", False, []),
    ]
