"""The printed page in a real Chromium: the boxes cover the words, and where they cannot, the text stays."""

import httpx
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


def test_the_pages_beside_the_size_and_the_original(visit, serve, tmp_path):
    path = tmp_path / "Three páges.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    for words in (
        "The first page is of owls.",
        "The second page is of strongest hinges.",
        "The third page is of bees.",
    ):
        canvas.drawString(72, 700, words)
        canvas.showPage()
    canvas.save()
    address = serve(path, encoder=HashedEncoder(), settings=Settings(threshold=0.0), seeds=False)[1]
    page = visit(address)
    ask(page, "strongest hinges second page")
    see(page, "page")
    expect(page.locator(".sheet")).to_have_count(1)
    page.click(".beside >> text=Page before")
    expect(page.locator(".sheet")).to_have_count(2)
    assert page.locator(".sheet").evaluate_all("all => all.map(each => each.dataset.number)") == ["1", "2"]
    expect(page.locator(".beside")).to_have_text(["Next page"])
    page.click(".beside >> text=Next page")
    expect(page.locator(".sheet")).to_have_count(3)
    page.click(".beside >> text=Next page")
    expect(page.locator(".beside")).to_have_count(0)
    before = page.locator(".sheet").first.bounding_box()["width"]
    page.click("[data-zoom='1']")
    assert page.locator(".sheet").first.bounding_box()["width"] == pytest.approx(1.5 * before, rel=0.01)
    with page.expect_download() as saving:
        page.click("#original")
    assert (saving.value.suggested_filename, saving.value.path().read_bytes()) == (path.name, path.read_bytes())
    path.write_bytes(b"%PDF-1.4 another")
    response = httpx.get(page.locator("#original").evaluate("link => link.href"))
    assert response.status_code == 404 and "has changed since it was read" in response.json()["error"]
