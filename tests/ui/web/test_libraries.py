"""Several libraries on one page: their names, the calls that name one, and the switcher in a real Chromium."""

from types import SimpleNamespace

import httpx
import pytest
from fakes import HashedEncoder
from playwright.sync_api import expect
from served import call
from ui_states import QUESTION, ask, quote, upload

from retrieval import Document, Library, Settings
from retrieval.errors import ArgumentError
from ui.web import Libraries, Service, Shelf, launch

pytest_plugins = ["browser"]


# --- names


@pytest.mark.parametrize(
    "name", ["../../etc", "a/b\\c", "..", "con", "<b>x</b>", "Ämter & Größen", "日本", "'; DROP--"]
)
def test_a_name_is_what_somebody_typed_and_its_folder_is_below_ours(tmp_path, name):
    shelf = Shelf(tmp_path / "shelf")
    folder = shelf.add(name)
    assert (shelf.names(), shelf.folder(name)) == ([name], folder)
    assert folder.resolve().parent == tmp_path / "shelf" and folder.suffix == ".pincite"


@pytest.mark.parametrize("name", ["Tax", " tax ", "TAX", "\uff34ax", "T\u200bax"])
def test_no_two_are_called_the_same(tmp_path, name):
    shelf = Shelf(tmp_path)
    shelf.add("Tax")
    shelf.add("Law")
    shelf.archive("Tax")
    for act in (lambda: shelf.add(name), lambda: shelf.rename("Law", name)):
        with pytest.raises(ArgumentError, match="already, perhaps among those that are archived"):
            act()
    assert (shelf.names(), shelf.names(archived=True)) == (["Law"], ["Tax"])


@pytest.mark.parametrize("name, said", [("", "needs a name"), (" \n\u200b", "needs a name"), ("a" * 81, "at most 80")])
def test_a_library_needs_a_name(tmp_path, name, said):
    with pytest.raises(ArgumentError, match=said):
        Shelf(tmp_path).add(name)
    assert Shelf(tmp_path).names() == []


def test_a_library_keeps_its_folder_whatever_becomes_of_its_name(tmp_path):
    shelf = Shelf(tmp_path)
    folder = shelf.add("Tax")
    shelf.rename("tax", "Tax 2024")
    assert (shelf.folder("Tax"), shelf.folder("tax 2024")) == (None, folder)
    shelf.archive("Tax 2024")
    assert (shelf.names(), shelf.folder("Tax 2024")) == ([], None)
    shelf.archive("Tax 2024", archived=False)
    assert shelf.folder("Tax 2024") == folder
    with pytest.raises(ArgumentError, match="There is no library “Tax” here"):
        shelf.archive("Tax")


# --- calls


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A page started with two libraries of the same folder's name."""
    folder, encoder = tmp_path_factory.mktemp("several"), HashedEncoder()
    places = [folder / "owls.pincite", folder / "more" / "owls"]
    for place, words in zip(places, ("The barn owl hunts voles.", "The tawny owl hunts mice."), strict=True):
        with Library(place, Settings(), encoder=encoder) as library:
            library.add(Document("owl", "Owl", words))
    with Library(places[0], Settings(threshold=0.0), encoder=encoder) as first:
        libraries = Libraries(Service(first), places)
        blocks, address = launch(libraries)
        yield address
        blocks.close(verbose=False)
        libraries.close()


def asked(address, **given):
    return httpx.post(f"{address}api/ask", json={"question": "What does the owl hunt?", **given}, timeout=60).json()


def test_programs_name_a_library_or_get_the_first(several):
    assert httpx.post(f"{several}api/libraries", json={}).json() == ["owls", "owls (2)"]
    quotes = [asked(several, **given)["citations"][0]["quote"] for given in ({}, {"library": "OWLS (2)"})]
    assert quotes == ["The barn owl hunts voles.", "The tawny owl hunts mice."]
    assert asked(several, library="../owls") == {"error": "There is no library “../owls” here."}
    models = httpx.get(f"{several}v1/models").json()["data"]
    assert [model["id"] for model in models] == ["pincite", "pincite/owls", "pincite/owls (2)"]
    assert httpx.get(f"{several}v1/models/pincite/owls (2)").json()["id"] == "pincite/owls (2)"
    body = {"model": "pincite/owls (2)", "messages": [{"role": "user", "content": "What does the owl hunt?"}]}
    reply = httpx.post(f"{several}v1/chat/completions", json=body).json()
    (choice,) = reply["choices"]
    assert reply["model"] == "pincite/owls (2)" and "tawny" in choice["message"]["content"]
    place = choice["message"]["annotations"][0]["url_citation"]["url"]
    assert place.startswith(f"{several}?library=owls+%282%29#doc=owl&p=")
    refused = httpx.post(f"{several}v1/chat/completions", json=body | {"model": "pincite/bats"})
    assert refused.status_code == 404 and "those here are 'pincite', 'pincite/owls', 'pincite/owls (2)'" in refused.text


