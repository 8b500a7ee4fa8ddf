"""A notebook as a file: quotes with their places and what was written beside them, or the works that they are from."""

import io
from collections.abc import Callable, Mapping, Sequence

from retrieval import Document, markdown
from retrieval.citations import export, read_citation
from ui.server import Note
from ui.words import CONTROL, one_line

STYLES: Mapping[str, str] = {".bib": "bibtex", ".ris": "ris", ".json": "csl-json"}
SUFFIXES = (".md", ".docx", *STYLES)


def notes_file(notes: Sequence[Note], find: Callable[[str], Document | None], suffix: str) -> bytes:
    """Return notes as a file of one of SUFFIXES; find: doc_id -> document or None. KeyError for another suffix."""
    if suffix == ".md":
        return _markdown(notes).encode("utf-8", "replace")
    if suffix == ".docx":
        return _docx(notes)
    return export([read_citation(note.citation) for note in notes], find, STYLES[suffix]).encode("utf-8", "replace")


def _markdown(notes: Sequence[Note]) -> str:
    return "# Notes\n\n" + "\n".join(map(_entry, notes))


def _entry(note: Note) -> str:
    cited = read_citation(note.citation)
    quote = markdown.block_quote(cited.quote, cited.answer)
    source = markdown.one_line(f"{cited.title}, {cited.locator}")
    return "\n\n".join(filter(None, (quote, f"— {source}", markdown.escape(note.note.strip())))) + "\n"


def _docx(notes: Sequence[Note]) -> bytes:
    from docx import Document as Written

    written = Written()
    written.add_heading("Notes", 1)
    for note in notes:
        cited = read_citation(note.citation)
        written.add_paragraph(_printable(cited.quote), style="Quote")
        written.add_paragraph(_printable(f"{one_line(cited.title)}, {one_line(cited.locator)}"), style="Caption")
        if note.note.strip():
            written.add_paragraph(_printable(note.note.strip()))
    content = io.BytesIO()
    written.save(content)
    return content.getvalue()


def _printable(text: str) -> str:
    """Return a text that XML can hold."""
    return CONTROL.sub("", text)
