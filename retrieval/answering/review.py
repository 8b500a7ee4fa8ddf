"""The same questions asked of every document: a table with a row a document and a column a question.

What due diligence and systematic reviews need. Each cell is an Answer of its own, found in that document alone, so that
every quote in the table has been checked and can be cited.
"""

import csv
import html
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from retrieval.errors import PinciteError, QuestionError
from retrieval.parallel import side_by_side
from retrieval.records import Answer, Document

NOT_STATED = "not stated"
FORMATS = (".xlsx", ".csv", ".html")
MOST_QUESTIONS = 100
_COLUMNS = ("document", "question", "quote", "place", "confidence", "start", "end", "sha256", "source")
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Review</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: #1b1b1b; background: #fff; }}
table {{ border-collapse: collapse; }} th, td {{ border: 1px solid #ccc; padding: .5rem .7rem; vertical-align: top; text-align: left; }}
thead th {{ position: sticky; top: 0; background: #f3f3f3; }} tbody th {{ font-weight: 600; min-width: 10rem; }} td {{ min-width: 14rem; max-width: 32rem; }}
blockquote {{ margin: 0 0 .3rem; white-space: pre-line; }} cite {{ font-style: normal; color: #555; font-size: .87em; }} .none {{ color: #767676; }}
@media (prefers-color-scheme: dark) {{ body {{ color: #eee; background: #161616; }} thead th {{ background: #262626; }} th, td {{ border-color: #444; }} cite, .none {{ color: #aaa; }} }}
</style>
<table>
<thead><tr><th scope="col">Document</th>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""  # noqa: E501  # a style a line


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One document, without its text, and its answer to each of the questions."""

    document: Document
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A table of answers: `rows[i].answers[j]` is what document i says to `questions[j]`."""

    questions: tuple[str, ...]
    rows: tuple[ReviewRow, ...]

    def write(self, path: Path) -> None:
        """Write a table that people open: .xlsx, .csv or .html. PinciteError for another kind of file."""
        suffix = path.suffix.lower()
        if suffix not in FORMATS:
            raise PinciteError(f"{path} is to be a {path.suffix or '(nameless)'} file; expected {', '.join(FORMATS)}")
        if suffix == ".xlsx":
            path.write_bytes(self.to_xlsx())
        else:
            written = self.to_csv() if suffix == ".csv" else self.to_html()
            path.write_text(written, "utf-8-sig" if suffix == ".csv" else "utf-8", newline="")

    def to_csv(self) -> str:
        """Return three columns for each question: the best quote, its place, and the confidence (0 to 1).

        A cell that a spreadsheet would run as a formula gets an apostrophe before it.
        """
        given = io.StringIO()
        writer = csv.writer(given)
        heads = [[question, f"{question} – place", f"{question} – confidence"] for question in self.questions]
        writer.writerow(["document", "source", *map(_inert, (name for head in heads for name in head))])
        for row in self.rows:
            cells = [value for answer in row.answers for value in _cell(answer)]
            writer.writerow([*map(_inert, [_name(row.document), row.document.source or "", *cells])])
        return given.getvalue()

    def to_html(self) -> str:
        """Return a page of its own: each quote with its place, which links to the file."""
        head = "".join(f'<th scope="col">{html.escape(question)}</th>' for question in self.questions)
        return _PAGE.format(head=head, rows="\n".join(map(_html_row, self.rows)))

    def to_xlsx(self) -> bytes:
        """Return a workbook: the table, and on a second sheet every quote with its exact place."""
        import xlsxwriter  # comes with python-pptx; a few need it

        content = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(content, options) as book:
            bold, wrapped = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"text_wrap": True})
            table, citations = book.add_worksheet("Review"), book.add_worksheet("Citations")
            table.write_row(0, 0, ["Document", *self.questions], bold)
            table.set_column(0, 0, 30, wrapped)
            table.set_column(1, len(self.questions), 50, wrapped)
            table.freeze_panes(1, 1)
            for number, row in enumerate(self.rows, start=1):
                table.write_string(number, 0, _name(row.document), wrapped)
                for column, answer in enumerate(row.answers, start=1):
                    quote, place, confidence = _cell(answer)
                    shown = f"{quote}\n[{place}; confidence {confidence}]" if place else quote
                    table.write_string(number, column, shown[:32_000], wrapped)
            citations.write_row(0, 0, list(_COLUMNS), bold)
            for number, record in enumerate(self._quotes(), start=1):
                for column, name in enumerate(_COLUMNS):
                    citations.write(number, column, record[name])
        return content.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, strings and numbers, as `Answer.to_dict` does for each cell."""
        rows = [
            {"doc_id": row.document.doc_id, "title": row.document.title, "source": row.document.source,
             "answers": [answer.to_dict() for answer in row.answers]}
            for row in self.rows
        ]  # fmt: skip
        return {"questions": list(self.questions), "rows": rows}

    def _quotes(self) -> Iterator[dict[str, Any]]:
        """Yield every quote with its place, in the order of the table."""
        for row in self.rows:
            for question, answer in zip(self.questions, row.answers, strict=True):
                for c in answer.citations:
                    values = (_name(row.document), question, c.quote[:32_000], c.locator, round(answer.confidence, 2),
                              c.start, c.end, c.sha256, c.source or "")  # fmt: skip
                    yield dict(zip(_COLUMNS, values, strict=True))


class Askable(Protocol):
    """What a review needs of a library."""

    def documents(self) -> list[Document]:
        """Return all documents without their texts."""

    def ask(
        self, question: str, *, k: int = 5, where: Mapping[str, Any] | None = None, threshold: float | None = None
    ) -> Answer:
        """Answer one question."""


def review(
    library: Askable, questions: Sequence[str], where: Mapping[str, Any] | None = None, threshold: float | None = None,
    progress: Callable[[int, int, str], object] | None = None,
) -> Review:  # fmt: skip
    """Ask every document each of the questions; see Library.review."""
    asked = tuple(" ".join(question.split()) for question in questions if question.strip())
    if not 1 <= len(asked) <= MOST_QUESTIONS:
        raise QuestionError(f"a review was given {len(asked)} questions; expected 1 to {MOST_QUESTIONS}")
    named = (where or {}).get("doc_id")
    wanted = {named} if isinstance(named, str) else None if named is None else set(named)
    documents = [document for document in library.documents() if wanted is None or document.doc_id in wanted]

    def answered(document: Document) -> ReviewRow:
        own = {**(where or {}), "doc_id": document.doc_id}
        return ReviewRow(
            document, tuple(library.ask(question, k=1, where=own, threshold=threshold) for question in asked)
        )

    rows: list[ReviewRow] = []
    found = side_by_side(answered, documents, os.cpu_count() or 1)
    for number, row in enumerate(found, start=1):
        if not where or any(answer.passages or answer.citations for answer in row.answers):
            rows.append(row)
        if progress:
            progress(number, len(documents), _name(row.document))
    return Review(asked, tuple(rows))


def _name(document: Document) -> str:
    return document.title or document.doc_id


def _cell(answer: Answer) -> tuple[str, str, str]:
    """Return the best quote, its place and the confidence; NOT_STATED and nothing where there is none."""
    if not answer.citations:
        return NOT_STATED, "", ""
    best = answer.citations[0]
    return best.quote, best.locator, f"{answer.confidence:.2f}"


def _inert(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _html_row(row: ReviewRow) -> str:
    cells = "".join(f"<td>{_html_cell(answer)}</td>" for answer in row.answers)
    return f'<tr><th scope="row">{html.escape(_name(row.document))}</th>{cells}</tr>'


def _html_cell(answer: Answer) -> str:
    if not answer.citations:
        return f'<span class="none">{NOT_STATED}</span>'
    best = answer.citations[0]
    place = html.escape(f"{best.locator}; confidence {answer.confidence:.2f}")
    path = Path(best.source) if best.source else None
    linked = f'<a href="{html.escape(path.as_uri())}">{place}</a>' if path and path.is_absolute() else place
    return f"<blockquote>{html.escape(best.quote)}</blockquote><cite>{linked}</cite>"
