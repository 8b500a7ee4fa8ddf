"""The page in a real Chromium: asking, reading quotes in their place, and what people do with an answer."""

import subprocess
import sys

import pypdfium2
from articles import SEED
from playwright.sync_api import expect
from ui_states import IN_VIEW, QUESTION, ask, current, quote

pytest_plugins = ["browser"]


def test_an_answer_shows_the_quote_and_marks_it_in_the_source(visit):
    page = visit()
    ask(page, "Who urged the CIS countries to help in Syria?")
    assert "Sergei Shoigu, urged the CIS countries" in quote(page)
    assert page.text_content(".outcome") in (
        "Answered in the documents",
        "Probably answered in the documents; check the quotes",
    )
    expect(page.locator("mark.now").first).to_be_visible()
    page.wait_for_function("document.activeElement.id === 'question'")


def test_a_marker_leads_to_the_exact_words(visit):
    page = visit()
    ask(page, QUESTION)
    count = page.locator(".quotes > li").count()
    for marker in range(1, count + 1):
        page.click(f".marker [data-cite='{marker}']")
        page.wait_for_selector(f"mark.now[data-marker='{marker}']")
        assert current(page) == quote(page, marker)
        assert page.locator("mark.now").first.evaluate(IN_VIEW)
        page.wait_for_function("document.activeElement === document.querySelector('mark.now')")
    expect(page.locator("#position")).to_have_text(f"Quote {count} of {count}")
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


def test_a_new_question_goes_to_the_top(visit):
    page = visit()
    for question in (QUESTION, "And Kyrgyzstan?", "How do I bake a chocolate cake?"):
        ask(page, question)
    above = page.locator("#scroll").bounding_box()["y"]
    assert 0 <= page.locator(".turn:last-child h3").bounding_box()["y"] - above < 60


def test_what_the_documents_do_not_say_is_said(visit):
    page = visit()
    ask(page, "How do I bake a chocolate cake?")
    missing = "Nothing in them mentions “bake”, “chocolate”, “cake”."
    assert page.text_content(".outcome") == f"The documents do not say this. {missing} Related passages:"
    expect(page.locator("blockquote")).to_have_count(0)
    page.click(".nearest .place button >> nth=0")
    expect(page.locator(".paragraph.here")).to_be_visible()


def test_no_quote_stays_marked_beside_a_question_without_an_answer(visit):
    page = visit()
    ask(page, QUESTION)
    expect(page.locator("mark").first).to_be_visible()
    ask(page, "How do I bake a chocolate cake?")
    expect(page.locator("mark")).to_have_count(0)
    expect(page.locator("#walk")).to_be_hidden()
    expect(page.locator("#paper .nothing")).to_have_text(
        "Nothing is quoted. Choose a quote or a document, and its text appears here."
    )
    page.click(".turn:first-child .marker [data-cite='1']")
    expect(page.locator("mark.now").first).to_be_visible()
    page.click(".documents li [data-doc] >> nth=0")
    ask(page, "How do I bake a chocolate cake?")
    expect(page.locator("#paper .paragraph").first).to_be_visible()  # that document was chosen


def test_suggested_questions_are_answered_by_the_documents(visit):
    page = visit()
    count = page.locator("#suggestions button").count()
    assert count >= 3
    page.click("#suggestions button >> nth=1")
    expect(page.locator("blockquote").first).to_be_visible()


def test_a_document_is_seen_at_a_glance(visit):
    page = visit()
    page.click(".documents li [data-doc] >> nth=0")
    expect(page.locator(".glance h4").first).to_have_text("In its own words")
    expect(page.locator(".glance")).to_contain_text("Who speaks")
    page.click(".glance [data-paragraph='5'] >> nth=0")
    expect(page.locator(".paragraph.here")).to_have_attribute("data-number", "5")
    page.click(".glance [data-ask] >> nth=0")
    expect(page.locator("blockquote").first).to_be_visible()


def test_what_may_be_asked_next_stands_under_the_last_answer(visit):
    page = visit()
    ask(page, QUESTION)
    following = page.locator(".next button").first
    expect(following).to_be_visible()
    asked = following.text_content()
    following.click()
    expect(page.locator(".turn:last-child h3")).to_have_text(asked)
    expect(page.locator(".turn:last-child blockquote").first).to_be_visible()
    expect(page.locator(".turn:first-child .next")).to_have_count(0)


