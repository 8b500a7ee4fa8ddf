"""Which documents a message means: by their names in it, by what was quoted before, or all of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from retrieval.answering.missing import called
from retrieval.records import Document, Passage
from retrieval.search import Ranked
from retrieval.storage import Backend
from retrieval.text import STOP_WORDS, stem, words

MOST = 50  # documents of which a view is made
# What a message calls a document, and what it asks of one: they name none.
_GENERIC = frozenset(
    stem(word)
    for word in (
        "article document text paper report file letter book page story essay study chapter section note notes meeting "
        "transcript interview mail email post presentation slide library collection everything pdf summary summarize "
        "summarise overview outline gist main key point points idea topic takeaway finding conclusion conclude author "
        "timeline date dates event events list people speaker quote quoted say cite cited outlet newspaper source give "
        "show tell write make short brief quick about please describe explain"
    ).split()
)


def documents_meant(
    backend: Backend, message: str, before: Iterable[str], ranked: Sequence[Ranked], where: Mapping[str, Any]
) -> list[str]:
    """Return the doc_ids that a view is to be made of, the likeliest first.

    before: doc_ids that were quoted last, meant by "this". ranked: what search finds for the message, inside `where`.
    The one document of a library; else those whose title or file name the message names best; else those of `before`;
    else all that `where` leaves.
    """
    known = _allowed(backend, ranked, where)
    if len(known) < 2:
        return [document.doc_id for document in known]
    asked = {stem(word) for word in words(message) if word not in STOP_WORDS} - _GENERIC
    scores = {document.doc_id: len(asked & _named(document)) for document in known}
    best = max(scores.values())
    if best:
        return [doc_id for doc_id, score in scores.items() if score == best][:MOST]
    if asked:  # it names something that no title does: the documents that tell of it
        found = list(dict.fromkeys(item.candidate.passage.doc_id for item in ranked))
        return found[:1]
    quoted = [doc_id for doc_id in before if doc_id in scores]
    return quoted[:1] or list(scores)[:MOST]


def _allowed(backend: Backend, ranked: Sequence[Ranked], where: Mapping[str, Any]) -> list[Document]:
    """Return the headers of the documents that can be meant; with conditions, those that search found within them."""
    if not where:
        return [document for document, _ in backend.documents.all()]
    found = dict.fromkeys(item.candidate.passage.doc_id for item in ranked)
    headers = (backend.documents.header(doc_id) for doc_id in found)
    return [header for header in headers if header]


def _named(document: Document) -> set[str]:
    name = called(document.title, document.source).replace("-", " ").replace("_", " ")
    return {stem(word) for word in words(name)} - _GENERIC


def section_meant(message: str, ranked: Sequence[Ranked], title: Mapping[str, str]) -> Passage | None:
    """Return the first passage of a section that a message calls by its heading, as "the action items"; None if none.

    title: of documents, by doc_id, whose words may stand in the message beside the heading's.
    """
    asked = {stem(word) for word in words(message) if word not in STOP_WORDS} - _GENERIC
    for item in ranked:
        passage = item.candidate.passage
        heading = {stem(word) for word in words(passage.heading.rpartition(" › ")[2]) if word not in STOP_WORDS}
        named = asked - {stem(word) for word in words(title.get(passage.doc_id, ""))}
        if heading and named and heading == named:
            return passage
    return None
