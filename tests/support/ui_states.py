"""The states of the page, each reached as a person would; used by the tests, and by hand to look at them:

PYTHONPATH=. python tests/support/ui_states.py http://127.0.0.1:7860/ folder-for-screenshots
"""

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
QUESTION = "What did Kazakhstan say about deploying troops to Syria?"
HOSTILE = (
    "Hostile <b>title</b> {{7*7}} ${alert(1)}\n\n"
    "The zebra password is <script>window.hacked = 1</script> <img src=x onerror='window.hacked = 1'> "
    "[a link](javascript:alert(1)) \u202egnp.exe\u202c and `ticks` {{constructor}} ${window.hacked = 1} \\u0041 &amp; end.\n\n"
    "The zebra numbers are " + "[1]" * 10_000 + " in all.\n"
)
IN_VIEW = """mark => { const box = mark.getBoundingClientRect(), paper = document.querySelector('#paper').getBoundingClientRect();
    return box.bottom > paper.top && box.top < paper.bottom; }"""
STATES: dict[str, Callable[[Page], None]] = {}


def state(function: Callable[[Page], None]) -> Callable[[Page], None]:
    STATES[function.__name__] = function
    return function


def open_context(browser: Browser) -> BrowserContext:
    """Return a browser profile of its own that may use the clipboard."""
    return browser.new_context(permissions=["clipboard-read", "clipboard-write"])


def open_page(
    context: BrowserContext,
    url: str,
    width: int = 1280,
    scheme: str = "light",
    height: int = 800,
    ready: bool = True,
    place: str = "",
    watch: Callable[[str, str], None] = lambda kind, text: None,
) -> Page:
    """Open the page, at a place of it. watch: told of every request and of every error on the console."""
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    page.set_default_timeout(15_000)
    page.on("request", lambda request: watch("request", request.url))
    page.on("pageerror", lambda error: watch("error", str(error)))
    page.goto(url + place)
    page.wait_for_selector(".pincite[data-ready]" if ready else ".pincite")
    return page


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.wait_for_selector(".turn:last-child :is(.outcome, .warning)")


def pane(page: Page, name: str) -> None:
    """Show a pane where the page is too narrow for all."""
    if page.is_visible(f"nav [data-show={name}]"):
        page.click(f"nav [data-show={name}]")


def current(page: Page) -> str:
    return "".join(page.locator("mark.now").all_text_contents())


def quote(page: Page, marker: int = 1) -> str:
    return page.locator(f".turn:last-child .quotes > li:nth-child({marker}) blockquote").text_content()


def upload(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("#files", [{"name": name, "mimeType": "text/plain", "buffer": content}])
    page.wait_for_selector("#uploads >> text=/ of 1 added/")


@state
def empty(page: Page) -> None:
    page.wait_for_selector("#suggestions button")


@state
def answered(page: Page) -> None:
    ask(page, QUESTION)
    page.wait_for_selector("mark.now", state="attached")


@state
def cited(page: Page) -> None:
    answered(page)
    page.click(".marker [data-cite='1']")


@state
def passages(page: Page) -> None:
    answered(page)
    page.click(".behind summary")


@state
def noted(page: Page) -> None:
    answered(page)
    page.click("[data-do=bad]")


@state
def unsaid(page: Page) -> None:
    ask(page, "How do I bake a chocolate cake?")


@state
def documents(page: Page) -> None:
    pane(page, "library")
    page.check(".documents input >> nth=0")


@state
def glance(page: Page) -> None:
    pane(page, "library")
    page.click(".documents li [data-doc] >> nth=0")
    page.wait_for_selector(".glance h4")


@state
def uploaded(page: Page) -> None:
    pane(page, "library")
    page.set_input_files("#files", [
        {"name": "owls.txt", "mimeType": "text/plain", "buffer": b"Owls\n\nThe barn owl hunts voles at night."},
        {"name": "broken.txt", "mimeType": "text/plain", "buffer": b"\x00\x01\x02"},
        {"name": "film.mov", "mimeType": "video/quicktime", "buffer": b"\x00"},
    ])  # fmt: skip
    page.wait_for_selector("#uploads >> text=1 of 3 added; 2 failed")


@state
def confirming(page: Page) -> None:
    pane(page, "library")
    page.click("[data-remove] >> nth=0")


@state
def pasting(page: Page) -> None:
    pane(page, "library")
    page.click("[data-do=paste]")


@state
def notes(page: Page) -> None:
    answered(page)
    page.click("[data-pin='1']")
    pane(page, "library")
    page.click("[data-side=notes]")
    page.wait_for_selector(".notes textarea")


@state
def conversations(page: Page) -> None:
    answered(page)
    pane(page, "library")
    page.click("#side [data-side=conversations]")
    page.wait_for_selector(".conversations li")


def review(page: Page, *questions: str) -> None:
    pane(page, "ask")
    page.click("#work [data-work-on=review]")
    page.fill("#questions", "\n".join(questions))
    page.click("#go")
    page.wait_for_selector("#progress >> text=/stated/")


@state
def reviewed(page: Page) -> None:
    review(page, QUESTION, "Who urged the CIS countries to help in Syria?", "How is green tea made?")
    page.click("#table [data-cell] >> nth=0")
    page.wait_for_selector("mark.now", state="attached")
    pane(page, "ask")


@state
def naming(page: Page) -> None:
    conversations(page)
    page.click("[data-rename] >> nth=0")


@state
def menu(page: Page) -> None:
    page.click(".menu summary >> text=Export")


@state
def libraries(page: Page) -> None:
    page.click("#libraries summary")
    page.click("[data-shelf=new]")
    page.press("#name", "Enter")
    page.wait_for_selector("#naming-wrong >> text=A library needs a name.")


@state
def strict(page: Page) -> None:
    page.click("#confidence summary")


@state
def broken(page: Page) -> None:
    page.route("**/component_server/", lambda route: route.abort())
    ask(page, QUESTION)


@state
def hostile(page: Page) -> None:
    pane(page, "library")
    page.set_input_files("#files", [{"name": "<img src=x>.txt", "mimeType": "text/plain", "buffer": HOSTILE.encode()}])
    page.wait_for_selector("#uploads >> text=of 1 added")  # 0 where it is here already
    pane(page, "ask")
    ask(page, "What is the zebra password?")
    page.click(".marker [data-cite='1']")


def main(url: str, folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, reach in STATES.items():
            for width, scheme in (
                (1280, "light"),
                (1280, "dark"),
                (360, "light"),
                (360, "dark"),
                (1920, "light"),
                (900, "light"),
            ):
                page = open_page(
                    open_context(browser), url, width, scheme, 740 if width == 360 else 1080 if width == 1920 else 800
                )
                reach(page)
                page.wait_for_timeout(250)
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                page.context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
