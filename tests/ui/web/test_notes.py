"""Pinned quotes on the page, and as files."""

import json
from pathlib import Path

import docx
from playwright.sync_api import expect
from ui_states import IN_VIEW, QUESTION, ask, pane

from retrieval import Library, Settings
from ui.server import Note
from ui.web.notes import notes_file

pytest_plugins = ["browser"]


def test_a_notebook_as_files(tmp_path, hashed, encoder):
    (tmp_path / "fees.md").write_text(
        "---\nauthor: Ann Lee\ndate: 2024-05-03\n---\n# Fees\n\nThe fee is *240* euros & more.\n"
    )
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=encoder) as library:
        library.add(tmp_path / "fees.md")
        answer = library.ask("What is the fee?")
        record = answer.to_dict()["citations"][0]
        kept = [Note("a", "What is the fee?", "Check <this>.\nTwice.", record), Note("b", "", "", record)]
        made = {
            suffix: notes_file(kept, library.header, suffix) for suffix in (".md", ".docx", ".bib", ".ris", ".json")
        }
    assert made[".md"].decode() == (
        "# Notes\n\n> The fee is **\\*240\\* euros \\& more**.\n\n— Fees, ¶ 1\n\nCheck \\<this\\>.\nTwice.\n\n"
        "> The fee is **\\*240\\* euros \\& more**.\n\n— Fees, ¶ 1\n"
    )
    (tmp_path / "notes.docx").write_bytes(made[".docx"])
    assert [each.text for each in docx.Document(tmp_path / "notes.docx").paragraphs][:4] == [
        "Notes", "The fee is *240* euros & more.", "Fees, ¶ 1", "Check <this>.\nTwice.",
    ]  # fmt: skip
    assert b"author = {Ann Lee}" in made[".bib"] and b"AU  - Ann Lee" in made[".ris"]
    assert json.loads(made[".json"])[0]["title"] == "Fees"


def test_a_quote_is_pinned_written_on_and_saved(visit):
    page = visit(apart=True)
    ask(page, QUESTION)
    quote = page.locator(".turn blockquote").first.text_content()
    page.click(".turn [data-pin='1']")
    page.click("[data-side=notes]")
    expect(page.locator(".notes blockquote")).to_have_text([quote])
    page.fill(".notes textarea", "Ask them again.")
    page.locator(".notes textarea").blur()
    expect(page.locator("#said")).to_have_text("Note kept")
    page.reload()
    page.wait_for_selector(".pincite[data-ready]")
    page.click("[data-side=notes]")
    expect(page.locator(".notes textarea")).to_have_value("Ask them again.")
    page.click(".notes [data-note]")
    expect(page.locator("mark.now").first).to_be_visible()
    assert page.locator("mark.now").first.evaluate(IN_VIEW)
    with page.expect_download() as saving:
        page.click("[data-notes='.md']")
    assert "Ask them again." in Path(saving.value.path()).read_text()
    page.click(".notes [data-unpin]")
    expect(page.locator("#confirm-name")).to_have_text("Ask them again.")
    page.click("#confirm [value=delete]")
    expect(page.locator("#notes")).to_contain_text("No notes yet.")


def test_nobody_sees_anothers_notes(visit):
    first, second = visit(apart=True), visit(apart=True)
    ask(first, QUESTION)
    first.click(".turn [data-pin='1']")
    expect(first.locator("#said")).to_have_text("Pinned to the notes")
    pane(second, "library")
    second.click("[data-side=notes]")
    expect(second.locator("#notes")).to_contain_text("No notes yet.")
