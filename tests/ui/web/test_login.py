"""Logging in and out on the page, in a real Chromium: a login that ends is said, and costs nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from ui_states import QUESTION, ask, open_context

from ui.server import Accounts, credentials
from ui.web import Service, launch

pytest_plugins = ["browser"]
PASSWORDS = {"ann": "correct horse 1", "bob": "correct horse 2"}


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory):
    accounts = Accounts(tmp_path_factory.mktemp("accounts") / "accounts.db")
    for pair in PASSWORDS.items():
        accounts.add_user(*pair)
    blocks, address = launch(Service(serve()[0]), auth=credentials(None, accounts=accounts))
    yield address
    blocks.close(verbose=False)


@pytest.fixture
def enter(chromium, address):
    """Open the page in a browser of its own, and log in."""
    contexts, failed = [], []

    def start(name="ann", **options):
        contexts.append(context := open_context(chromium.browser))
        page = context.new_page()
        page.emulate_media(**options)
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.goto(address)
        log_in(page, name)
        return page

    yield start
    for context in contexts:
        context.close()
    assert failed == []


def log_in(page, name):
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORDS[name])
    page.click("form button")
    page.wait_for_selector(".pincite[data-ready]")


def log_out(page):
    page.click("#person summary")
    page.click("[data-do=logout]")
    page.wait_for_selector("main [name=username]")


def send(page, question):
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.wait_for_selector("#login[open]")


def give(page, name, password):
    page.fill("#login [name=username]", name)
    page.fill("#login [name=password]", password)
    page.click("#login .strong")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_login_that_ended_elsewhere_is_asked_for_above_the_page_which_goes_on(enter, scheme):
    page = enter(color_scheme=scheme)
    expect(page.get_by_title("Logged in as ann")).to_be_visible()
    ask(page, QUESTION)
    log_out(enter())
    send(page, "And Kyrgyzstan?")
    expect(page.locator("#login h2")).to_have_text("Your login has ended")
    expect(page.locator("#login [name=username]")).to_have_value("ann")
    expect(page.locator("#login [name=password]")).to_be_focused()
    assert Axe().run(page).response["violations"] == []
    give(page, "ann", "wrong")
    expect(page.locator("#login-wrong")).to_have_text("User or password is wrong.")
    give(page, "ann", PASSWORDS["ann"])
    page.wait_for_selector(".turn:last-child .outcome")
    expect(page.locator("#login")).to_be_hidden()
    expect(page.locator(".turn h3")).to_have_text([QUESTION, "And Kyrgyzstan?"])
    assert page.locator(".warning").count() == 0


def test_who_would_rather_log_in_later_loses_nothing(enter, address):
    page = enter()
    ask(page, QUESTION)
    page.wait_for_function("location.hash.startsWith('#c=')")
    log_out(enter())
    send(page, "And Kyrgyzstan?")
    page.keyboard.press("Escape")
    expect(page.locator(".turn:last-child .warning")).to_contain_text("You are logged out.")
    page.evaluate("window.dispatchEvent(new Event('focus'))")  # what the page does by itself asks nobody again
    page.wait_for_timeout(1000)
    expect(page.locator("#login")).to_be_hidden()
    page.click(".turn:last-child >> text=Try again")
    expect(page.locator("#login")).to_be_visible()
    page.click("[data-do=later]")
    expect(page.locator(".turn:last-child .warning")).to_contain_text("You are logged out.")
    page.reload()
    expect(page.locator("form")).to_contain_text("Your login has ended. Log in again, and the page is as you left it.")
    assert Axe().run(page).response["violations"] == []
    log_in(page, "ann")
    expect(page.locator(".turn h3")).to_have_text([QUESTION])
    expect(page.locator("#question")).to_have_value("And Kyrgyzstan?")
    page.press("#question", "Enter")
    page.wait_for_selector(".turn:nth-child(2) .outcome")
    page.reload()
    page.wait_for_selector(".pincite[data-ready]")
    expect(page.locator("#question")).to_have_value("")


def test_somebody_else_who_logs_in_there_sees_nothing_of_it(enter):
    page = enter()
    ask(page, QUESTION)
    log_out(enter())
    send(page, "And Kyrgyzstan?")
    give(page, "bob", PASSWORDS["bob"])
    page.wait_for_selector(".pincite[data-ready] #person summary[title$=bob]")
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#question")).to_have_value("")
    page.click("#side [data-side=conversations]")
    expect(page.locator(".conversations [data-open]")).to_have_count(0)


def test_logging_out_leaves_nothing_in_the_browser(enter, address):
    page = enter()
    ask(page, QUESTION)
    page.fill("#question", "Half a thought")
    page.press("#question", "!")
    log_out(page)
    assert page.evaluate("sessionStorage.length + document.cookie.length") == 0
    assert page.url == address
    assert "ended" not in page.inner_text("main")
    log_in(page, "bob")
    expect(page.locator("#question")).to_have_value("")
    page.goto(f"{address}logout")
    page.click("text=Log out")
    page.wait_for_selector("main [name=username]")


def test_where_nobody_logs_in_nothing_of_it_is_shown(visit):
    page = visit()
    expect(page.locator("#person")).to_be_hidden()
