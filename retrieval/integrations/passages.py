"""What every retriever returns of a passage, whatever the framework calls it. Knows no framework."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrieval.library import Library


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with what cites it.

    name: the same for the same passage of the same text. score: higher is better, comparable within one question only.
    metadata: those of the document, and doc_id, title, source, sha256, locator, start, end (characters into the text).
    """

    name: str
    text: str
    score: float
    metadata: Mapping[str, Any]


def found(library: Library, question: str, k: int, where: Mapping[str, Any] | None) -> Iterator[Found]:
    """Yield the best `k` passages, best first; see Library.search for `where` and what is raised."""
    for hit in library.search(question, k, where):
        passage = hit.passage
        document = library.header(passage.doc_id)
        if document is None:
            continue  # it was removed meanwhile
        place = {
            "doc_id": passage.doc_id, "title": document.title, "source": document.source, "sha256": document.sha256,
            "locator": passage.locator, "start": passage.start, "end": passage.end,
        }  # fmt: skip
        name = f"{passage.doc_id}:{passage.start}-{passage.end}"
        yield Found(name, passage.text, hit.score, {**document.metadata, **place})
