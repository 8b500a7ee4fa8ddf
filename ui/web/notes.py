"""A notebook or a conversation as a file: quotes with their places and what was written, or the works they are from."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retrieval import Citation, Document, markdown
from retrieval.citations import export, read_citation
from ui.server import Note
from ui.words import CONTROL, one_line

if TYPE_CHECKING:
    from docx.document import Document as Written

STYLES: Mapping[str, str] = {".bib": "bibtex", ".ris": "ris", ".json": "csl-json"}
SUFFIXES = (".md", ".docx", *STYLES)


def notes_file(notes: Sequence[Note], find: Callable[[str], Document | None], suffix: str) -> bytes:
    """Return notes as a file of one of SUFFIXES; find: doc_id -> document or None. KeyError for another suffix."""
    if suffix == ".md":
        return _markdown(notes).encode("utf-8", "replace")
    if suffix == ".docx":
        return _docx(notes)
    return export([read_citation(note.citation) for note in notes], find, STYLES[suffix]).encode("utf-8", "replace")


def conversation_file(
    title: str, turns: Sequence[Mapping[str, Any]], find: Callable[[str], Document | None], suffix: str
) -> bytes:
    """Return turns, {"question", "record"}, as ".docx" or as the works that they quote; see `notes_file`."""
    cited = [list(map(read_citation, turn["record"]["citations"])) for turn in turns]
    if suffix != ".docx":
        return export([each for quotes in cited for each in quotes], find, STYLES[suffix]).encode("utf-8", "replace")
    written = _headed(title)
    for turn, quotes in zip(turns, cited, strict=True):
        written.add_heading(_printable(one_line(turn["question"])), 2)
        for each in quotes:
            _quote(written, each)
        if not quotes:
            written.add_paragraph(_printable(turn["record"]["text"]))
    return _saved(written)


def _markdown(notes: Sequence[Note]) -> str:
    return "# Notes\n\n" + "\n".join(map(_entry, notes))


def _entry(note: Note) -> str:
    cited = read_citation(note.citation)
    quote = markdown.block_quote(cited.quote, cited.answer)
    source = markdown.one_line(f"{cited.title}, {cited.locator}")
    return "\n\n".join(filter(None, (quote, f"— {source}", markdown.escape(note.note.strip())))) + "\n"


def _docx(notes: Sequence[Note]) -> bytes:
    written = _headed("Notes")
    for note in notes:
        _quote(written, read_citation(note.citation))
        if note.note.strip():
            written.add_paragraph(_printable(note.note.strip()))
    return _saved(written)


def _headed(title: str) -> "Written":
    from docx import Document as new

    written = new()
    written.add_heading(_printable(one_line(title)), 1)
    return written


def _quote(written: "Written", cited: Citation) -> None:
    written.add_paragraph(_printable(cited.quote), style="Quote")
    written.add_paragraph(_printable(f"{one_line(cited.title)}, {one_line(cited.locator)}"), style="Caption")


def _saved(written: "Written") -> bytes:
    content = io.BytesIO()
    written.save(content)
    return content.getvalue()


def _printable(text: str) -> str:
    """Return a text that XML can hold."""
    return CONTROL.sub("", text)
