"""The page in a real Chromium: asking, reading quotes in their place, documents, looks, keyboard, safety."""

import os
import re
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import SEED
from fakes import HashedEncoder
from playwright.sync_api import expect, sync_playwright
from ui_states import CHROMIUM, HOSTILE, QUESTION, STATES, ask, open_page

from retrieval import Document, Library, Settings

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
from ui.app import launch
from ui.service import Service

IN_VIEW = """mark => { const box = mark.getBoundingClientRect(), paper = document.querySelector('#paper').getBoundingClientRect();
    return box.bottom > paper.top && box.top < paper.bottom; }"""


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def serve(encoder, tmp_path_factory):
    """Serve a library with the shipped article; returns the library and the address."""
    opened = []

    def start(*more, settings=None, encoder=encoder, seeds=True):
        library = Library(tmp_path_factory.mktemp("served"), settings or Settings(), encoder=encoder)
        library.add([SEED, *more] if seeds else list(more))
        blocks, address = launch(Service(library))
        opened.append((blocks, library))
        return library, address

    yield start
    for blocks, library in opened:
        blocks.close(verbose=False)
        library.close()


@pytest.fixture(scope="module")
def site(serve):
    """A library that no test changes."""
    return serve(Document("d-tea", "Tea", "Green tea is made from leaves that are heated soon after picking."))[1]


@pytest.fixture(scope="module")
def busy(serve):
    """A library that the states add to."""
    return serve()[1]


@pytest.fixture
def visit(chromium, site):
    """Open the page in a browser of its own; in the end no script failed, and every request was to the own origin."""
    pages, seen = [], []

    def start(address=site, **options):
        pages.append(
            open_page(chromium, address, watch=lambda kind, text: seen.append((kind, address, text)), **options)
        )
        return pages[-1]

    yield start
    for page in pages:
        page.context.close()
    assert [text for kind, _, text in seen if kind == "error"] == []
    outside = [url for kind, own, url in seen if kind == "request" and not url.startswith((own, "data:", "blob:"))]
    assert outside == []
    assert len(seen) > 20


def current(page) -> str:
    return "".join(page.locator("mark.now").all_text_contents())


def quote(page, marker=1) -> str:
    return page.locator(f".turn:last-child .quotes > li:nth-child({marker}) blockquote").text_content()


def upload(page, name, content):
    page.set_input_files("#files", [{"name": name, "mimeType": "text/plain", "buffer": content}])
    page.wait_for_selector("#uploads >> text=/ of 1 added/")


# --- asking


def test_an_answer_shows_the_quote_and_marks_it_in_the_source(visit):
    page = visit()
    ask(page, "Who urged the CIS countries to help in Syria?")
    assert "Sergei Shoigu, urged the CIS countries" in quote(page)
    assert page.text_content(".band") in (
        "Answered in the documents",
        "Probably answered in the documents; check the quotes",
    )
    expect(page.locator("mark.now").first).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "question"


def test_a_marker_leads_to_the_exact_words(visit):
    page = visit()
    ask(page, QUESTION)
    count = page.locator(".quotes > li").count()
    for marker in range(1, count + 1):
        page.click(f".marker [data-cite='{marker}']")
        page.wait_for_selector(f"mark.now[data-marker='{marker}']")
        assert current(page) == quote(page, marker)
        assert page.locator("mark.now").first.evaluate(IN_VIEW)
        assert page.evaluate("document.activeElement === document.querySelector('mark.now')")
    assert page.text_content("#position") == f"Quote {count} of {count}"
    page.click("[data-do=next]")
    expect(page.locator("#position")).to_have_text(f"Quote 1 of {count}")
    assert current(page) == quote(page, 1)


def test_hovering_a_marker_shows_its_quote(visit):
    page = visit()
    ask(page, QUESTION)
    page.hover(".marker [data-cite='1']")
    expect(page.locator("#tip")).to_be_visible()
    assert quote(page).startswith(page.text_content("#tip").rstrip("…"))


