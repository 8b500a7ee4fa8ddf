"""Conversations in a real Chromium: kept, listed, found, renamed, deleted, exported, and seen by nobody else."""

import sqlite3
from contextlib import closing

import docx
import httpx
from playwright.sync_api import expect
from ui_states import QUESTION, ask, open_context, open_page

from ui.server import Conversations, credentials
from ui.web import Service, launch

pytest_plugins = ["browser"]
HEARD = """
window.heard = new Set()
new MutationObserver(() => heard.add(document.querySelector("#said")?.textContent))
    .observe(document, { childList: true, characterData: true, subtree: true })
"""


def reload(page):
    page.reload()
    page.wait_for_selector(".pincite[data-ready]")


def listed(page):
    page.click("#side [data-side=conversations]")
    return page.locator(".conversations [data-open]")


def test_a_reload_loses_nothing_and_the_address_names_the_conversation(visit):
    page = visit(apart=True)
    ask(page, QUESTION)
    ask(page, "And Kyrgyzstan?")
    page.wait_for_function("location.hash.startsWith('#c=')")
    expect(page.locator(".next")).to_be_visible()
    shown = page.locator("#turns").inner_text()
    page.fill("#question", "Half a")
    page.type("#question", " thought")
    reload(page)
    expect(page.locator(".next")).to_be_visible()
    assert page.locator("#turns").inner_text() == shown
    assert page.input_value("#question") == "Half a thought"
    page.click(".turn:first-child .marker [data-cite='1']")
    expect(page.locator("mark.now").first).to_be_visible()
    ask(page, "And Armenia?")  # which leans on what was asked before the reload
    expect(page.locator(".turn:last-child .asked-as")).to_contain_text("Armenia")
    expect(page.locator(".turn")).to_have_count(3)


def test_new_back_and_the_list(visit):
    page = visit(apart=True)
    ask(page, QUESTION)
    page.wait_for_function("location.hash.startsWith('#c=')")
    first = page.url
    expect(listed(page)).to_have_text([QUESTION])
    page.click("[data-do=begin]")
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#suggestions button").first).to_be_visible()
    ask(page, "How is green tea made?")
    expect(page.locator(".conversations [data-open]")).to_have_text(["How is green tea made?", QUESTION])
    page.click(f".conversations [data-open] >> text={QUESTION}")
    expect(page.locator(".turn h3")).to_have_text(QUESTION)
    assert page.url == first
    page.go_back()
    expect(page.locator(".turn h3")).to_have_text("How is green tea made?")
    page.fill("#recall", "kazakhstan")
    expect(page.locator(".conversations [data-open]")).to_have_text([QUESTION])


def test_the_last_question_is_edited_and_asked_again(visit):
    page = visit(apart=True)
    ask(page, QUESTION)
    ask(page, "And Kyrgyzstan?")
    page.click(".turn:last-child [data-do=edit]")
    assert page.input_value("#question") == "And Kyrgyzstan?"
    page.fill("#question", "And Armenia?")
    page.press("#question", "Enter")
    expect(page.locator(".turn:last-child h3")).to_have_text("And Armenia?")
    page.wait_for_selector(".turn:last-child .outcome")
    page.click(".turn:last-child [data-do=again]")
    page.wait_for_selector(".turn:last-child .outcome")
    reload(page)
    expect(page.locator(".turn h3")).to_have_text([QUESTION, "And Armenia?"])


