"""The page in a real Chromium: the same questions asked of every document, read in their place and saved."""

import csv
from zipfile import ZipFile

from playwright.sync_api import expect
from ui_states import IN_VIEW, current, review

pytest_plugins = ["browser"]
SYRIA, TEA = "Who urged the CIS countries to help in Syria?", "How is green tea made?"
SAID = "Green tea is made from leaves that are heated soon after picking."


def cell(page, row, column):
    return page.locator(f"#table tbody tr:nth-child({row}) td").nth(column - 1)


def test_each_cell_is_the_best_quote_with_its_place_or_says_that_there_is_none(visit):
    page = visit()
    review(page, SYRIA, "", TEA)
    assert page.locator("#table thead th").all_text_contents() == ["Document", SYRIA, TEA]
    assert page.locator("#table tbody th").nth(1).text_content() == "Tea"
    expect(cell(page, 1, 1).locator("blockquote")).to_contain_text("Sergei Shoigu, urged the CIS countries")
    expect(cell(page, 1, 1).locator(".place")).to_contain_text("¶ 3 · ")
    expect(cell(page, 2, 2).locator("blockquote")).to_have_text(SAID)
    expect(cell(page, 2, 1)).to_have_text("not stated")
    stated = page.locator("#table [data-cell]").count()
    expect(page.locator("#progress")).to_have_text(f"2 documents; {stated} of 4 stated.")


def test_a_cell_leads_to_the_exact_words(visit):
    page = visit()
    review(page, SYRIA, TEA)
    cell(page, 2, 2).locator("[data-cell]").click()
    page.wait_for_selector("mark.now")
    assert current(page) == SAID
    assert page.locator("mark.now").evaluate(IN_VIEW)
    expect(page.locator("#table td.now")).to_have_count(1)
    cell(page, 1, 1).locator("[data-cell]").click()
    page.wait_for_function("document.querySelector('mark.now')?.textContent.includes('Shoigu')")
    assert current(page) == cell(page, 1, 1).locator("blockquote").text_content()


def test_ticked_documents_are_asked_and_the_questions_outlive_a_reload(visit):
    page = visit()
    page.check(".documents input[aria-label='Ask only Tea']")
    review(page, TEA)
    assert page.locator("#table tbody th").all_text_contents() == ["Tea"]
    expect(page.locator("#progress")).to_have_text("1 document; 1 of 1 stated.")
    page.reload()
    page.wait_for_selector(".pincite[data-ready]")
    page.click("#work [data-work-on=review]")
    expect(page.locator("#questions")).to_have_value(TEA)


def test_what_is_saved_keeps_the_citations(visit, tmp_path):
    page = visit()
    review(page, SYRIA, TEA)
    for suffix in (".csv", ".html", ".xlsx"):
        with page.expect_download() as coming:
            page.click(f"[data-save='{suffix}']")
        assert coming.value.suggested_filename == f"review{suffix}"
        coming.value.save_as(tmp_path / f"review{suffix}")
    head, _, tea = csv.reader((tmp_path / "review.csv").read_text("utf-8-sig").splitlines())
    assert head[2:] == [
        SYRIA,
        f"{SYRIA} – place",
        f"{SYRIA} – confidence",
        TEA,
        f"{TEA} – place",
        f"{TEA} – confidence",
    ]
    assert tea[:7] == ["Tea", "", "not stated", "", "", SAID, "¶ 1"] and 0 < float(tea[7]) <= 1
    assert SAID in (tmp_path / "review.html").read_text("utf-8-sig")
    assert SAID in ZipFile(tmp_path / "review.xlsx").read("xl/sharedStrings.xml").decode()


def test_a_review_can_be_stopped_and_what_is_wrong_is_said(visit):
    page = visit()
    page.click("#work [data-work-on=review]")
    page.click("#go")
    expect(page.locator("#trouble")).to_have_text("Write some questions first, one a line.")
    page.fill("#questions", TEA)
    page.route(
        "**/component_server/", lambda route: None if "reviewed" in route.request.post_data else route.continue_()
    )
    page.click("#go")
    expect(page.locator("#progress")).to_have_text("0 of 2 documents")
    expect(page.locator("#trouble")).to_have_text("")
    page.click("#go >> text=Stop")
    expect(page.locator("#progress")).to_have_text("Stopped. 0 documents; 0 of 0 stated.")
    expect(page.locator("#save")).to_be_hidden()
    page.unroute("**/component_server/")
    page.click("#go >> text=Review")
    expect(page.locator("#progress")).to_have_text("2 documents; 1 of 2 stated.")


def test_escape_and_conversations_lead_back(visit):
    page = visit()
    review(page, TEA)
    page.click("#table [data-cell]")
    page.wait_for_selector("mark.now")
    page.press("#paper", "Escape")
    page.wait_for_function("document.activeElement.id === 'questions'")
    page.click("#side [data-side=conversations]")
    page.click("[data-do=begin]")
    expect(page.locator("#question")).to_be_visible()
    page.click("#work [data-work-on=review]")
    expect(page.locator("#table [data-cell]")).to_have_count(1)