def test_a_follow_up_leans_on_what_was_asked(visit):
    page = visit()
    ask(page, "What did Kazakhstan say about sending troops?")
    ask(page, "And Kyrgyzstan?")
    assert "Kyrgyzstan" in page.text_content(".turn:last-child .asked-as")
    assert "no information" in page.text_content(".turn:last-child")


def test_what_the_documents_do_not_say_is_said(visit):
    page = visit()
    ask(page, "How do I bake a chocolate cake?")
    assert page.text_content(".band") == "The documents do not say this. Closest passages:"
    assert page.locator("blockquote").count() == 0
    page.click(".nearest .place button >> nth=0")
    expect(page.locator(".paragraph.here")).to_be_visible()


def test_suggested_questions_are_answered_by_the_documents(visit):
    page = visit()
    count = page.locator("#suggestions button").count()
    assert count >= 3
    page.click("#suggestions button >> nth=1")
    expect(page.locator("blockquote").first).to_be_visible()


def test_two_browsers_and_a_reload_share_no_conversation(visit):
    first, second = visit(), visit()
    ask(first, QUESTION)
    assert second.locator(".turn").count() == 0
    ask(second, "And who else?")
    assert second.locator(".asked-as").count() == 0
    first.reload()
    first.wait_for_selector(".pincite[data-ready]")
    assert first.locator(".turn, mark").count() == 0
    assert first.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_more_passages(visit):
    page = visit()
    ask(page, QUESTION)
    assert page.locator(".behind li").count() == 5
    page.click("[data-do=more]")
    expect(page.locator(".behind li")).to_have_count(10)
    assert page.locator(".turn").count() == 1


def test_stop_and_a_server_that_is_gone(visit):
    page = visit()
    page.route("**/component_server/", lambda route: None)
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    expect(page.locator(".waiting")).to_be_visible()
    page.click("#send >> text=Stop")
    expect(page.locator(".turn")).to_contain_text("Stopped.")
    page.unroute("**/component_server/")
    page.route("**/component_server/", lambda route: route.abort())
    ask(page, QUESTION)
    assert "Is Pincite still running?" in page.text_content(".turn:last-child .warning")


def test_a_question_that_is_too_long_says_so(visit):
    page = visit()
    page.evaluate("document.querySelector('#question').removeAttribute('maxlength')")
    ask(page, "why " * 1001)
    assert "at most 4,000 characters can be asked at once" in page.text_content(".warning")


# --- what people do with an answer


def test_copies_carry_the_citations(visit):
    page = visit()
    ask(page, "Who urged the CIS countries to help in Syria?")
    page.click("[data-do=copy-markdown]")
    expect(page.locator("#said")).to_have_text("Copied with citations")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("## Who urged the CIS countries to help in Syria?\n\n> ")
    assert "1. Russia’s Allies Do Not Want to Take Part in Syrian Operation, ¶ " in copied
    page.click("[data-do=copy-plain]")
    expect(page.locator("#said")).to_have_text("Copied as text")
    assert "[1] Russia’s Allies" in page.evaluate("navigator.clipboard.readText()")


