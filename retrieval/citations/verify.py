"""Citations and documents are compared with their sources as they are now."""

from pathlib import Path

from retrieval.errors import DocumentError
from retrieval.files import file_sha256
from retrieval.ingest import load
from retrieval.records import Citation, Document
from retrieval.storage import Backend


def verify(store: Backend, citation: Citation, max_bytes: int) -> str:
    """Return "valid", "changed" or "missing"; see Library.verify. max_bytes: of a file that is read."""
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
    if not path.is_file():
        return "missing"
    try:
        if file_sha256(path) != citation.sha256:
            return "changed"
        text = load(path, max_bytes).document.text
    except (OSError, DocumentError):
        return "changed"
    return "valid" if text[citation.start : citation.end] == citation.quote else "changed"


def source_state(document: Document) -> str:
    """Compare the file that a document was read from: "valid", "changed" or "missing"."""
    path = Path(document.source or "")
    try:
        return "valid" if file_sha256(path) == document.sha256 else "changed"
    except OSError:
        return "changed" if path.exists() else "missing"
