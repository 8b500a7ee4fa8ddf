"""Proposes questions from documents, for a person to keep or drop.

They are not asked first: a question that a library answers badly is worth keeping too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, islice, zip_longest
from typing import Any

from retrieval import Document, Library
from retrieval.text import STOP_WORDS, sentence_questions, words

_KEYWORDS = 4  # of a question made of a sentence's rarest words
_SHORTEST, _LONGEST = 40, 400  # characters of a sentence that questions are made of


def proposed(library: Library, count: int) -> list[dict[str, Any]]:
    """Return up to `count` cases marked as drafts, the documents and the kinds of question taking turns."""
    documents = [found for d in library.documents() if (found := library.document(d.doc_id))]
    frequency = Counter(word for document in documents for word in words(document.text))
    by_document = (_of_document(library, document, frequency) for document in documents)
    questions = filter(None, chain.from_iterable(zip_longest(*by_document)))
    unique = {question: (kind, quote) for question, kind, quote in reversed(list(questions))}
    cases = (
        {"id": "", "question": question, "kind": kind, "answerable": True, "quotes": [quote], "draft": True}
        for question, (kind, quote) in reversed(unique.items())
    )
    return [case | {"id": f"draft-{number}"} for number, case in enumerate(islice(cases, count), start=1)]


def _of_document(library: Library, document: Document, frequency: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """Yield (question, kind, quote) of one document, the kinds taking turns."""
    sentences = [
        document.text[start:end]
        for passage in library.passages(document.doc_id)
        for start, end in passage.sentences
        if _SHORTEST <= end - start <= _LONGEST
    ]
    kinds: dict[str, list[tuple[str, str, str]]] = {}
    for sentence in sentences:
        for kind, question in (*sentence_questions(sentence), ("keyword", _keywords(sentence, frequency))):
            kinds.setdefault(kind, []).append((question, kind, sentence))
    yield from filter(None, chain.from_iterable(zip_longest(*kinds.values())))


def _keywords(sentence: str, frequency: Mapping[str, int]) -> str:
    """Return a sentence's rarest words in their order, as people type them into a search box."""
    own = list(dict.fromkeys(word for word in words(sentence) if word not in STOP_WORDS))
    rarest = sorted(own, key=lambda word: (frequency[word], -len(word)))[:_KEYWORDS]
    return " ".join(word for word in own if word in rarest)
