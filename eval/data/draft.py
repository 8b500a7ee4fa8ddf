"""Proposes questions from documents, by rule and in the documents' own words, for a person to keep or drop.

Knows nothing about how a library answers them: a question that it answers badly is worth keeping too.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice, zip_longest
from typing import Any

from retrieval import Document, Library
from retrieval.text import STOP_WORDS, words

_NAME = r"(?:[A-Z][\w’'-]+ ){1,3}"
_SAID = {
    "said": "say", "argued": "argue", "claimed": "claim", "declared": "declare", "predicted": "predict",
    "announced": "announce", "urged": "urge", "found": "find", "reported": "report", "wrote": "write",
}  # fmt: skip
_SPEECH = re.compile(rf"\b({_NAME})(?:also )?({'|'.join(_SAID)})\b")
_BE = r"(is|are|was|were)"
_DATED = re.compile(
    rf"^((?:The |A |An )?[^,;:.“”\"()]{{3,60}}?) {_BE} ([^,;:.“”\"()]{{3,60}}?) (?:in|on) (?:\w+ )?[12]\d{{3}}\b"
)
_MADE_BY = re.compile(rf"^((?:The |A |An )?[^,;:.“”\"()]{{3,60}}?) {_BE} (\w+ed|made|written|built|led) by [A-Z]")
_DEFINED = re.compile(rf"^((?:The )?[^,;:.“”\"()]{{3,50}}?) {_BE} (?:an?|the) ")
_ACRONYM = re.compile(r"((?:[A-Z][\w’'-]+ )(?:(?:of |and |the |for )*[A-Z][\w’'-]+ ){1,5})\(([A-Z]{2,8})\)")
_PRONOUNS = frozenset("he she it they this that these those there we i you who what which".split())
_OPENERS = STOP_WORDS | {"however", "meanwhile", "also", "still", "later", "yesterday", "today"}  # not of a name
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
    kinds = [
        [(question, kind, sentence) for sentence in sentences if (question := make(sentence))] for kind, make in RULES
    ]
    kinds.append([(_keywords(sentence, frequency), "keyword", sentence) for sentence in sentences])
    yield from filter(None, chain.from_iterable(zip_longest(*kinds)))


def _speech(sentence: str) -> str:
    match = _SPEECH.search(sentence)
    speaker = match[1].split() if match else []
    while speaker and speaker[0].lower() in _OPENERS:
        speaker.pop(0)
    return f"What did {' '.join(speaker)} {_SAID[match[2]]}?" if match and speaker else ""


def _when(sentence: str) -> str:
    match = _DATED.match(sentence)
    return f"When {match[2]} {_inside(match[1])} {match[3]}?" if match and _named(match[1]) else ""


def _who(sentence: str) -> str:
    match = _MADE_BY.match(sentence)
    return f"Who {match[2]} {_inside(match[1])} {match[3]} by?" if match and _named(match[1]) else ""


def _what(sentence: str) -> str:
    match = _DEFINED.match(sentence)
    return f"What {match[2]} {_inside(match[1])}?" if match and _named(match[1]) else ""


def _acronym(sentence: str) -> str:
    match = _ACRONYM.search(sentence)
    return f"What does {match[2]} stand for?" if match else ""


def _keywords(sentence: str, frequency: Mapping[str, int]) -> str:
    """Return a sentence's rarest words in their order, as people type them into a search box."""
    own = list(dict.fromkeys(word for word in words(sentence) if word not in STOP_WORDS))
    rarest = sorted(own, key=lambda word: (frequency[word], -len(word)))[:_KEYWORDS]
    return " ".join(word for word in own if word in rarest)


def _inside(subject: str) -> str:
    """Write a subject as inside a sentence: an article in small letters."""
    article, blank, rest = subject.partition(" ")
    return f"{article.lower()}{blank}{rest}" if article in ("The", "A", "An") else subject


def _named(subject: str) -> bool:
    """Tell whether a subject names something by itself."""
    return words(subject)[:1] != [] and words(subject)[0] not in _PRONOUNS


RULES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("what", _what), ("when", _when), ("who", _who), ("said", _speech), ("acronym", _acronym),
)  # fmt: skip
