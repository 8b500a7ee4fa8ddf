import csv
import io
import re

import pytest
from python_calamine import CalamineWorkbook

from retrieval import Document, Library, PinciteError
from retrieval.errors import QuestionError

QUESTIONS = ["Who opened the bridge at Harwick?", "How old is the sourdough starter?"]


@pytest.fixture
def review(asked):
    return asked.review(QUESTIONS, where={"doc_id": [d.doc_id for d in asked.documents() if d.title != "Tea"][:5]},
                        threshold=0.3)  # fmt: skip


def test_every_document_answers_every_question(asked, review):
    assert review.questions == tuple(QUESTIONS)
    found = {row.document.title: [answer.found for answer in row.answers] for row in review.rows}
    assert found["Harwick Bridge"] == [True, False] and len(found) == 5
    for row in review.rows:
        for answer in row.answers:
            assert {citation.doc_id for citation in answer.citations} <= {row.document.doc_id}
            assert all(asked.verify(citation) == "valid" for citation in answer.citations)


def test_where_leaves_documents_out(asked):
    rows = asked.review(QUESTIONS[:1], where={"kind": "memory"}).rows
    assert {row.document.doc_id for row in rows} == {"lighthouse", "glacier", "bakery", "library"}


def test_progress_is_told_and_can_end_it(asked):
    told = []
    asked.review(QUESTIONS[:1], where={"doc_id": "bakery"}, progress=lambda *given: told.append(given))
    assert told == [(1, 1, "Bakery")]

    def stop(done, total, title):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked.review(QUESTIONS[:1], progress=stop)


@pytest.mark.parametrize("questions", [[], ["  "], ["Why?"] * 101])
def test_a_review_needs_questions(asked, questions):
    with pytest.raises(QuestionError, match="expected 1 to 100"):
        asked.review(questions)


@pytest.fixture
def hostile(hashed):
    hashed.add(
        Document("x", "=cmd|' /C calc'!A0 <b>", "=HYPERLINK(1) <script>alert(1)</script> & the secret is seven.")
    )
    return hashed.review(["What is the <secret>?"])


def test_a_csv_runs_nothing(hostile):
    head, row = csv.reader(io.StringIO(hostile.to_csv()))
    assert head == ["document", "source", "What is the <secret>?", "What is the <secret>? – place",
                    "What is the <secret>? – confidence"]  # fmt: skip
    assert row[0] == "'=cmd|' /C calc'!A0 <b>" and row[2].startswith("'=HYPERLINK(1) <script>")


def test_a_page_runs_nothing(hostile):
    page = hostile.to_html()
    assert "<script" not in page and "&lt;script&gt;alert(1)&lt;/script&gt; &amp; the secret" in page
    assert "&lt;secret&gt;" in page and not re.search(r"https?://", page)


def test_a_workbook_has_the_table_and_the_places(review, tmp_path):
    review.write(tmp_path / "review.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "review.xlsx")
    table = book.get_sheet_by_name("Review").to_python()
    assert table[0] == ["Document", *QUESTIONS]
    row = next(row for row in table if row[0] == "Harwick Bridge")
    assert row[1].startswith("The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt.")
    assert row[2] == "not stated"
    place = next(row for row in book.get_sheet_by_name("Citations").to_python() if row[0] == "Harwick Bridge")
    assert place[2].startswith("The bridge at Harwick") and place[6] - place[5] == len(place[2])


def test_a_formula_in_a_workbook_is_text(hostile, tmp_path):
    hostile.write(tmp_path / "review.xlsx")
    table = CalamineWorkbook.from_path(tmp_path / "review.xlsx").get_sheet_by_name("Review").to_python()
    assert table[1][0] == "=cmd|' /C calc'!A0 <b>"


def test_files_of_other_kinds_are_refused(review, tmp_path):
    review.write(tmp_path / "review.html")
    review.write(tmp_path / "review.csv")
    with pytest.raises(PinciteError, match=r"review\.doc is to be a \.doc file; expected \.xlsx, \.csv, \.html"):
        review.write(tmp_path / "review.doc")


def test_an_empty_library_has_no_rows(tmp_path):
    with Library(tmp_path / "empty") as library:
        review = library.review(["Why?"])
    assert review.rows == () and review.to_dict() == {"questions": ["Why?"], "rows": []}
