"""Pure functions on text that all stages agree on."""

from retrieval.text.analysis import WORDS, Analysis, PieceAnalysis, asked
from retrieval.text.clean import composed, has_forms, one_line, printable, searchable, title_of, trimmed
from retrieval.text.dates import Date, find_dates, with_years
from retrieval.text.language import document_language, language_name, language_of
from retrieval.text.patterns import (
    MONTHS,
    NUMBER,
    NUMBER_WORDS,
    PROPER_NAME,
    QUESTION_WORD,
    VERBS_OF_SAYING,
    WEEKDAYS,
    YEAR,
)
from retrieval.text.questions import heading_question, sentence_questions
from retrieval.text.sentences import sentence_spans
from retrieval.text.terms import STOP_WORDS, WORD, content_stems, question_words, stem, stems, words

__all__ = [
    "MONTHS",
    "NUMBER",
    "NUMBER_WORDS",
    "PROPER_NAME",
    "QUESTION_WORD",
    "STOP_WORDS",
    "VERBS_OF_SAYING",
    "WEEKDAYS",
    "WORD",
    "WORDS",
    "YEAR",
    "Analysis",
    "Date",
    "PieceAnalysis",
    "asked",
    "composed",
    "content_stems",
    "document_language",
    "find_dates",
    "has_forms",
    "heading_question",
    "language_name",
    "language_of",
    "one_line",
    "printable",
    "question_words",
    "searchable",
    "sentence_questions",
    "sentence_spans",
    "stem",
    "stems",
    "title_of",
    "trimmed",
    "with_years",
    "words",
]
