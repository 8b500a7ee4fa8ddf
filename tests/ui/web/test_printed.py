"""The printed page in a real Chromium: the boxes cover the words, and where they cannot, the text stays."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes import HashedEncoder
from playwright.sync_api import expect
from printing import A4, BROKEN, expected, two_columns
from reportlab.pdfgen.canvas import Canvas
from ui_states import ask, quote

from retrieval import Document, Settings

pytest_plugins = ["browser"]
PLACES = """boxes => boxes.map(box => {
    const at = box.getBoundingClientRect(), page = box.parentElement.querySelector("img").getBoundingClientRect();
    return [(at.left - page.left) / page.width, (at.top - page.top) / page.height,
            (at.right - page.left) / page.width, (at.bottom - page.top) / page.height]; })"""


@pytest.fixture(scope="module")
def printed(serve, tmp_path_factory):
    """A library of the PDF and a text; returns the file and the address."""
    path = tmp_path_factory.mktemp("printed") / "bridges.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    two_columns(canvas)
    canvas.save()
    note = Document("note", "Note", "The green heron waits beside the quiet pond.")
    return path, serve(path, note, encoder=HashedEncoder(), settings=Settings(threshold=0.0), seeds=False)[1]


def see(page, sight):
    expect(page.locator("#sight")).to_be_visible()
    page.focus(f"[data-sight={sight}]")
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (360, "dark")])
def test_the_boxes_cover_the_words_on_both_pages(visit, printed, width, scheme):
    page = visit(printed[1], width=width, scheme=scheme)
    ask(page, "strongest hinge engine brass")
    assert quote(page) == BROKEN
    page.click(".marker [data-cite='1']")
    see(page, "page")
    expect(page.locator(".sheet .box")).to_have_count(2)
    for place, words in zip(page.locator(".sheet .box").evaluate_all(PLACES), expected(), strict=True):
        assert place[0] == pytest.approx(words[0], abs=0.004) and place[2] == pytest.approx(words[2], abs=0.004)
        assert words[1] - 0.005 < place[1] < words[1] + 0.001 and words[3] - 0.001 < place[3] < words[3] + 0.005
    expect(page.locator("[data-sight=page]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#paper")).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.sight") == "page"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert Axe().run(page).response["violations"] == []
    see(page, "text")
    expect(page.locator("mark.now").first).to_be_visible()
    expect(page.locator("#sheets")).to_be_hidden()


def test_walking_goes_on_with_the_page_and_back_to_text_where_there_is_none(visit, printed):
    page = visit(printed[1])
    ask(page, "strongest hinge engine brass")
    see(page, "page")
    expect(page.locator(".sheet .box").first).to_be_visible()
    ask(page, "green heron quiet pond")
    expect(page.locator("mark.now")).to_be_visible()
    expect(page.locator("#sight")).to_be_hidden()
    page.click(".turn:first-child .marker [data-cite='1']")
    expect(page.locator(".sheet .box").first).to_be_focused()
    page.focus("#question")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(".sheet .box").first).to_be_focused()


def test_a_file_that_has_changed_is_shown_as_text(visit, printed):
    path, address = printed
    path.write_bytes(path.read_bytes() + b"\n")
    page = visit(address)
    ask(page, "strongest hinge engine brass")
    see(page, "page")
    expect(page.locator("#instead")).to_have_text("Shown as text. bridges.pdf: has changed since it was read.")
    expect(page.locator("mark.now").first).to_be_visible()
