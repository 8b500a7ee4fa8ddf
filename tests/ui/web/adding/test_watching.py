"""A folder that a page follows, with a real page and a real folder."""

import time

from playwright.sync_api import expect

from retrieval import Library, Settings
from ui.web import Service, launch
from ui.web.adding import Watched

pytest_plugins = ["browser"]


def waited(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_the_page_shows_what_a_folder_brings(tmp_path, encoder, visit):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "owls.txt").write_text("Owls hunt voles at night.")
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        service = Service(library)
        blocks, address = launch(service)
        service.follow(folder)
        page = visit(address)
        expect(page.locator("#following")).to_contain_text("Following the folder papers, as it was at ", timeout=20_000)
        expect(page.locator(".documents")).to_contain_text("owls")
        (folder / "bees.txt").write_text("Bees dance in the hive.")
        expect(page.locator(".documents")).to_contain_text("bees", timeout=20_000)
        (folder / "owls.txt").unlink()
        expect(page.locator(".documents")).not_to_contain_text("owls", timeout=20_000)
        service.watched.stop()
        blocks.close(verbose=False)


def test_a_folder_that_is_away_is_said_and_waited_for(tmp_path, hashed):
    folder = tmp_path / "papers"
    watched = Watched(hashed, folder)
    assert watched.state == "Reading the folder papers"
    watched.start()
    assert waited(lambda: watched.state.startswith("Cannot follow the folder papers: "))
    folder.mkdir()
    (folder / "owls.txt").write_text("Owls hunt voles at night.")
    assert waited(lambda: [document.title for document in hashed.documents()] == ["owls"])
    watched.stop()


def test_the_end_does_not_wait_for_a_whole_folder(tmp_path, hashed):
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.txt").write_text(f"Owl {number} hunts voles. " * 200)
    watched = Watched(hashed, folder)
    watched.start()
    assert waited(lambda: ": " in watched.state)
    watched.stop()
    assert len(hashed.documents()) < 300