def test_two_browsers_share_no_conversation(visit):
    first, second = visit(apart=True), visit(apart=True)
    ask(first, QUESTION)
    expect(second.locator(".turn")).to_have_count(0)
    ask(second, "And who else?")
    expect(second.locator(".asked-as")).to_have_count(0)
    assert first.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_more_passages(visit):
    page = visit()
    ask(page, QUESTION)
    expect(page.locator(".behind li")).to_have_count(5)
    page.click("[data-do=more]")
    expect(page.locator(".behind li")).to_have_count(10)
    expect(page.locator(".turn")).to_have_count(1)


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
    page.unroute("**/component_server/")
    page.click(".turn:last-child .offer >> text=Try again")
    expect(page.locator(".turn:last-child blockquote").first).to_be_visible()


def test_a_long_question_leaves_room_for_its_answer(visit):
    page = visit()
    ask(page, "Please tell me, " + "considering everything that is said here, " * 12 + "who urged the CIS countries?")
    assert page.locator(".turn h3").bounding_box()["height"] < 80
    page.click(".turn h3")
    assert page.locator(".turn h3").bounding_box()["height"] > 80


def test_where_ticked_documents_do_not_say_it_all_can_be_asked(visit):
    page = visit()
    page.check(".documents input[aria-label='Ask only Tea']")
    ask(page, "Who urged the CIS countries to help in Syria?")
    page.click(".turn .offer >> text=Ask all documents")
    expect(page.locator(".turn blockquote").first).to_contain_text("Shoigu")


def test_the_whole_conversation_is_printed(visit, tmp_path):
    page = visit()
    questions = [QUESTION, "Who urged the CIS countries to help in Syria?", "How do I bake a chocolate cake?"]
    for question in questions:
        ask(page, question)
    page.pdf(path=tmp_path / "printed.pdf")
    with pypdfium2.PdfDocument(tmp_path / "printed.pdf") as printed:
        text = " ".join(" ".join(sheet.get_textpage().get_text_range() for sheet in printed).split())
    assert [question for question in questions if question not in text] == []
    assert "Shoigu, urged the CIS countries" in text
    assert not [said for said in ("Add files", "Copy as Markdown", "Ask a question", "Export") if said in text]


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
    expect(page.locator("#said")).to_have_text("Copied as Markdown")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("## Who urged the CIS countries to help in Syria?\n\n> ")
    assert "1. Russia’s Allies Do Not Want to Take Part in Syrian Operation, ¶ " in copied
    page.click("[data-do=copy-plain]")
    expect(page.locator("#said")).to_have_text("Copied with citations")
    assert "[1] Russia’s Allies" in page.evaluate("navigator.clipboard.readText()")


def test_the_exported_answers_can_be_verified(visit, tmp_path):
    page = visit()
    ask(page, QUESTION)
    for name, start in (("export-json", '{\n  "answers": ['), ("export-markdown", "## What did Kazakhstan")):
        page.click(".menu summary >> text=Export")
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


def test_the_endpoints_are_documented_in_the_page(visit):
    page = visit()
    page.click(".menu summary >> text=Export")
    page.click("[data-do=api]")
    expect(page.locator(".api-docs")).to_contain_text("/read_passage")


def test_how_sure_an_answer_must_be_can_be_chosen(visit):
    page = visit(apart=True)
    page.click("#confidence summary")
    expect(page.locator("#least")).to_have_text("4 %")
    page.locator("#threshold").focus()
    page.keyboard.press("End")
    expect(page.locator("#least")).to_have_text("80 %")
    assert " 98 % get none, and of those about something else, 100 %" in page.text_content("#cost")
    page.keyboard.press("Escape")
    expect(page.locator("#threshold")).to_be_hidden()
    ask(page, QUESTION)
    assert "; at least 80 % is asked for). Closest passages:" in page.text_content(".outcome")
    expect(page.locator("#confidence summary")).to_have_text("Minimum confidence: 80 %")
    page.reload()
    page.wait_for_selector(".pincite[data-ready]")
    page.click("#confidence summary")
    expect(page.locator("#least")).to_have_text("80 %")
    page.locator("#threshold").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Escape")
    ask(page, "How do I bake a chocolate cake?")
    assert page.locator(".quotes > li").count() > 0
