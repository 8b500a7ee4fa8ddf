"""What programs meet: endpoints and MCP tools."""

import asyncio
import json
import re

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

pytest_plugins = ["served"]
QUESTION = "Who urged the CIS countries to help in Syria?"


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False)


def test_ask_returns_the_answer_as_a_dict(client, served):
    answer = client.predict(QUESTION, api_name="/ask")
    expected = served.ask(QUESTION).to_dict()
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


def test_search_documents_and_read_passage(client, served):
    hits = client.predict("How is green tea made?", 3, api_name="/search")
    assert [hit["rank"] for hit in hits] == [1, 2, 3] and hits[0]["passage"]["doc_id"] == "tea"
    listed = client.predict(api_name="/documents")
    assert [(each["title"], each["paragraphs"]) for each in listed] == [(served.documents()[0].title, 10), ("Tea", 1)]
    read = client.predict(listed[0]["doc_id"], 3, 1, api_name="/read_passage")
    text = served.document(listed[0]["doc_id"]).text
    assert text[read["start"] : read["end"]] == read["text"]
    assert read["text"].startswith("Sergei Shoigu attends") and read["text"].endswith("2017).")


@pytest.mark.parametrize(
    "given, said", [((" ",), "the question is empty"), (("why " * 1001,), "at most 4,000 characters")]
)
@pytest.mark.slow
def test_a_wrong_call_says_what_is_wrong(client, given, said):
    with pytest.raises(AppError, match=said):
        client.predict(*given, api_name="/ask")
    with pytest.raises(AppError, match="no paragraph 99"):
        client.predict("tea", 99, 0, api_name="/read_passage")


def test_review_asks_each_document_and_overview_quotes_one(client, served):
    rows = client.predict([QUESTION, "How is green tea made?"], None, api_name="/review")
    assert [row["title"] for row in rows] == [served.documents()[0].title, "Tea"]
    found = [[answer["found"] for answer in row["answers"]] for row in rows]
    assert found[0][0] is True and found[1][1] is True
    assert "Sergei Shoigu, urged" in rows[0]["answers"][0]["citations"][0]["quote"]
    assert {cited["doc_id"] for answer in rows[1]["answers"] for cited in answer["citations"]} == {"tea"}
    about = client.predict(served.documents()[0].doc_id, api_name="/overview")
    text = served.document(served.documents()[0].doc_id).text
    assert about["citations"] and all(text[c["start"] : c["end"]] == c["quote"] for c in about["citations"])
    with pytest.raises(AppError, match="there is no document nothing"):
        client.predict("nothing", api_name="/overview")


def test_the_page_about_the_endpoints_names_each_with_a_call(address):
    page = httpx.get(f"{address}docs").text
    for name in ("ask", "search", "read_passage", "review", "overview", "documents"):
        assert f"POST /api/{name}</code>" in page and f"curl 127.0.0.1:7860/api/{name} --json" in page
    assert "/v1/chat/completions" in page


def test_curl_can_ask(address):
    event = httpx.post(f"{address}gradio_api/call/v2/ask", json={"question": QUESTION}).json()["event_id"]
    stream = httpx.get(f"{address}gradio_api/call/v2/ask/{event}").text
    data = json.loads(re.search(r"event: complete\ndata: (.*)", stream)[1])
    assert data[0]["found"] is True


def test_the_api_page_documents_names_types_and_purpose(address):
    endpoints = httpx.get(f"{address}gradio_api/info").json()["named_endpoints"]
    assert sorted(endpoints) == ["/ask", "/documents", "/libraries", "/overview", "/read_passage", "/review", "/search"]
    assert "verbatim quotes" in endpoints["/ask"]["description"]
    assert [each["parameter_name"] for each in endpoints["/ask"]["parameters"]] == [
        "question", "history", "documents", "passages", "library",
    ]  # fmt: skip


def test_the_tools_work_with_the_official_mcp_client(address):
    async def talk():
        async with (
            streamable_http_client(f"{address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            asked = await session.call_tool("ask", {"question": QUESTION})
            passage = await session.call_tool("read_passage", {"doc_id": "tea", "paragraph": 1})
            found = await session.call_tool("search", {"question": "green tea", "passages": 1})
            reviewed = await session.call_tool(
                "review", {"questions": ["How is green tea made?"], "documents": ["tea"]}
            )
            about = await session.call_tool("overview", {"doc_id": "tea"})
            return tools, asked, passage, found, reviewed, about

    tools, asked, passage, found, reviewed, about = asyncio.run(talk())
    assert sorted(tools) == ["ask", "documents", "libraries", "overview", "read_passage", "review", "search"]
    assert tools["ask"].inputSchema["properties"]["question"]["description"] == "what to ask"
    assert "Sergei Shoigu, urged" in asked.structuredContent["citations"][0]["quote"]
    assert asked.structuredContent == json.loads(asked.content[0].text)
    assert found.structuredContent["result"][0]["passage"]["doc_id"] == "tea"
    assert "Green tea is made" in passage.content[0].text
    assert "Green tea is made" in found.content[0].text
    assert "Green tea is made" in reviewed.content[0].text and "Green tea is made" in about.content[0].text
