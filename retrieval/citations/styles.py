"""Citations as text for papers and reference managers: Markdown, plain, BibTeX, RIS, CSL-JSON. Reads nothing.

Everything that comes from a document is escaped as its format asks.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from retrieval import markdown
from retrieval.records import Citation, Document, Scalar

FindDocument = Callable[[str], Document | None]

_ACTIVE_IN_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_AUTHORS = re.compile(r"\s*;\s*|\s+and\s+|\s*\n\s*")
_ADDRESS = re.compile(r"\s*<[^<>]*>")
_STOP_WORDS = frozenset("a an the of on in to and for is are do does not".split())
_WEB = re.compile("https?://", re.IGNORECASE)
_BIBTEX = {"author": "author", "title": "title", "publication": "journal", "volume": "volume", "issue": "number",
           "year": "year", "date": "date", "publisher": "publisher", "language": "langid", "url": "url",
           "note": "note"}  # fmt: skip
_RIS = {"title": "TI", "publication": "JO", "volume": "VL", "issue": "IS", "year": "PY", "publisher": "PB",
        "language": "LA", "url": "UR"}  # fmt: skip
_CSL = {"publication": "container-title", "volume": "volume", "issue": "issue", "publisher": "publisher",
        "language": "language", "url": "URL"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """A cited document: its fields as text by common name, its authors, and what is quoted from it."""

    key: str
    fields: Mapping[str, str]
    authors: Sequence[str]
    citations: Sequence[Citation]

    @property
    def date(self) -> list[int]:
        """Year, month and day as far as they are known."""
        found = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", self.fields.get("date", ""))
        return [int(part) for part in found.groups() if part] if found else []

    @property
    def notes(self) -> list[str]:
        """Every quote with its place, and who says so."""
        return [f"{_clean(each.locator)}: “{_clean(each.quote)}”{_said(each)}" for each in self.citations]


def export(citations: Sequence[Citation], find: FindDocument, style: str) -> str:
    """Return citations in one of STYLES, newline at the end; "" for none. find: doc_id -> document or None.

    Markdown and plain have an entry for each quote, the others one for each document. KeyError: no such style.
    """
    write = STYLES[style]
    return write(list(_works(citations, find))) if citations else ""


def _works(citations: Sequence[Citation], find: FindDocument) -> Iterator[Work]:
    """Yield the cited documents in the order of their first quote."""
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.doc_id, []).append(citation)
    keys: set[str] = set()
    for doc_id, group in groups.items():
        document = find(doc_id)
        metadata: Mapping[str, Scalar] = document.metadata if document else {}
        fields = {key: _clean(str(value)) for key, value in metadata.items()} | {"title": _clean(group[0].title)}
        if not _WEB.match(fields.get("url", "")):  # a reference manager opens it at a click
            fields.pop("url", None)
        authors = [author for part in _AUTHORS.split(fields.get("author", "")) if (author := _ADDRESS.sub("", part))]
        key = _key(authors, fields, keys)
        keys.add(key)
        yield Work(key, fields, authors, group)


def _said(citation: Citation) -> str:
    return f" ({_clean(citation.attribution)})" if citation.attribution else ""


def _clean(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _key(authors: Sequence[str], fields: Mapping[str, str], taken: set[str]) -> str:
    """Return a key like "lee2018bridges" that is not taken."""
    name = authors[0].split()[-1] if authors else fields.get("publication", "")
    words = [word for word in re.findall(r"\w+", fields["title"].lower()) if word not in _STOP_WORDS]
    parts = (name, fields.get("date", "")[:4], words[0] if words else "")
    letters = unicodedata.normalize("NFKD", "".join(parts)).lower()
    base = re.sub(r"[^a-z0-9]", "", letters) or "document"
    return next(key for key in chain([base], (f"{base}-{number}" for number in count(2))) if key not in taken)


# --- for people


def _described(work: Work, emphasis: Callable[[str], str], plain: Callable[[str], str]) -> str:
    """Return "Ann Lee, *On Bridges*, The Post 15 (96), 2018-06-14"."""
    fields = work.fields
    issue = f" ({fields['issue']})" if fields.get("issue") else ""
    volume = f" {fields['volume']}" if fields.get("volume") else ""
    published = f"{fields['publication']}{volume}{issue}" if fields.get("publication") else ""
    parts = [plain(", ".join(work.authors)), emphasis(fields["title"]), plain(published), plain(fields.get("date", ""))]
    return ", ".join(filter(None, parts))


def _entries(works: Sequence[Work], emphasis: Callable[[str], str], plain: Callable[[str], str]) -> Iterator[str]:
    entries = [(citation, _described(work, emphasis, plain)) for work in works for citation in work.citations]
    for citation, described in sorted(entries, key=lambda entry: entry[0].marker):
        quote, locator = plain(_clean(citation.quote)), plain(_clean(citation.locator))
        yield f"{citation.marker}. “{quote}” {described}, {locator}.\n"


def _markdown(works: Sequence[Work]) -> str:
    return "".join(_entries(works, lambda text: f"*{markdown.escape(text)}*", markdown.escape))


def _plain(works: Sequence[Work]) -> str:
    return "".join(_entries(works, str, str))


# --- for reference managers


def _bibtex(works: Sequence[Work]) -> str:
    return "\n".join(map(_bibtex_entry, works))


def _bibtex_entry(work: Work) -> str:
    values = {**work.fields, "author": " and ".join(work.authors), "note": " ".join(work.notes)}
    values["year"] = str(work.date[0]) if work.date else ""
    escaped = {key: _in_latex(value) for key, value in values.items()}
    escaped["title"] = f"{{{escaped['title']}}}"  # a second pair of braces keeps its capitals
    lines = (f"  {name} = {{{escaped[key]}}},\n" for key, name in _BIBTEX.items() if escaped.get(key))
    kind = "article" if work.fields.get("publication") else "misc"
    return f"@{kind}{{{work.key},\n{''.join(lines)}}}\n"


def _in_latex(text: str) -> str:
    return "".join(_ACTIVE_IN_LATEX.get(character, character) for character in text)


def _ris(works: Sequence[Work]) -> str:
    return "\n".join(map(_ris_entry, works))


def _ris_entry(work: Work) -> str:
    values = {**work.fields, "year": str(work.date[0]) if work.date else ""}
    tags = [("TY", "JOUR" if work.fields.get("publication") else "GEN"), ("ID", work.key)]
    tags += [("AU", author) for author in work.authors]
    tags += [(tag, values[key]) for key, tag in _RIS.items() if values.get(key)]
    if work.date:
        tags.append(("DA", "/".join([f"{part:02}" for part in work.date] + [""] * (4 - len(work.date)))))
    tags += [("N1", note) for note in work.notes]
    return "".join(f"{tag}  - {value}\n" for tag, value in [*tags, ("ER", "")])


def _csl_json(works: Sequence[Work]) -> str:
    return json.dumps(list(map(_csl_item, works)), ensure_ascii=False, indent=2) + "\n"


def _csl_item(work: Work) -> dict[str, Any]:
    """Return an item as of the CSL-JSON schema 1.0."""
    fields = work.fields
    item: dict[str, Any] = {
        "id": work.key,
        "type": "article-journal" if fields.get("publication") else "document",
        "title": fields["title"],
        "note": " ".join(work.notes),
    }
    if work.authors:
        item["author"] = [{"literal": author} for author in work.authors]
    if work.date:
        item["issued"] = {"date-parts": [work.date]}
    return item | {name: fields[key] for key, name in _CSL.items() if fields.get(key)}


STYLES: Mapping[str, Callable[[Sequence[Work]], str]] = {
    "markdown": _markdown,
    "plain": _plain,
    "bibtex": _bibtex,
    "ris": _ris,
    "csl-json": _csl_json,
}
