"""Users, tokens and single sign-on, with the commands and the page in processes of their own, and the real clients."""

import asyncio
import os
import re
import socket
from contextlib import contextmanager

import httpx
import openai
import pytest
from articles import SEED
from forked import Command
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from retrieval import Library, Settings

pytestmark = pytest.mark.slow
QUESTION = "Who urged the CIS countries to help in Syria?"
PASSWORDS = {"ann": "correct horse 1", "bob": "correct horse 2"}


@pytest.fixture(scope="module")
def folder(encoder, tmp_path_factory):
    """A library and accounts of two people."""
    folder = tmp_path_factory.mktemp("accounts")
    with Library(folder / "library", Settings(), encoder=encoder) as library:
        library.add(SEED)
    for name, password in PASSWORDS.items():
        assert run(folder, "user", "add", name, given=f"{password}\n").startswith(f"{name} is added; pages that start")
    return folder


def run(folder, *arguments, given="", code=0):
    """Run a command with the accounts of a folder; what it wrote."""
    command = Command(arguments, environment(folder), folder / "command.log", given)
    said = command.stdout.read()
    assert command.end() == code, command.log.read_text()
    return said if code == 0 else command.log.read_text()


def environment(folder):
    return os.environ | {"PINCITE_ACCOUNTS": str(folder / "accounts.db"), "GRADIO_ANALYTICS_ENABLED": "False"}


