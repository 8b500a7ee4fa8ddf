"""The page in a real Chromium: the documents, looks, keyboard, safety, and axe in every state."""

import re

import pytest
from articles import SEED
from axe_playwright_python.sync_playwright import Axe
from fakes import HashedEncoder
from playwright.sync_api import expect
from ui_states import HOSTILE, IN_VIEW, QUESTION, STATES, ask, current, quote, upload

from retrieval import Document, Library, Settings
from ui.web import Service, launch

pytest_plugins = ["browser"]


# --- documents


def test_upload_ask_delete_and_ask_again(visit, serve):
    library, address = serve()
    page = visit(address)
    upload(page, "../../etc/My Owls.txt", b"Owls\n\nThe barn owl of Quorn church hunts voles in the orchard at night.")
    expect(page.locator(".documents li")).to_have_count(2)
    assert [file.name for file in (library.path / "uploads").glob("*/*")] == ["My Owls.txt"]
    ask(page, "What does the barn owl of Quorn church hunt?")
    assert "hunts voles" in quote(page)
    page.click("[data-remove] >> nth=1")
    page.click("dialog button[value=cancel]")
    expect(page.locator(".documents li")).to_have_count(2)
    page.click("[data-remove] >> nth=1")
    page.click("dialog button[value=delete]")
    expect(page.locator(".documents li")).to_have_count(1)
    assert list((library.path / "uploads").iterdir()) == []
    ask(page, "What does the barn owl of Quorn church hunt?")
    expect(page.locator(".turn:last-child .outcome")).to_contain_text("The documents do not say this.")


def test_each_file_that_fails_says_why(visit, serve):
    library, address = serve(settings=Settings(max_file_bytes=2**20))
    page = visit(address)
    STATES["uploaded"](page)
    expect(page.locator("#uploads")).to_contain_text("film.mov: files of type .mov cannot be read")
    expect(page.locator("#uploads")).to_contain_text("broken.txt: is binary")
    upload(page, "big.txt", b"a " * 2**20)
    expect(page.locator("#uploads")).to_contain_text("has 2.0 MB; at most 1 MB are read")
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
    expect(page.locator("#coverage")).to_have_text("3 of 4 documents searchable; 1 failed")
    page.click("#failures summary")
    expect(page.locator("#failures")).to_contain_text("blank.txt: holds no text")
    states = {
        item.locator("[data-doc]").text_content(): item.locator(".state")
        for item in page.locator(".documents li").all()
    }
    expect(states["About edited"]).to_have_text("The file has changed since it was read.")
    expect(states["About lost"]).to_have_text("The file is no longer there.")
    expect(states["About kept"]).to_have_text("")
    ask(page, "What does the lost file speak of?")
    expect(page.locator(".place .state", has_text="The file is no longer there.").first).to_be_visible()


def test_what_is_here_already_is_not_added_and_the_report_can_be_closed(visit, serve):
    address = serve()[1]
    page, other = visit(address), visit(address)
    upload(page, "owls.txt", b"Owls\n\nThe barn owl of Quorn church hunts voles in the orchard at night.")
    expect(other.locator(".documents li")).to_have_count(2)  # the other tab has looked again
    page.set_input_files(
        "#files",
        [
            {
                "name": "same.txt",
                "mimeType": "text/plain",
                "buffer": b"Owls\n\nThe barn owl of Quorn church hunts voles in the orchard at night.",
            }
        ],
    )
    expect(page.locator("#uploads")).to_contain_text("0 of 1 added; 1 here already")
    expect(page.locator("#uploads")).to_contain_text("same.txt: is here already; nothing was added")
    expect(page.locator("#coverage")).to_have_text("2 documents from 3 of 3 files searchable")
    page.click("#uploads >> text=Close")
    expect(page.locator("#uploads")).to_have_text("")


def test_an_empty_library_says_so(visit, serve):
    page = visit(serve(seeds=False)[1])
    expect(page.locator("#libraries")).to_be_hidden()  # where there is one only, and no place for others
    ask(page, "Who is it?")
    assert page.text_content(".outcome") == "There are no documents to ask yet. Add some first."


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
    page = visit(scheme="dark", apart=True)
    assert page.evaluate(shade) == "rgb(19, 20, 22)"
    page.click("[data-do=theme]")
    page.reload()
    page.wait_for_selector(".pincite[data-ready]")
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
    page.wait_for_function("document.activeElement.tagName === 'MARK'")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.id === 'question'")
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