def test_the_exported_answers_can_be_verified(visit, tmp_path):
    page = visit()
    ask(page, QUESTION)
    for name, start in (("export-json", '{\n  "answers": ['), ("export-markdown", "## What did Kazakhstan")):
        page.click(".menu summary")
        with page.expect_download() as download:
            page.click(f"[data-do={name}]")
        download.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_text().startswith(start)
    command = [sys.executable, "-m", "ui.cli", "verify", str(tmp_path / "export-json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=SEED.parents[1])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("[1] valid  Russia’s Allies")


def test_a_judgement_is_kept_as_an_eval_case(visit, serve):
    library, address = serve()
    page = visit(address)
    ask(page, "Who urged the CIS countries to help in Syria?")
    page.click("[data-do=good]")
    page.fill(".note input", "just right")
    page.press(".note input", "Enter")
    expect(page.locator("#said")).to_have_text("Kept in the library. Thank you.")
    case = library.feedback()[0]
    assert (case["id"], case["answerable"], case["note"]) == ("feedback-1", True, "just right")
    assert case["quotes"][0] == quote(page)


# --- documents


def test_upload_ask_delete_and_ask_again(visit, serve):
    library, address = serve()
    page = visit(address)
    upload(page, "../../etc/My Owls.txt", b"Owls\n\nThe barn owl of Quorn church hunts voles in the orchard at night.")
    assert page.locator(".documents li").count() == 2
    assert [file.name[:8] for file in (library.path / "uploads").iterdir()] == ["my-owls-"]
    ask(page, "What does the barn owl of Quorn church hunt?")
    assert "hunts voles" in quote(page)
    page.click("[data-remove] >> nth=1")
    page.click("dialog button[value=cancel]")
    assert page.locator(".documents li").count() == 2
    page.click("[data-remove] >> nth=1")
    page.click("dialog button[value=delete]")
    expect(page.locator(".documents li")).to_have_count(1)
    assert list((library.path / "uploads").iterdir()) == []
    ask(page, "What does the barn owl of Quorn church hunt?")
    assert page.text_content(".turn:last-child .band") == "The documents do not say this. Closest passages:"


def test_each_file_that_fails_says_why(visit, serve):
    library, address = serve(settings=Settings(max_file_bytes=2**20))
    page = visit(address)
    STATES["uploaded"](page)
    assert "film.mov: files of type .mov cannot be read" in page.text_content("#uploads")
    assert "broken.txt: is binary" in page.text_content("#uploads")
    upload(page, "big.txt", b"a " * 2**20)
    assert "has 2.0 MB; at most 1 MB are read" in page.text_content("#uploads")
    assert len(library.documents()) == 2


def test_files_that_failed_changed_or_vanished_are_named(visit, serve, tmp_path):
    for name in ("kept", "edited", "lost"):
        (tmp_path / f"{name}.txt").write_text(
            f"About {name}\n\nThe {name} file speaks of lanterns on the harbour wall."
        )
    (tmp_path / "blank.txt").write_text(" ")
    address = serve(tmp_path, seeds=False)[1]
    (tmp_path / "edited.txt").write_text("something else")
    (tmp_path / "lost.txt").unlink()
    page = visit(address)
    assert page.text_content("#coverage") == "3 of 4 documents searchable; 1 failed"
    page.click("#failures summary")
    assert "blank.txt: holds no text" in page.text_content("#failures")
    states = {
        item.locator("[data-doc]").text_content(): item.locator(".state")
        for item in page.locator(".documents li").all()
    }
    expect(states["About edited"]).to_have_text("The file has changed since it was read.")
    expect(states["About lost"]).to_have_text("The file is no longer there.")
    expect(states["About kept"]).to_have_text("")
    ask(page, "What does the lost file speak of?")
    expect(page.locator(".place .state", has_text="The file is no longer there.").first).to_be_visible()


def test_ticked_documents_limit_the_question(visit):
    page = visit()
    page.check(".documents input[aria-label='Ask only Tea']")
    assert "Asking 1 of 2." in page.text_content("#scope")
    ask(page, QUESTION)
    assert "Russia’s Allies" not in page.text_content(".turn")
    page.fill("#filter", "eurasia daily")
    expect(page.locator(".documents li")).to_have_count(1)
    page.click("#scope >> text=Ask all")
    ask(page, QUESTION)
    assert "Russia’s Allies" in page.text_content(".turn:last-child")


def test_a_paragraph_number_copies_a_link_that_opens_there(visit):
    page = visit()
    page.click(".documents [data-doc] >> nth=0")
    page.click("[data-link='8']")
    expect(page.locator("#said")).to_have_text("Link to paragraph 8 copied")
    link = page.evaluate("navigator.clipboard.readText()")
    other = visit(place=link[link.index("#") :])
    assert other.locator(".paragraph.here").get_attribute("data-number") == "8"
    assert other.locator(".paragraph.here").evaluate(IN_VIEW)


def test_a_long_document_opens_and_scrolls_quickly(visit, serve):
    text = "\n\n".join(
        f"Paragraph {number} speaks. " + "Some words about ships fill it up. " * 28 for number in range(2000)
    )
    address = serve(
        Document("long", "Long", text), encoder=HashedEncoder(), seeds=False, settings=Settings(threshold=0.0)
    )[1]
    assert len(text) > 2_000_000
    page = visit(address)
    opening = "document.querySelector('[data-doc]').click()"
    took = page.evaluate(f"""async () => {{ const began = performance.now(); {opening};
        while (!document.querySelector('.paragraph')) await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame); return performance.now() - began; }}""")
    assert took < 3000
    ask(page, "What does paragraph 1777 speak?")
    page.wait_for_selector("mark.now")
    assert page.locator("mark.now").first.evaluate(IN_VIEW)


# --- looks and keys


def test_light_and_dark(visit):
    shade = "getComputedStyle(document.querySelector('.pincite')).backgroundColor"
    assert visit().evaluate(shade) == "rgb(239, 236, 229)"
    page = visit(scheme="dark")
    assert page.evaluate(shade) == "rgb(19, 20, 22)"
    page.click("[data-do=theme]")
    assert page.evaluate(shade) == "rgb(239, 236, 229)"


def test_on_a_phone_one_pane_at_a_time(visit):
    page = visit(width=360, height=740)
    assert [page.is_visible(name) for name in ("#library", "#ask", "#source")] == [False, True, False]
    ask(page, QUESTION)
    page.click(".marker [data-cite='1']")
    expect(page.locator("#source")).to_be_visible()
    assert page.locator("mark.now").first.evaluate(IN_VIEW)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.click("nav [data-show=ask]")
    expect(page.locator("#ask")).to_be_visible()


def test_by_keyboard_alone(visit):
    page = visit()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.now")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#position")).to_contain_text("Quote ")
    assert page.evaluate("document.activeElement.tagName") == "MARK"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "question"
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("'cite' in document.activeElement.dataset"):
            break
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.tagName === 'MARK'")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_nothing_jumps_while_an_answer_comes(visit):
    page = visit()
    page.evaluate("""window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(entry =>
        window.shift += entry.value)).observe({ type: 'layout-shift' })""")
    ask(page, QUESTION)
    page.wait_for_selector("mark.now")
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.05


