"""Which documents a message means: by their names in it, by what was quoted before, or all of them."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any

from retrieval.answering.missing import called, names
from retrieval.records import Document
from retrieval.search import Ranked
from retrieval.storage import Backend
from retrieval.text import STOP_WORDS, YEAR, content_stems, stem, stems, words

MOST = 50  # documents of which a view is made
MOST_TITLES = 20_000  # of documents, up to which all are compared with a question
OPENING = 20_000  # characters of a document in which a name is looked for
TELLING = 3  # of those that only tell of what a message names
# What a message calls a document, and what it asks of one: they name none.
_GENERIC = frozenset(
    stem(word)
    for word in (
        "article document text paper report file letter book page story essay study chapter section note notes "
        "meeting transcript interview mail email post presentation slide library collection folder archive "
        "everything pdf summary summarize summarise overview outline gist main key point points idea topic "
        "takeaway finding conclusion conclude author timeline date dates event events list people speaker quote "
        "quoted say cite cited outlet newspaper source give show tell write make short brief quick about please "
        "decide decision agree resolve resolution "
        "describe explain face mention include involve identify exist remain contain item need"
    ).split()
)

_YEAR = re.compile(YEAR)
_ABOUT = r"about|on|regarding|concerning|as to|with regard to"
# "What does the lease with Mr Lee say about pets?", "According to the handbook, how many days …?"
_NAMED_IN = (
    re.compile(
        rf"what (?:do|does|did|is|are|was) (?:it|they|there)?(?P<name>.+?) (?:say|state|mention|specify|provide|write|"
        rf"require|tell us|tell me|said|stated|written) (?P<rest>(?:{_ABOUT})\b.+)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:according to|as per|per) (?P<name>[^,?]+), (?P<rest>.+)", re.IGNORECASE),
)
_BELONGING = re.compile(r"\b(?:with|of|for|from|between|by|about|on)\b", re.IGNORECASE)


def asked_of_one(backend: Backend, message: str) -> tuple[str, str] | None:
    """Return the doc_id of the one document that a question names, and the question without the name; None if none.

    What it is called ("the lease agreement with Mr Lee") must end, before "with" and its like, in a word of the
    document's title or file name: "What did Kazakhstan say about Syria?" names a speaker.
    """
    found = next((match for pattern in _NAMED_IN if (match := pattern.match(message.strip()))), None)
    if found is None:
        return None
    name = [stem(word) for word in words(_BELONGING.split(found["name"].strip())[0]) if word not in STOP_WORDS]
    titles = {document.doc_id: _title_stems(document) for document, _ in backend.documents.all()} if name else {}
    scores = {doc_id: len(set(name) & title) for doc_id, title in titles.items() if name[-1] in title}
    most = max(scores.values(), default=0)
    best = [doc_id for doc_id, score in scores.items() if score == most]
    if len(best) != 1:
        return None
    is_said = re.match(rf"(?:{_ABOUT})\b", found["rest"], re.IGNORECASE)
    return best[0], f"What does it say {found['rest']}" if is_said else found["rest"]


def document_named(backend: Backend, question: str) -> tuple[str, str] | None:
    """Return the doc_id of the one document whose title or file name has a name in a question; None if none or several.

    And the question without that name, all of it: "the rent for the flat at 17B Cobbler Street". A name is a word or a
    year; what stands with it must be in the document, as of 19A Cobbler Street it may tell nothing.
    """
    there = names(question) if backend.documents.count() <= MOST_TITLES else []
    naming = {stem(word) for name in there for word in words(name) if word.isalpha() or _YEAR.fullmatch(word)}
    held = {document.doc_id: naming & _named(document) for document, _ in backend.documents.all()} if naming else {}
    meant = [doc_id for doc_id, own in held.items() if own]
    if len(meant) != 1:
        return None
    runs = re.finditer(rf"(?:(?:{'|'.join(map(re.escape, there))})\b\s*)+", question)
    named = [run[0] for run in runs if held[meant[0]] & stems(run[0])]
    header, text = backend.documents.header(meant[0]), backend.documents.text_at(meant[0], 0, OPENING)
    if header is None or not stems(" ".join(named)) <= stems(f"{text}\n{called(header.title, header.source)}"):
        return None
    for name in named:
        question = question.replace(name, " ")
    return meant[0], " ".join(question.split())


def _title_stems(document: Document) -> Set[str]:
    return _stems_of(called(document.title, document.source))


@lru_cache(MOST_TITLES)
def _stems_of(title: str) -> frozenset[str]:
    """Return the stems of a title; kept, as all are compared with many a question."""
    return frozenset(stems(title))


def documents_meant(
    backend: Backend, message: str, before: Iterable[str], ranked: Sequence[Ranked], where: Mapping[str, Any]
) -> tuple[list[str], bool]:
    """Return the doc_ids that a view is to be made of, the likeliest first; and whether of the first that has one.

    before: doc_ids that were quoted last, meant by "this". ranked: what search finds for the message, inside `where`.
    The one document of a library; else those whose title or file name the message names best; else those that tell of
    what it names; else those of `before`; else all that `where` leaves.
    """
    known = _allowed(backend, ranked, where)
    if len(known) < 2:
        return [document.doc_id for document in known], False
    asked = naming(message)
    scores = {document.doc_id: len(asked & _named(document)) for document in known}
    best = max(scores.values())
    if best:
        return [doc_id for doc_id, score in scores.items() if score == best][:MOST], False
    if asked:  # it names something that no title does: the documents that tell of it
        return list(dict.fromkeys(item.candidate.passage.doc_id for item in ranked))[:TELLING], True
    quoted = [doc_id for doc_id in before if doc_id in scores]
    return quoted[:1] or list(scores)[:MOST], False


def nearest_first(doc_ids: Iterable[str], ranked: Sequence[Ranked]) -> list[str]:
    """Put doc_ids in the order in which search found their documents; those that it did not find stay behind."""
    near = {doc_id: place for place, doc_id in enumerate(dict.fromkeys(r.candidate.passage.doc_id for r in ranked))}
    return sorted(doc_ids, key=lambda doc_id: near.get(doc_id, len(near)))


def _allowed(backend: Backend, ranked: Sequence[Ranked], where: Mapping[str, Any]) -> list[Document]:
    """Return the headers of the documents that can be meant; with conditions, those that search found within them."""
    if not where:
        return [document for document, _ in backend.documents.all()]
    found = dict.fromkeys(item.candidate.passage.doc_id for item in ranked)
    headers = (backend.documents.header(doc_id) for doc_id in found)
    return [header for header in headers if header]


def _named(document: Document) -> Set[str]:
    return _title_stems(document) - _GENERIC


def naming(text: str) -> set[str]:
    """Return the stems of the words of a message or a heading by which something is named."""
    return content_stems(text) - _GENERIC