def test_libraries_of_the_command_line_are_chosen_between_and_left_as_they_are(several):
    html = call(several, "libraries", {"library": "owls (2)"}).json()["html"]
    assert '<a href="?library=owls+%282%29" aria-current="page">' in html and "data-shelf" not in html
    for name, given in (
        ("new_library", {"name": "Bats"}), ("archive_library", {"name": "owls"}), ("restore_library", {"name": "owls"}),
        ("rename_library", {"from": "owls", "name": "Bats"}),
    ):  # fmt: skip
        assert "was started with --library" in call(several, name, given).json()["error"]
    assert call(several, "documents", {"library": "bats"}).json() == {"error": "There is no library “bats” here."}
    shown = call(several, "view", {"doc_id": "owl", "library": "owls (2)"}).json()
    assert "tawny" in shown["html"]


def test_what_the_page_begins_with_stays(tmp_path, hashed):
    libraries = Libraries(Service(hashed), shelf=Shelf(tmp_path / "shelf"))
    libraries.first.warm()
    for act, given in (
        (libraries.archive_library, {"name": "my documents"}),
        (libraries.rename_library, {"from": "My documents", "name": "Bats"}),
    ):
        with pytest.raises(ArgumentError, match="“My documents” is what the page begins with, and stays as it is"):
            act(given)
    with pytest.raises(ArgumentError, match="There is a library “MY DOCUMENTS” already"):
        libraries.new_library({"name": "MY DOCUMENTS"})
    libraries.new_library({"name": "Bats"})
    assert libraries.service("bats") is libraries.service("Bats") is not libraries.service("")
    libraries.close()


def test_a_file_sent_to_two_libraries_is_each_ones_own_and_both_are_counted(tmp_path, hashed):
    first = Service(hashed, uploads=tmp_path / "uploads")
    second = first.another(tmp_path / "second")
    ids = []
    for service in (first, second):
        service.warm()
        sent = SimpleNamespace(files=[("owls.txt", b"The barn owl hunts voles.")])
        ids.append(service.upload(sent)["doc_id"])
        service.answer("What does the barn owl hunt?")
    first.remove({"doc_id": ids[0]})
    assert (first.library.documents(), len(second.library.documents())) == ([], 1)
    assert second.original(ids[1]) == ("owls.txt", b"The barn owl hunts voles.")
    assert first.watch.registry.get_sample_value("pincite_questions_total", {"outcome": "answered"}) == 2.0
    second.library.close()


# --- the switcher


def choose(page, act):
    """Open the menu of libraries, do something there, and wait for the library that is shown then."""
    page.click("#libraries summary")
    with page.expect_navigation():
        act()
    page.wait_for_selector(".pincite[data-ready]")


def test_libraries_are_made_chosen_renamed_archived_and_brought_back(visit, serve):
    library, address = serve(shelf=True)
    page = visit(address, apart=True)
    expect(page.locator("#shown")).to_have_text("My documents")

    def named(name):
        page.fill("#name", name)
        page.press("#name", "Enter")

    choose(page, lambda: (page.click("[data-shelf=new]"), named("<b>Birds</b> & ../bats")))
    expect(page.locator("#shown")).to_have_text("<b>Birds</b> & ../bats")
    expect(page.locator(".documents li")).to_have_count(0)
    upload(page, "owls.txt", b"Owls\n\nThe barn owl of Quorn church hunts voles in the orchard at night.")
    ask(page, "What does the barn owl of Quorn church hunt?")
    assert "hunts voles" in quote(page)
    page.wait_for_function("location.hash.startsWith('#c=')")
    assert len(library.documents()) == 1 and list((library.path / "others").glob("*/uploads/*/owls.txt"))

    choose(page, lambda: page.click("#libraries a >> text=My documents"))
    expect(page.locator(".turn")).to_have_count(0)
    other = page.context.new_page()  # a tab of its own, with the other library
    page.go_back()
    page.wait_for_selector(".pincite[data-ready] .turn")
    other.goto(address)
    other.wait_for_selector(".pincite[data-ready]")
    ask(other, QUESTION)
    assert "Kazakh" in quote(other)
    other.close()
    page.reload()
    page.wait_for_selector(".pincite[data-ready] .turn")

    choose(page, lambda: (page.click("[data-shelf=rename]"), named("Birds")))
    page.click("#side [data-side=conversations]")
    expect(page.locator(".conversations li")).to_have_count(1)
    choose(page, lambda: page.click("[data-shelf=archive]"))
    expect(page.locator("#shown")).to_have_text("My documents")
    page.click("#libraries summary")
    expect(page.locator("#libraries a")).to_have_text(["My documents"])
    page.keyboard.press("Escape")
    choose(page, lambda: page.click("[data-shelf=restore]"))
    expect(page.locator(".documents")).to_contain_text("Owls")
    assert page.url == f"{address}?library=Birds"