def test_renamed_exported_and_deleted(visit):
    page = visit(apart=True)
    ask(page, QUESTION)
    expect(listed(page)).to_have_count(1)
    page.click("[data-rename]")
    page.fill("#name", "Troops")
    page.press("#name", "Enter")
    expect(page.locator(".conversations [data-open]")).to_have_text(["Troops"])
    page.click(".menu summary >> text=Export")
    with page.expect_download() as download:
        page.click("[data-do=export-markdown]")
    assert download.value.path().read_text().startswith(f"## {QUESTION}\n\n> ")
    quotes = page.locator(".turn blockquote").all_text_contents()
    page.click(".menu summary >> text=Export")
    with page.expect_download() as download:
        page.click("[data-do=export-word]")
    with download.value.path().open("rb") as file:
        written = [each.text for each in docx.Document(file).paragraphs]
    assert written[:3] == ["Troops", QUESTION, quotes[0]] and len(written) == 2 + 2 * len(quotes)
    page.click(".menu summary >> text=Export")
    with page.expect_download() as download:
        page.click("[data-do=export-bibtex]")
    assert "title = {{Russia’s Allies Do Not Want" in download.value.path().read_text()
    page.click("[data-forget]")
    page.click("dialog button[value=cancel]")
    expect(page.locator(".turn")).to_have_count(1)
    page.click("[data-forget]")
    page.click("dialog button[value=delete]")
    expect(page.locator("#conversations")).to_have_text("No conversations yet. What you ask is kept here.")
    expect(page.locator(".turn")).to_have_count(0)


def test_nobody_sees_anothers(visit, site):
    first, second = visit(apart=True), visit(apart=True)
    ask(first, QUESTION)
    first.wait_for_function("location.hash.startsWith('#c=')")
    place = first.url[len(site) :]
    expect(listed(second)).to_have_count(0)
    second.add_init_script(HEARD)  # it is said for a while, which may be over before somebody looks
    second.goto(f"{site}{place}")
    second.reload()
    said = "This conversation was deleted, or is somebody else’s."
    second.wait_for_function("said => window.heard.has(said)", arg=said)
    expect(second.locator(".turn")).to_have_count(0)
    assert first.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_back_on_a_phone_returns_to_the_pane_before(visit):
    page = visit(width=360, height=740, apart=True)
    ask(page, QUESTION)
    page.click(".marker [data-cite='1']")
    expect(page.locator("#source")).to_be_visible()
    page.go_back()
    expect(page.locator("#ask")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)


def test_a_login_names_the_person_and_another_browser_finds_the_conversation(chromium, serve):
    library, _ = serve()
    blocks, address = launch(Service(library), auth=credentials("ann:a secret"))
    try:
        with httpx.Client(base_url=address, auth=("ann", "a secret")) as client:
            assert "set-cookie" not in client.get("").headers
        for count in (1, 2):
            context = open_context(chromium.browser)
            context.set_extra_http_headers({"authorization": "Bearer ann:a secret"})
            page = open_page(context, address)
            ask(page, QUESTION)
            expect(listed(page)).to_have_count(count)
            context.close()
    finally:
        blocks.close(verbose=False)


def test_a_conversation_of_500_turns_opens_as_one_of_20(visit, serve):
    length = 500
    library, address = serve()
    page = visit(address, apart=True)
    ask(page, QUESTION)
    page.wait_for_function("location.hash.startsWith('#c=')")
    kept = Conversations(library.path / "conversations.db")
    conversation = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('c')")
    (who,) = person(library)
    (turn,) = kept.turns(who, conversation)
    for number in range(2, length + 1):
        kept.keep(who, conversation, turn | {"question": f"Question {number}?"})
    with page.expect_response(
        lambda response: '"fn_name":"conversation"' in (response.request.post_data or "")
    ) as sent:
        reload(page)
    assert [each["number"] for each in sent.value.json()["turns"]] == list(range(length - 19, length + 1))
    expect(page.locator(".turn:last-child h3")).to_have_text(f"Question {length}?")
    assert page.locator(".turn").count() == 20
    page.click("#earlier")
    expect(page.locator(".turn")).to_have_count(40)
    expect(page.locator(".turn:first-child h3")).to_have_text(f"Question {length - 39}?")


def person(library):
    """Read from the database whose the conversations are."""
    with closing(sqlite3.connect(library.path / "conversations.db")) as database:
        return [who for (who,) in database.execute("SELECT DISTINCT person FROM conversations")]
