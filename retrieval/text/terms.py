"""Words of a text as search terms: lower case, no accents, stemmed.

The stemmer is Porter's with his two later changes, and accents are dropped from Latin letters only: as in SQLite's
full-text tokenizer (porter unicode61), so that both agree on what a term is.
"""

import re
import unicodedata
from functools import lru_cache

import Stemmer

from retrieval.text.clean import searchable

WORD = re.compile(r"[^\W_]+")
_ACCENT = re.compile("(?<=[A-Za-z])[\u0300-\u036f]+")
_SYLLABLE = re.compile("[aeiouy][^aeiouy]")  # Porter's m > 0
_STEMMER = Stemmer.Stemmer("porter")
STOP_WORDS = frozenset(
    """
    a about again ain also am an and any are aren as at be because been being both but by can could couldn d did
    didn do does doesn doing down during each few for from further had hadn has hasn have haven having he her
    hers him his how i if in into is isn it its itself just ll m me mightn more most mustn my needn no nor not
    of off on once only or other our ours out over own re s same shan she should shouldn so some such t than
    that the their theirs them then there these they this those through to too under until up us ve very was
    wasn we were weren what when where which while who whom whose why will with would wouldn you your yours
    """.split()
)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case and without accents, in order."""
    if not text.isascii():
        text = searchable(text)
        text = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))
    return WORD.findall(text.lower().replace("ς", "σ"))


def question_words(question: str) -> list[str]:
    """Return the distinct words worth searching: without stop words, unless there are only those."""
    found = list(dict.fromkeys(words(question)))
    return [word for word in found if word not in STOP_WORDS] or found


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the Porter stem of a lower-case word."""
    if len(word) <= 2:
        return word
    found = str(_STEMMER.stemWord(word))
    if found.endswith(("logi", "bli")) and _SYLLABLE.search(found[: -4 if found.endswith("logi") else -3]):
        return found[:-1] if found.endswith("logi") else str(_STEMMER.stemWord(found[:-1] + "e"))
    return found


def stems(text: str) -> set[str]:
    """Return the distinct stems of a text."""
    return {stem(word) for word in words(text)}


def content_stems(text: str) -> set[str]:
    """Return the distinct stems of the words of a text that are no stop words."""
    return {stem(word) for word in words(text) if word not in STOP_WORDS}
