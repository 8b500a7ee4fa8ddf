"""A real Chromium and pages for it to open: fixtures of the tests of the page. Named as plugin by those tests."""

import os

import pytest
from articles import SEED
from fakes import HashedEncoder
from playwright.sync_api import sync_playwright
from ui_states import CHROMIUM, open_context, open_page

from retrieval import Document, Library, Settings

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
from ui.web import Libraries, Service, Shelf, launch


@pytest.fixture(scope="module")  # while Playwright runs, no other test can run an event loop
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield open_context(browser)
        browser.close()


@pytest.fixture(scope="session")
def serve(encoder, tmp_path_factory):
    """Serve a library with the shipped article; returns the library and the address. shelf: whether others can be made."""
    opened = []

    def start(*more, settings=None, encoder=encoder, seeds=True, shelf=False):
        library = Library(tmp_path_factory.mktemp("served"), settings or Settings(), encoder=encoder)
        library.add([SEED, *more] if seeds else list(more))
        libraries = Libraries(Service(library), shelf=Shelf(library.path / "others") if shelf else None)
        blocks, address = launch(libraries)
        opened.append((blocks, library))
        return library, address

    yield start
    for blocks, library in opened:
        blocks.close(verbose=False)
        library.close()


@pytest.fixture(scope="session")
def site(serve):
    """A library that no test changes."""
    return serve(Document("d-tea", "Tea", "Green tea is made from leaves that are heated soon after picking."))[1]


@pytest.fixture(scope="session")
def busy(serve):
    """A library that the states add to, with others beside it."""
    return serve(shelf=True)[1]


@pytest.fixture(scope="session")
def rough(serve):
    """A library of words without meaning that answers everything: it takes in 10,000 markers at once."""
    return serve(encoder=HashedEncoder(), settings=Settings(threshold=0.0))[1]


@pytest.fixture
def visit(chromium, site):
    """Open the page; in the end no script failed, and every request was to the page's own origin.

    apart: in a browser of its own. The others share one, which keeps the scripts that Gradio loads.
    """
    pages, seen = [], []

    def start(address=site, *, apart=False, **options):
        context = open_context(chromium.browser) if apart else chromium
        pages.append(
            open_page(context, address, watch=lambda kind, text: seen.append((kind, address, text)), **options)
        )
        return pages[-1]

    yield start
    for page in pages:
        page.close()
    assert [text for kind, _, text in seen if kind == "error"] == []
    outside = [url for kind, own, url in seen if kind == "request" and not url.startswith((own, "data:", "blob:"))]
    assert outside == []
    assert len(seen) > 20
