"""Several copies of the page behind a load balancer, and what they tell of themselves. Real processes, real Chromium."""

import asyncio
import json
import os
import re
import signal
import socket
from collections import Counter

import httpx
import pytest
from articles import articles
from axe_playwright_python.sync_playwright import Axe
from balancer import balanced
from forked import Command
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from prometheus_client.parser import text_string_to_metric_families
from ui_states import ask, open_context, quote

from retrieval import Library, Settings

pytest_plugins = ["browser"]
pytestmark = pytest.mark.slow
SECRET = "a secret that both copies have, 1"
ANN = ("ann", "p:w")
FIRST, THEN = "What did Kazakhstan say about deploying troops to Syria?", "And Kyrgyzstan?"


class Copy:
    """A server process of its own, on a port that was free a moment ago."""

    def __init__(self, folder, *arguments):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        self.log = folder.parent / f"{self.port}.log"
        command = ["ui", "--library", folder, "--port", self.port, "--auth", ":".join(ANN)]
        command += ["--mcp", "--log-json", *arguments]
        environment = os.environ | {
            "PINCITE_SECRET": SECRET, "PINCITE_ACCOUNTS": str(folder.parent / "accounts.db"),
            "GRADIO_ANALYTICS_ENABLED": "False",
        }  # fmt: skip
        self.process = Command(command, environment, self.log)

    def started(self):
        told = f"Pincite is at {self.address}, for MCP at {self.address}gradio_api/mcp/"
        assert any(line.startswith(told) for line in iter(self.process.stdout.readline, "")), self.log.read_text()
        return self

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture(scope="module")
def library(encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    with Library(folder / "library", Settings(), encoder=encoder) as library:
        library.add(articles(folder))
        yield library


@pytest.fixture(scope="module")
def copies(library):
    """Two processes on one library; the second may log what is asked."""
    both = [Copy(library.path), Copy(library.path, "--log-questions")]
    try:
        yield [copy.started() for copy in both]
    finally:
        for copy in both:
            copy.process.kill()


@pytest.fixture(scope="module")
def front(copies):
    """The balancer's address, and what it passed on."""
    with balanced([copy.port for copy in copies]) as (address, served):
        yield address, served


@pytest.fixture
def client(front):
    """Somebody who logged in through the balancer, with one of the copies."""
    with httpx.Client(base_url=front[0], timeout=60) as client:
        assert client.post("login", data=dict(zip(("username", "password"), ANN, strict=True))).status_code == 200
        yield client


def run(client, name, **given):
    response = client.post(f"api/{name}", json=given)
    assert response.status_code == 200, response.text
    return response.json()


def plain(answer):
    return json.loads(json.dumps({**answer, "timings": {}}))


# --- one library, two copies, one balancer


def test_both_copies_are_the_same_page(copies):
    first, second = (httpx.get(f"{copy.address}config", auth=ANN).json() for copy in copies)
    assert first["app_id"] == second["app_id"] < 2**53  # with another, a browser would begin the conversation anew
    assert first["components"] == second["components"]
    assert [each["queue"] for each in first["dependencies"]] == [False] * 7


def test_programs_get_the_librarys_answers_from_every_copy(client, front, library):
    questions = ["Who opened the bridge at Harwick?", "What did the bridge replace?", "What is the capital of France?"]
    front[1].clear()
    answers = [plain(run(client, "ask", question=question)) for question in questions for _ in range(2)]
    assert answers == [plain(library.ask(question).to_dict()) for question in questions for _ in range(2)]
    assert len({port for _, port in front[1]}) == 2
    assert run(client, "search", question="green tea", passages=3) == run(
        client, "search", question="green tea", passages=3
    )


@pytest.mark.parametrize(
    "name, given, said",
    [
        ("ask", b'{"question": " "}', "the question is empty"),
        ("ask", b'{"question": 1}', "expected text, got int"),
        ("ask", b"[]", "must be a mapping"),
        ("ask", b"{", "Expecting property name"),
        ("search", b'{"q": "secret"}', "unexpected keyword argument 'q'"),
        ("read_passage", b'{"doc_id": "tea", "paragraph": 9}', "there is no paragraph 9"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(client, name, given, said):
    response = client.post(f"api/{name}", content=given)
    assert response.status_code == 400 and said in response.json()["error"]


def test_a_follow_up_is_answered_by_the_other_copy(client, front, library):
    front[1].clear()
    first = run(client, "ask", question=FIRST)
    history = [{"role": "user", "content": FIRST}, {"role": "assistant", "content": first["text"]}]
    then = run(client, "ask", question=THEN, history=history)
    assert plain(then) == plain(library.ask(THEN, history=history).to_dict())
    assert then["asked_as"] != THEN
    assert front[1][0][1] != front[1][1][1]


def test_tools_need_no_session_with_one_copy(front):
    async def talk():
        async with (
            httpx.AsyncClient(auth=ANN, timeout=60) as http,
            streamable_http_client(f"{front[0]}gradio_api/mcp/", http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return [
                (await session.call_tool("ask", {"question": "Who opened the bridge at Harwick?"})).content[0].text
                for _ in range(3)
            ]

    for text in asyncio.run(talk()):
        assert "Mayor Ellen Brandt" in text


def test_what_one_copy_takes_in_the_other_answers_from(client, front):
    components = client.get("config").json()["components"]
    component = next(each["id"] for each in components if each["props"].get("elem_id") == "pincite")
    data = {"component_id": component, "session_hash": "s", "fn_name": "upload"}
    sent = client.post(
        "gradio_api/component_server/", data=data, files={"file": ("moth.txt", b"The Kelso moth is blue.")}
    )
    assert sent.json()["new"] is True
    for _ in range(2):
        assert (
            run(client, "ask", question="What colour is the Kelso moth?")["citations"][0]["quote"]
            == "The Kelso moth is blue."
        )
    removed = {**data, "fn_name": "remove", "data": {"doc_id": sent.json()["doc_id"]}}
    assert client.post("gradio_api/component_server/", json=removed).json() == {"removed": True}
    for _ in range(2):
        assert sent.json()["doc_id"] not in {each["doc_id"] for each in run(client, "documents")}


def test_a_conversation_in_the_browser_moves_between_copies(chromium, front, library):
    context = open_context(chromium.browser)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{front[0]}#doc=bakery&p=1")
    assert Axe().run(page).response["violations"] == []
    page.fill("[name=username]", ANN[0])
    page.fill("[name=password]", "wrong")
    page.press("[name=password]", "Enter")
    page.wait_for_selector("text=User or password is wrong.")
    page.fill("[name=password]", ANN[1])
    page.press("[name=password]", "Enter")
    page.wait_for_selector(".pincite[data-ready]")
    page.wait_for_selector("#paper .here")  # the place in the address is still there after logging in
    ask(page, FIRST)
    front[1].clear()
    ask(page, THEN)
    asked = library.ask(FIRST)
    history = [{"role": "user", "content": FIRST}, {"role": "assistant", "content": asked.text}]
    expected = library.ask(THEN, history=history)
    assert page.locator(".turn:last-child .asked-as bdi").text_content() == expected.asked_as
    assert quote(page) == expected.citations[0].quote
    page.wait_for_function("document.querySelectorAll('.turn').length === 2")
    context.close()
    assert len({port for path, port in front[1] if "component_server" in path}) == 2  # asking, and checking its sources


# --- what they tell of themselves


def test_strangers_learn_only_whether_a_copy_lives_and_is_ready(copies):
    for copy in copies:
        assert httpx.get(f"{copy.address}healthz").text == "alive\n"
        assert httpx.get(f"{copy.address}readyz").text == "ready\n"
        assert httpx.get(f"{copy.address}metrics").status_code == 401
        assert httpx.get(f"{copy.address}config").status_code == 401
        page = httpx.get(copy.address, headers={"accept": "text/html"})
        assert page.status_code == 401 and "Log in" in page.text and "bridge" not in page.text


def samples(copy):
    text = httpx.get(f"{copy.address}metrics", auth=ANN).text
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(each.name, *each.labels.values()): each.value for each in found}


def test_metrics_count_the_questions_and_the_library(copies, library):
    questions = ("Who opened the bridge at Harwick?", "What is the boiling point of tungsten?", "hello")
    before = samples(copies[0])
    with httpx.Client(base_url=copies[0].address, auth=ANN, timeout=60) as client:
        for question in (*questions, " "):
            client.post("api/ask", json={"question": question})
    after = samples(copies[0])
    rose = {
        name: after[key] - before[key] for key in after if (name := key[-1]) and key[0] == "pincite_questions_total"
    }
    none = dict.fromkeys(("answered", "partly", "not_found", "reply", "refused", "failed"), 0)
    outcomes = Counter(library.ask(question).outcome.replace(" ", "_") for question in questions)
    assert rose == none | outcomes | {"refused": 1}
    assert rose["answered"] >= 1 and rose["reply"] == 1
    count = "pincite_question_seconds_count"
    assert after[count,] - before[count,] == 4
    assert after["pincite_question_seconds_bucket", "+Inf"] == after[count,]
    info = library.info()
    names = ("generation", "documents", "passages", "failed")
    assert [after[f"pincite_library_{name}",] for name in names] == [info[name] for name in names]
    assert after["pincite_library_up",] == 1


def test_the_log_has_a_line_for_each_question_and_no_text_unless_wanted(copies):
    question = "Who lit the lamp of the Orvik lighthouse?"
    for copy in copies:
        response = httpx.post(
            f"{copy.address}api/ask", json={"question": question}, auth=ANN, headers={"x-request-id": "r-1"}
        )
        assert response.headers["x-request-id"] == "r-1"
    quiet, telling = (next(line for line in copy.lines() if line.get("request") == "r-1") for copy in copies)
    assert sorted(quiet) == ["citations", "event", "generation", "level", "logger", "ms", "outcome", "request", "time"]
    assert (quiet["event"], quiet["outcome"], quiet["citations"] > 0) == ("question", "answered", True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", quiet["time"])
    assert telling["question"] == question
    for route in ("run/ask", "call/ask"):  # with too few values
        httpx.post(f"{copies[0].address}gradio_api/{route}", json={"data": [question]}, auth=ANN)
    assert "lighthouse" not in copies[0].log.read_text()
    odd = httpx.get(f"{copies[0].address}healthz", headers={"x-request-id": 'a"} {"x": 1'})
    assert re.fullmatch(r"[0-9a-f]{16}", odd.headers["x-request-id"])


@pytest.mark.slow
def test_one_copy_may_end_while_the_other_goes_on(copies, front):
    assert copies[0].process.interrupt(signal.SIGTERM) in (0, 130)
    response = httpx.post(f"{copies[1].address}api/ask", json={"question": FIRST}, auth=ANN, timeout=60)
    assert response.json()["found"] is True


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic %%%", "Basic /w==", "Bearer x", "Basic YW5uOnA6dw", "Basic YW5uOnA="]
)
def test_what_is_no_password_is_refused(copies, header):
    assert httpx.get(f"{copies[1].address}config", headers={"authorization": header}).status_code == 401
