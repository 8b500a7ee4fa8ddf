"""One entry for all views: the quotes of a kind, from the documents that are meant."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from retrieval.answering.missing import called
from retrieval.answering.quotes import Quote, each_sentence
from retrieval.answering.views.differing import changes, dated
from retrieval.answering.views.documents.mentions import countries, decisions, outlets, speakers
from retrieval.answering.views.documents.overview import conclusion, overview
from retrieval.answering.views.documents.scope import MOST, documents_meant, naming, nearest_first
from retrieval.answering.views.documents.timeline import timeline
from retrieval.conversation import Interpretation, Kind
from retrieval.records import Document
from retrieval.search import Ranked
from retrieval.storage import Backend, IndexedDocument
from retrieval.text import find_dates, stems

MOST_QUOTES = 20
_OF_EDITIONS = stems(
    "edition editions version versions old older new newer latest last previous earlier differ differs different "
    "difference differences change changed changes compare comparison between since both two one ones"
)
_MEETING = re.compile(r"\bminutes\b|\b(?:present|apologies|attendees|attendance|agenda):", re.IGNORECASE)
OPENING = 3  # passages that may say from when a document is valid
SEVERAL = 6  # documents of which an overview has a sentence each, where none is meant more than the others


def view(
    backend: Backend, asked: Interpretation, ranked: Sequence[Ranked], before: Sequence[str], where: Mapping[str, Any]
) -> list[Quote]:
    """Return the quotes that make up the view that is asked for; none where the documents have nothing of the kind.

    The rest is as in `documents_meant`.
    """
    meant, of_one = documents_meant(backend, asked.message, before, ranked, where)
    if of_one:
        views = (_of_all(backend, asked, ranked, [doc_id]) for doc_id in meant)
        return next(filter(None, views), [])
    return _of_all(backend, asked, ranked, meant)


def _of_all(backend: Backend, asked: Interpretation, ranked: Sequence[Ranked], meant: Sequence[str]) -> list[Quote]:
    """Return the view of all documents that are meant."""
    if asked.kind in (Kind.OVERVIEW, Kind.CONCLUSION):
        meant = meant[:SEVERAL]
    if asked.kind is Kind.COMPARE:
        return _editions(backend, asked.message, meant, [] if asked.parts else ranked)
    if asked.kind is Kind.DECISIONS:
        nearest = nearest_first(meant, ranked)[:MOST]
        items = (item for doc_id in nearest for item in backend.documents.indexed([doc_id]))
        return max((decisions(item.passages) for item in items if _is_of_meeting(item)), key=len, default=[])
    found = backend.documents.indexed(meant)
    if asked.kind is Kind.TIMELINE:
        return timeline([(item.passages, _year(item.document)) for item in found], find_dates(asked.message))
    return [quote for item in found for quote in _of_one(item, asked.kind, len(found) == 1)][:MOST_QUOTES]


def _editions(backend: Backend, message: str, meant: Sequence[str], ranked: Sequence[Ranked]) -> list[Quote]:
    """Return what changed between editions: of the documents meant, or where that is one, also of those ranked."""
    found = [item.candidate.passage.doc_id for item in ranked]
    items = backend.documents.indexed(list(dict.fromkeys(meant if len(meant) > 1 else [*meant, *found]))[:SEVERAL])
    openings = {item.document.doc_id: "\n".join(p.text for p in item.passages[:OPENING]) for item in items}
    items.sort(key=lambda item: dated(item.document, openings[item.document.doc_id]), reverse=True)
    titles = (called(item.document.title, item.document.source).replace("_", " ") for item in items)
    opening = (quote.text for item in items for quote in islice(each_sentence(item.passages), 1))
    topic = naming(message) - _OF_EDITIONS - stems(" ".join([*titles, *opening]))
    return changes([item.passages for item in items], topic)[:MOST_QUOTES]


def _of_one(item: IndexedDocument, kind: Kind, alone: bool) -> list[Quote]:
    """Return the view of one document; of several, an overview has the first sentence of each."""
    if kind is Kind.SPEAKERS:
        return speakers(item.passages)
    if kind is Kind.COUNTRIES:
        return countries(item.passages)
    if kind is Kind.OUTLETS:
        return outlets(item.passages)
    made = conclusion if kind is Kind.CONCLUSION else overview
    return made(item.passages, [own.sentences for own in item.vectors])[: None if alone else 1]


def _is_of_meeting(item: IndexedDocument) -> bool:
    """Tell whether a document is the minutes of a meeting, by its name or its beginning."""
    opening = f"{item.document.title} {item.document.source} {' '.join(each.text for each in item.passages[:OPENING])}"
    return bool(_MEETING.search(opening.replace("_", " ")))


def _year(document: Document) -> int:
    """Return the year that a document says it is of, 0 where it does not."""
    year = str(document.metadata.get("date", ""))[:4]
    return int(year) if year.isdigit() else 0