def test_a_hostile_document_shows_as_text(visit, rough):
    page = visit(rough)
    STATES["hostile"](page)
    page.wait_for_selector("mark.now")
    assert current(page) == quote(page) and "<script>window.hacked = 1</script>" in quote(page)
    shown = "".join(page.locator(".paragraph p").all_text_contents())
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", HOSTILE)
    assert page.evaluate("window.hacked") is None
    expect(page.locator("#paper :is(img, script, a, b)")).to_have_count(0)
    assert "Hostile <b>title</b> {{7*7}} ${alert(1)}" in page.locator(".documents [data-doc]").all_text_contents()
    expect(page.locator("#uploads img")).to_have_count(0)


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
        expect(page.locator("#coverage")).to_have_text("1 of 1 document searchable")
        blocks.close(verbose=False)


@pytest.mark.parametrize("name", STATES)
def test_axe_finds_nothing_serious(visit, busy, rough, name):
    page = visit(rough if name == "hostile" else busy)
    STATES[name](page)
    wide = serious(page)
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("document.body.classList.add('dark')")
    assert (wide, serious(page)) == ([], [])


def serious(page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]


def test_a_corrected_file_replaces_the_other_and_an_old_answer_shows_what_it_quotes(visit, serve):
    _, address = serve()
    content = b"Fees\n\nThe pilot fee at Quorn is 260 euros for each ship."
    corrected = [{"name": "fees.txt", "mimeType": "text/plain", "buffer": content}]
    page = visit(address, apart=True)
    upload(page, "fees.txt", b"Fees\n\nThe pilot fee at Quorn is 240 euros for each ship.")
    page.wait_for_selector("#uploads >> text=1 of 1 added")
    ask(page, "What is the pilot fee at Quorn?")
    expect(page.locator(".turn blockquote").first).to_contain_text("240 euros")
    page.set_input_files("#files", corrected)
    expect(page.locator("#held-name")).to_have_text("fees.txt")
    page.click("#held button[value='']")
    page.wait_for_selector("#uploads >> text=0 of 1 added; 1 left out")
    page.set_input_files("#files", corrected)
    page.click("#held button[value=replace]")
    page.wait_for_selector("#uploads >> text=1 of 1 added")
    page.reload()
    page.wait_for_selector(".pincite[data-ready]")
    expect(page.locator(".turn .state").first).to_contain_text("Cites the version of ")
    page.click(".turn .marker [data-cite='1']")
    expect(page.locator("#paper mark.now")).to_contain_text("240 euros")
    expect(page.locator("#paper .earlier")).to_contain_text("You are reading the version of ")
    page.click("#paper .earlier button")
    expect(page.locator("#paper")).to_contain_text("260 euros")
    expect(page.locator("#paper .earlier")).to_have_count(0)
    page.click(".turn .marker [data-cite='1']")
    expect(page.locator("#paper mark.now")).to_contain_text("240 euros")


def test_a_pasted_text_becomes_a_document(visit, serve):
    _, address = serve()
    page = visit(address)
    page.click("[data-do=paste]")
    page.fill("#pasted", "The pilots of Aro ask 240 euros a ship.\n\nOf Bel nothing is known.")
    page.fill("#entitled", "Pilots")
    page.click("#pasting button[value=add]")
    page.wait_for_selector("#uploads >> text=1 of 1 added")
    expect(page.locator(".documents")).to_contain_text("Pilots")
    ask(page, "What do the pilots of Aro ask?")
    expect(page.locator(".turn blockquote").first).to_have_text("The pilots of Aro ask 240 euros a ship.")


def test_a_page_on_this_machine_is_not_fetched(visit, serve):
    library, address = serve()
    page = visit(address)
    before = len(library.documents())
    page.click("[data-do=paste]")
    page.fill("#pasted", f"{address}docs")
    page.click("#pasting button[value=add]")
    page.wait_for_selector("#uploads >> text=0 of 1 added; 1 failed")
    expect(page.locator("#uploads")).to_contain_text(
        "on this machine or in a network of its own, where nothing is fetched"
    )
    assert len(library.documents()) == before
