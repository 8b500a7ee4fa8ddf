"""PDF -> paragraphs with their pages. Scripts, links and embedded files are never looked at.

pypdfium2 (PDFium; Apache or BSD) extracts a paper of four pages in 14 ms; pypdf takes 122, pdfminer.six 301 and mixes
columns; PyMuPDF is under the AGPL.
"""

import ctypes
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pypdfium2
from pypdfium2 import raw

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.metadata import common
from retrieval.parsers.pdf.extract.fields import added, placed
from retrieval.parsers.pdf.extract.garbled import is_garbled
from retrieval.parsers.pdf.extract.ocr import recognized
from retrieval.parsers.pdf.extract.page import read_page
from retrieval.parsers.pdf.layout import paragraphs
from retrieval.parsers.pdf.lines import Box, Page, PrintedCell, PrintedTable
from retrieval.parsers.pdf.words import Words
from retrieval.parsers.tables import Cell
from retrieval.text import one_line, printable

_NOBODY = ("anonymous", "python-docx", "unknown", "user", "admin", "administrator")  # what programs put for an author
_NO_TITLE = re.compile(r"\(?untitled\)?|\(?anonymous\)?|unspecified|.*\.(?:docx?|tex|dvi|indd|qxd|pdf)", re.IGNORECASE)


def read_pdf(content: bytes) -> ParsedText:
    """Read the text of every page; what could not be read, or only from a picture, is said in metadata["warnings"]."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        is_locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise UnreadableError(
            "is encrypted; save it without a password" if is_locked else "is no PDF, or damaged"
        ) from error
    form = _opened_form(document)
    comments: list[tuple[int, str]] = []
    found = {number: _page(document, number, comments) for number in range(1, len(document) + 1)}
    silent = [number for number, page in found.items() if page is None]
    garbled = [number for number, page in found.items() if page and is_garbled(line.text for line in page.lines)]
    pictured = recognized(document, sorted([*silent, *garbled]))
    pages = [_best(number, page, pictured) for number, page in found.items()]
    builder = Builder()
    _warn(builder, found, silent, garbled, pictured)
    if not any(page.lines for page in pages) and not comments:
        reason = builder.parsed().metadata.get("warnings", "")
        raise UnreadableError(str(reason) or _nothing(form))
    if form in _XFA and "Please wait" in " ".join(line.text for page in pages for line in page.lines):
        raise UnreadableError("is a form that only Adobe's programs show (XFA); print it to a PDF there")
    stated = document.get_metadata_dict()
    author = "" if stated["Author"].strip("()") in _NOBODY else stated["Author"]
    fields = {"author": author, "date": stated["CreationDate"], "language": _language(document)}
    labels = {number: one_line(printable(document.get_page_label(number - 1)))[:20] for number in found}
    if any(label not in ("", str(number)) for number, label in labels.items()):
        fields["page_labels"] = f"{labels[1]}–{labels[len(labels)]}"
    return _reading(builder, pages, comments, labels, stated["Title"], common(fields))


_XFA = (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND)


def _opened_form(document: Any) -> int:
    """Make a form's values readable; return which kind of form it is."""
    form = int(document.get_formtype())
    if form != raw.FORMTYPE_NONE:
        try:
            document.init_forms()
        except pypdfium2.PdfiumError:  # damaged: the page is read without it
            return int(raw.FORMTYPE_NONE)
    return form


def _nothing(form: int) -> str:
    return "holds no text: it is an empty form" if form != raw.FORMTYPE_NONE else "holds no text"


def _best(number: int, page: Page | None, pictured: dict[int, Page]) -> Page:
    """Return what was recognized of a page, else what its file says."""
    return pictured.get(number) or page or Page(number, (), Box(0, 0, 1, 1))


def _warn(
    builder: Builder, found: dict[int, Page | None], silent: Sequence[int], garbled: Sequence[int],
    pictured: dict[int, Page],
) -> None:  # fmt: skip
    """Say which pages were not read, or not surely; and where text is that nobody sees."""
    unread = [number for number in silent if number not in pictured]
    doubtful = [number for number in garbled if number not in pictured]
    hiding = [number for number, page in found.items() if page and page.is_hiding]
    if unread:
        builder.warn(f"no text on {_ranges(unread)} (scanned?)")
    if pictured:
        builder.warn(f"{_ranges(list(pictured))} read from a picture; compare quotes with it")
    if doubtful:
        builder.warn(f"text of {_ranges(doubtful)} may be garbled: a font does not say which letters it shows")
    if hiding:
        builder.warn(f"hidden text on {_ranges(hiding)} left out: nobody sees it on the page")


def _reading(
    builder: Builder, pages: Sequence[Page], comments: Sequence[tuple[int, str]], labels: dict[int, str], title: str,
    metadata: Any,
) -> ParsedText:  # fmt: skip
    words = Words(line for page in pages for line in page.lines)
    for paragraph in paragraphs(pages):
        if paragraph.table is not None:
            _add_table(builder, paragraph.table, words, labels)
            continue
        text, turns = words.joined(paragraph)
        if paragraph.is_head:
            builder.aside(text)
            continue
        page = paragraph.lines[0].page
        place = _place(page, labels)
        builder.add(text, paragraph.level, by_line=paragraph.by_line, page=page, place=place, turns=turns)
    for page, comment in comments:
        builder.add(comment, page=page, place=f"p. {page}, comment")
    stated = one_line(printable(title)).removeprefix("Microsoft Word - ")
    return builder.parsed("" if _NO_TITLE.fullmatch(stated) else stated, metadata)


def _add_table(builder: Builder, table: PrintedTable, words: Words, labels: dict[int, str]) -> None:
    rows = [[Cell(_cell(cell, words), cell.columns, cell.rows) for cell in row] for row in table.rows]
    builder.table(rows, page=table.pages[0], place=_place(table.pages[0], labels), pages=table.pages)


def _cell(cell: PrintedCell, words: Words) -> str:
    parts = [words.between(before, line) + line.text for before, line in pairwise(cell.lines)]
    return "".join([*(line.text for line in cell.lines[:1]), *parts])


def _place(page: int, labels: dict[int, str]) -> str:
    """Return "p. iv (sheet 6)" where another number is printed on a page than that of its sheet."""
    label = labels.get(page, "")
    return f"p. {label} (sheet {page})" if label and label != str(page) else ""


def _language(document: Any) -> str:
    buffer = (ctypes.c_ushort * 64)()
    length = raw.FPDFCatalog_GetLanguage(document, buffer, ctypes.sizeof(buffer))  # bytes, with the final zero
    return bytes(buffer)[: max(0, min(length, ctypes.sizeof(buffer)) - 2)].decode("utf-16-le", "replace")


def _ranges(numbers: Sequence[int]) -> str:
    """Return "page 3", or "pages 1, 3-7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    shown = ", ".join("-".join(map(str, run)) for run in runs)
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}"


def _page(document: Any, number: int, comments: list[tuple[int, str]]) -> Page | None:
    """Return a page; None where it shows something else than text, or cannot be opened. comments: are added to."""
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return None
    try:
        read = read_page(page, number)
        more = added(document, page, number, read.edges, read.quarters)
        comments += ((number, text) for text in more.comments)
        read = replace(read, lines=placed(read.lines, more.lines))
        is_empty = not read.lines and next(iter(page.get_objects(max_depth=1)), None) is None
        return read if read.lines or is_empty else None
    finally:
        page.close()
