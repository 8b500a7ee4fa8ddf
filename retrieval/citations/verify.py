"""Citations and documents are compared with their sources as they are now."""

from collections.abc import Iterator
from difflib import SequenceMatcher, unified_diff
from pathlib import Path

from retrieval.errors import DocumentError
from retrieval.files import file_sha256
from retrieval.ingest import ParsedDocument, from_memory, load
from retrieval.records import Citation, Document
from retrieval.storage import Backend
from retrieval.text import sentence_spans, words

MOST_LINES = 20_000  # of a document whose lines are compared
ALIKE = 0.5  # share of words in common and in order, from which on a text is a quote's later wording


def verify(store: Backend, citation: Citation, max_bytes: int) -> str:
    """Return "valid", "changed" or "missing"; see Library.verify. max_bytes: of a file that is read."""
    if citation.answer and not 0 <= citation.answer[0] < citation.answer[1] <= len(citation.quote):
        return "changed"
    if citation.source is None:
        text = store.documents.text_at(citation.doc_id, citation.start, citation.end)
        same = store.documents.hashes([citation.doc_id]).get(citation.doc_id) == citation.sha256
        return "missing" if text is None else "valid" if same and text == citation.quote else "changed"
    state = _file_state(Path(citation.source), citation, max_bytes)
    if state == "valid":
        return state
    others = [path for path, known in store.files.all().items() if known.doc_id == citation.doc_id]
    is_valid = any(_file_state(Path(path), citation, max_bytes) == "valid" for path in others)
    return "valid" if is_valid else state


def _file_state(path: Path, citation: Citation, max_bytes: int) -> str:
    """Compare a citation with one file: "valid", "changed" or "missing"."""
    try:
        if not path.is_file():
            return "missing"
        if file_sha256(path) != citation.sha256:
            return "changed"
        text = load(path, max_bytes).document.text
    except (OSError, DocumentError):
        return "changed"
    return "valid" if text[citation.start : citation.end] == citation.quote else "changed"


def wording_now(store: Backend, citation: Citation, max_bytes: int) -> str:
    """Return what a citation's source says now in place of the quote; see Library.wording_now."""
    parsed = _as_it_is_now(store, citation, max_bytes)
    if parsed is None or citation.quote in parsed.document.text:
        return "" if parsed is None else citation.quote
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(words(citation.quote))
    best, found = ALIKE, ""
    for text in _stretches(parsed, len(sentence_spans(citation.quote))):
        matcher.set_seq1(words(text))
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and matcher.ratio() > best:
            best, found = matcher.ratio(), text
    return found


def changed_words(before: str, now: str) -> str:
    """Return a text with what became of its words, as wdiff writes it: "costs [-240-] {+260+} euros"."""
    old, new = before.split(), now.split()
    said: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            said += old[a:b]
            continue
        said += [f"[-{' '.join(old[a:b])}-]"] * (b > a) + [f"{{+{' '.join(new[c:d])}+}}"] * (d > c)
    return " ".join(said)


def changes(store: Backend, doc_id: str, max_bytes: int) -> list[str]:
    """Return the lines in which a document differs from its file as it is now; see Library.changes."""
    document = store.documents.get(doc_id)
    try:
        now = load(Path(document.source), max_bytes).document.text if document and document.source else None
    except DocumentError:
        now = None
    if document is None or now is None:
        return []
    before, after = document.text.splitlines(), now.splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        return []
    told = unified_diff(before, after, n=0, lineterm="")
    return [line for line in told if line[1:].strip() and line[:2] != "@@" and line[:3] not in ("---", "+++")]


def _as_it_is_now(store: Backend, citation: Citation, max_bytes: int) -> ParsedDocument | None:
    """Read a citation's source, or None where it is gone or cannot be read."""
    if citation.source is None:
        document = store.documents.get(citation.doc_id)
        return None if document is None else from_memory(document)
    try:
        return load(Path(citation.source), max_bytes)
    except DocumentError:
        return None


def _stretches(parsed: ParsedDocument, count: int) -> Iterator[str]:
    """Yield every stretch of so many sentences that stands in one block of a document, and blocks of fewer whole."""
    for block in parsed.blocks:
        text = parsed.document.text[block.start : block.end]
        spans = sentence_spans(text)
        for first in range(max(1, len(spans) - count + 1) if spans else 0):
            yield text[spans[first][0] : spans[min(first + count, len(spans)) - 1][1]]


def source_states(store: Backend) -> Iterator[tuple[Document, str]]:
    """Yield each document that came from a file, and "valid" where a file that holds it has the bytes that were read.

    Else "changed" or "missing", as its source is.
    """
    others: dict[str, list[str]] = {}
    for path, known in store.files.all().items():
        others.setdefault(known.doc_id or "", []).append(path)
    for document, _ in store.documents.all():
        if document.source:
            paths = [document.source, *others.get(document.doc_id, [])]
            states = [_source_state(Path(path), document.sha256) for path in dict.fromkeys(paths)]
            yield document, "valid" if "valid" in states else states[0]


def _source_state(path: Path, sha256: str) -> str:
    try:
        return "valid" if file_sha256(path) == sha256 else "changed"
    except OSError:
        return "changed" if path.exists() else "missing"
