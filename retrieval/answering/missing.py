"""What of a question the documents, or the quotes, do not mention."""

import re
from collections.abc import Iterable, Sequence, Set
from difflib import SequenceMatcher
from pathlib import Path

from retrieval.answering.quotes import Quote
from retrieval.storage import Backend
from retrieval.text import STOP_WORDS, stems

_WORD = re.compile(r"\w+(?:[-’'.]\w+)*")
# What a question is asked with, and what it calls documents and their parts: nobody looks for these words in a text.
ASKING = frozenset(
    "many much say says said list name names number numbers contact tell kind kinds sort sorts type types article "
    "articles document documents text texts file files mention mentions mentioned write written state states stated "
    "summarize summarise summary overview explain describe find show give anything something someone somebody anyone "
    "anybody please exactly according mean means meant happen happens happened question answer long old often far big "
    "tall large deep heavy cost costs".split()
)
_MOST_MISSING = 5  # words named to a person
_SPELLING = 0.8  # ratio of matching characters from which two words differ by a slip


def called(title: str, source: str | None) -> str:
    """Return what people call a document: its title and the name of its file."""
    return f"{title} {Path(source).stem if source else ''}"


def unsupported(question: str, quotes: Sequence[Quote], titles: Iterable[str]) -> tuple[str, ...]:
    """Return the names and numbers of a question that neither the passages quoted from nor their titles mention."""
    named = names(question)
    if not named:
        return ()
    texts = [f"{quote.passage.heading} {quote.passage.text}" for quote in quotes]
    there = set().union(*map(stems, [*texts, *titles]))
    alone = (word for word in named if not any(alike(a, b) for a in stems(word) for b in there))
    return tuple(alone)[:_MOST_MISSING]


def unnamed(question: str, naming: Set[str]) -> str:
    """Return a question without the names and numbers in it that only say which document is meant.

    naming: stems of the document's title, file name and headings.
    """
    told = {name for name in names(question) if stems(name) and stems(name) <= naming}
    return _WORD.sub(lambda match: "" if match.group() in told else match.group(), question)


def unmentioned(backend: Backend, question: str) -> tuple[str, ...]:
    """Return the words of a question that no stored document mentions; the names among them where there are."""
    letters = backend.passages.analysis.letters
    found = (word for word in _WORD.findall(question) if word.lower() not in STOP_WORDS | ASKING)
    asked = {word: stems(letters(word)) for word in found}
    there = backend.passages.document_frequencies(set().union(*asked.values())).keys()
    absent = [word for word, own in asked.items() if not own & there]
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