def test_a_hostile_document_shows_as_text(visit, busy):
    page = visit(busy)
    STATES["hostile"](page)
    page.wait_for_selector("mark.now")
    assert current(page) == quote(page) and "<script>window.hacked = 1</script>" in quote(page)
    assert "".join(page.locator(".paragraph p").all_text_contents()).replace(" ", "") == re.sub(r"\s", "", HOSTILE)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#paper :is(img, script, a, b)").count() == 0
    assert "Hostile <b>title</b> {{7*7}} ${alert(1)}" in page.locator(".documents [data-doc]").all_text_contents()
    assert page.locator("#uploads img").count() == 0


def test_while_the_model_loads_the_page_says_so_and_waits(visit, encoder, tmp_path):
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(SEED)
        service = Service(library)
        service.warm, warm = (lambda: None), service.warm
        blocks, address = launch(service)
        page = visit(address, ready=False)
        expect(page.locator("#coverage")).to_contain_text("Preparing the model")
        page.fill("#question", QUESTION)
        page.press("#question", "Enter")
        expect(page.locator(".waiting")).to_be_visible()
        warm()
        expect(page.locator("blockquote").first).to_be_visible()
        expect(page.locator("#coverage")).to_have_text("1 of 1 documents searchable")
        blocks.close(verbose=False)


@pytest.mark.parametrize("width, scheme", [(1280, "light"), (360, "dark")])
@pytest.mark.parametrize("name", STATES)
def test_axe_finds_nothing_serious(visit, serve, busy, name, width, scheme):
    page = visit(busy, width=width, scheme=scheme)
    STATES[name](page)
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []
