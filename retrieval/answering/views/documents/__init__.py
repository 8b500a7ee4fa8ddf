"""Views of whole documents: what they are about, who speaks in them, what was decided, what happened when."""

from retrieval.answering.views.documents.mentions import abbreviation, defining, outlets, speakers
from retrieval.answering.views.documents.overview import conclusion, overview
from retrieval.answering.views.documents.scope import (
    asked_of_one,
    document_named,
    documents_meant,
    naming,
    nearest_first,
)
from retrieval.answering.views.documents.timeline import timeline
from retrieval.answering.views.documents.view import view

__all__ = [
    "abbreviation",
    "asked_of_one",
    "conclusion",
    "defining",
    "document_named",
    "documents_meant",
    "naming",
    "nearest_first",
    "outlets",
    "overview",
    "speakers",
    "timeline",
    "view",
]
