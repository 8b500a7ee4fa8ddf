"""What of a question the documents, or the quotes, do not mention."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from retrieval.answering.quotes import Quote
from retrieval.storage import Backend
from retrieval.text import STOP_WORDS, stems, words

_WORD = re.compile(r"\w+(?:[-’'.]\w+)*")
_MOST_MISSING = 5  # words named to a person
_SPELLING = 0.8  # ratio of matching characters from which two words differ by a slip


def unsupported(question: str, quotes: Sequence[Quote], titles: Iterable[str]) -> tuple[str, ...]:
    """Return the names and numbers of a question that neither the passages quoted from nor their titles mention."""
    named = names(question)
    if not named:
        return ()
    texts = [f"{quote.passage.heading} {quote.passage.text}" for quote in quotes]
    there = set().union(*map(stems, [*texts, *titles]))
    alone = (word for word in named if not any(alike(a, b) for a in stems(word) for b in there))
    return tuple(alone)[:_MOST_MISSING]


def unmentioned(backend: Backend, question: str) -> tuple[str, ...]:
    """Return the words of a question that no stored document mentions; the names among them where there are."""
    asked = {word: stems(word) for word in _WORD.findall(question) if word.lower() not in STOP_WORDS}
    there = backend.passages.document_frequencies(set().union(*asked.values())).keys()
    rare = (word for word, own in asked.items() if not own & there)
    # A full-text index may stem otherwise: SQLite does for ß and its like.
    absent = [word for word in rare if not backend.passages.bm25(words(word), 1, {})]
    return tuple([word for word in names(question) if word in absent] or absent)[:_MOST_MISSING]


def names(question: str) -> list[str]:
    """Return words with a digit, and words with a capital letter that do not begin a sentence."""
    if question.isupper() or question.istitle():
        return []
    found = []
    for match in _WORD.finditer(question):
        before = question[: match.start()].rstrip("“\"'‘( ")
        named = match.group()[0].isupper() and bool(before) and before[-1] not in ".?!:…"
        if (named or any(map(str.isdigit, match.group()))) and match.group().lower() not in STOP_WORDS:
            found.append(match.group())
    return list(dict.fromkeys(found))


def alike(asked: str, found: str) -> bool:
    """Tell whether two stems may be one word: equal, of one root (Turkey, Turkish), or misspelt."""
    root = asked[: max(4, len(asked) * 3 // 5)]
    same = asked == found or (len(asked) >= 4 and found.startswith(root))
    return same or (asked[:2] == found[:2] and SequenceMatcher(None, asked, found).ratio() >= _SPELLING)
