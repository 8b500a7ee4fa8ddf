"""Answers that are not found by likeness to a question: what a document is about, who speaks in it, what happened when.

Each takes a document's passages and returns quotes; none writes a word of its own.
"""

from retrieval.answering.views.differing import differing, edition_meant, newest_first, rivals
from retrieval.answering.views.documents import (
    abbreviation,
    asked_of_one,
    conclusion,
    defining,
    document_named,
    documents_meant,
    nearest_first,
    outlets,
    overview,
    speakers,
    timeline,
    view,
)
from retrieval.answering.views.lists import completed, is_cut, section
from retrieval.answering.views.said import asked_speaker, by_speaker
from retrieval.answering.views.sections import clause, clause_asked, part_asked, sections_meant
from retrieval.answering.views.table import deciding, is_row, same_table

__all__ = [
    "abbreviation",
    "asked_of_one",
    "asked_speaker",
    "by_speaker",
    "clause",
    "clause_asked",
    "completed",
    "conclusion",
    "deciding",
    "defining",
    "differing",
    "document_named",
    "documents_meant",
    "edition_meant",
    "is_cut",
    "is_row",
    "nearest_first",
    "newest_first",
    "outlets",
    "overview",
    "part_asked",
    "rivals",
    "same_table",
    "section",
    "sections_meant",
    "speakers",
    "timeline",
    "view",
]