@contextmanager
def page(folder, *arguments):
    """Serve the library in a process of its own; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["ui", "--library", folder / "library", "--port", port, *arguments]
    process = Command(command, environment(folder), folder / f"{port}.log")
    try:
        address = f"http://127.0.0.1:{port}/"
        assert any(line.startswith(f"Pincite is at {address}") for line in iter(process.stdout.readline, ""))
        yield address
    finally:
        process.interrupt()


@pytest.fixture(scope="module")
def address(folder):
    with page(folder, "--mcp") as address:
        yield address


@contextmanager
def browser(address, name):
    """Somebody who has logged in."""
    with httpx.Client(base_url=address, timeout=60) as client:
        given = {"username": name, "password": PASSWORDS[name]}
        assert client.post("login", data=given).status_code == 200
        yield client


def served(client, name, **given):
    """Call a function of the page as its scripts do."""
    components = client.get("config").raise_for_status().json()["components"]
    component = next(each["id"] for each in components if each["props"].get("elem_id") == "pincite")
    body = {"component_id": component, "session_hash": "s", "fn_name": name, "data": given}
    return client.post("gradio_api/component_server/", json=body).raise_for_status().json()


# --- people


def test_as_soon_as_there_are_users_a_page_asks_who_comes(address):
    assert httpx.get(f"{address}config").status_code == 401
    assert call_api(address, auth=("ann", PASSWORDS["bob"])).status_code == 401
    assert call_api(address, auth=("ann", PASSWORDS["ann"])).json()["found"] is True
    assert call_api(address, headers={"X-Forwarded-User": "ann"}).status_code == 401


def call_api(address, **options):
    return httpx.post(f"{address}api/ask", json={"question": QUESTION}, timeout=60, **options)


def test_each_sees_their_own_conversations_wherever_they_log_in(address):
    with browser(address, "ann") as ann, browser(address, "bob") as bob, browser(address, "ann") as elsewhere:
        kept = served(ann, "ask", question=QUESTION)["conversation"]
        assert kept
        assert (served(ann, "conversations")["count"], served(elsewhere, "conversations")["count"]) == (1, 1)
        assert served(elsewhere, "conversation", id=kept)["title"] == QUESTION
        assert served(bob, "conversations")["count"] == 0
        assert served(bob, "conversation", id=kept)["gone"] is True
        assert "error" in served(bob, "forget", id=kept) and "error" in served(bob, "exported", id=kept)
        assert served(bob, "ask", question=QUESTION, conversation=kept)["conversation"] != kept
        assert len(served(ann, "conversation", id=kept)["turns"]) == 1
        who = [client.get("login", headers={"accept": "application/json"}).json() for client in (ann, bob)]
        assert who == [{"person": "user ann", "session": True}, {"person": "user bob", "session": True}]


def test_a_log_out_is_one_in_every_browser_and_of_nobody_else(address):
    with browser(address, "ann") as ann, browser(address, "bob") as bob, browser(address, "ann") as elsewhere:
        assert ann.post("logout").status_code == 303
        assert [client.get("config").status_code for client in (ann, elsewhere, bob)] == [401, 401, 200]
        page = elsewhere.get("", headers={"accept": "text/html"})
        assert page.status_code == 401 and "Your login has ended" in page.text
        assert "Your login has ended" not in httpx.get(address, headers={"accept": "text/html"}).text
    with browser(address, "ann") as ann:
        assert ann.get("config").status_code == 200


def test_a_login_outlives_a_restart(folder):
    with page(folder) as first, browser(first, "ann") as ann, browser(first, "bob") as bob:
        bob.post("logout")
        cookies = [dict(client.cookies) for client in (ann, bob)]
    with page(folder) as again:
        assert [httpx.get(f"{again}config", cookies=each).status_code for each in cookies] == [200, 401]


def test_a_user_who_is_removed_or_has_a_new_password_is_out_at_once(folder, address):
    assert run(folder, "user", "add", "cyd", given="correct horse 3\n").startswith("cyd is added")
    given = {"username": "cyd", "password": "correct horse 3"}
    with httpx.Client(base_url=address) as cyd:
        assert cyd.post("login", data=given).status_code == 200 == cyd.get("config").status_code
        assert run(folder, "user", "add", "cyd", given="correct horse 4\n").startswith("cyd has a new password")
        assert cyd.get("config").status_code == 401
        assert cyd.post("login", data=given).status_code == 400
        assert cyd.post("login", data=given | {"password": "correct horse 4"}).status_code == 200
        assert run(folder, "user", "list").split() == ["ann", "bob", "cyd"]
        assert run(folder, "user", "remove", "cyd") == "cyd is removed\n"
        assert cyd.get("config").status_code == 401
    assert "there is no user cyd" in run(folder, "user", "remove", "cyd", code=1)


def test_the_one_user_of_the_command_line_stands_beside_them(folder):
    with page(folder, "--auth", "dee:pw") as address:
        for auth, status in (("dee", "pw"), 200), (("ann", PASSWORDS["ann"]), 200), (("dee", "x"), 401):
            assert call_api(address, auth=auth).status_code == status


# --- programs


def test_the_real_client_of_openai_comes_in_with_a_token_until_it_is_revoked(folder, address):
    token = run(folder, "token", "create", "open webui").strip()
    with openai.OpenAI(base_url=f"{address}v1", api_key=token, max_retries=0) as client:
        asked = {"model": "pincite", "messages": [{"role": "user", "content": QUESTION}]}
        assert [model.id for model in client.models.list()] == ["pincite"]
        assert client.chat.completions.create(**asked).choices[0].message.annotations
        assert len(list(client.chat.completions.create(**asked, stream=True))) > 2
        assert re.fullmatch(r"open webui\t\d{4}-\d\d-\d\d\n", run(folder, "token", "list"))
        assert run(folder, "token", "revoke", "open webui") == "open webui is revoked\n"
        with pytest.raises(openai.AuthenticationError, match="Log in first"):
            client.chat.completions.create(**asked)
        client.api_key = "pincite_guessed"
        with pytest.raises(openai.AuthenticationError, match="Log in first"):
            client.models.list()
    assert "there is no token open webui" in run(folder, "token", "revoke", "open webui", code=1)


def test_a_token_is_for_what_programs_call_and_for_nothing_else(folder, address):
    headers = {"authorization": f"Bearer {run(folder, 'token', 'create', 'n8n').strip()}"}
    assert call_api(address, headers=headers).json()["found"] is True
    assert "pincite_questions_total" in httpx.get(f"{address}metrics", headers=headers).text
    for path in ("", "config", "docs", "gradio_api/info", "gradio_api/component_server/", "api", "v1"):
        assert httpx.get(f"{address}{path}", headers=headers).status_code == 401, path
        assert httpx.post(f"{address}{path}", headers=headers, json={}).status_code == 401, path
    assert "there is a token 'n8n' already" in run(folder, "token", "create", "n8n", code=2)

    async def talk():
        async with (
            httpx.AsyncClient(headers=headers, timeout=60) as http,
            streamable_http_client(f"{address}gradio_api/mcp/", http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            before = (await session.call_tool("ask", {"question": QUESTION})).content[0].text
            run(folder, "token", "revoke", "n8n")
            return before

    assert QUESTION in asyncio.run(talk())
    assert httpx.post(f"{address}gradio_api/mcp/", headers=headers, json={}).status_code == 401


# --- single sign-on


def test_a_trusted_proxy_logs_people_in_and_nobody_else_does(folder):
    ann = {"X-Forwarded-User": "ann@example.org"}
    with page(folder, "--auth-header", "X-Forwarded-User", "--auth-proxy", "127.0.0.1") as address:
        with httpx.Client(base_url=address, headers=ann, timeout=60) as proxy:
            assert served(proxy, "ask", question=QUESTION)["conversation"]
            assert served(proxy, "conversations")["count"] == 1
            proxy.headers["X-Forwarded-User"] = "bob@example.org"
            assert served(proxy, "conversations")["count"] == 0
            proxy.headers["X-Forwarded-For"] = "203.0.113.9"  # whom the proxy serves; Uvicorn puts that in its place
            assert proxy.get("config").status_code == 200
        assert httpx.get(f"{address}config").status_code == 401
    with page(folder, "--auth-header", "X-Forwarded-User", "--auth-proxy", "10.9.8.7,10.9.9.0/24") as address:
        assert httpx.get(f"{address}config", headers=ann).status_code == 401
        assert httpx.get(f"{address}config", headers=ann | {"X-Forwarded-For": "10.9.8.7"}).status_code == 401


@pytest.mark.parametrize(
    "given, said",
    [
        (["--auth-header", "X-User"], "each needs the other"), (["--auth-proxy", "10.0.0.2"], "each needs the other"),
        (["--auth-header", "X-User", "--auth-proxy", "proxy"], "'proxy' does not appear to be an IPv4 or IPv6"),
        (["--auth", "ann"], "several users: pincite user add NAME"),
    ],
)  # fmt: skip
def test_half_a_setting_is_refused(pincite, tmp_path, given, said):
    result = pincite("ui", "--accounts", tmp_path / "accounts.db", *given)
    assert result.exit_code == 2 and said in " ".join(result.stderr.split())


def test_a_short_password_is_refused(pincite, tmp_path):
    result = pincite("user", "add", "ann", "--accounts", tmp_path / "accounts.db")
    assert result.exit_code == 2 and "choose one of at least 8" in " ".join(result.stderr.split())
    assert not (tmp_path / "accounts.db").exists()
