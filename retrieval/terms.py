"""Words of a text as search terms: lower case, no accents, stemmed. Knows nothing about indexes.

The stemmer is Porter's, as in SQLite's full-text tokenizer, so that both agree on what a term is.
"""

import re
import unicodedata
from functools import lru_cache

import Stemmer

_WORD = re.compile(r"[^\W_]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_STEMMER = Stemmer.Stemmer("porter")
STOP_WORDS = frozenset(
    ["a", "about", "again", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "being", "both", "but", "by", "can", "could", "d", "did", "do", "does", "doing", "down", "during", "each", "few", "for", "from", "further", "had", "has", "have", "having", "he", "her", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just", "ll", "m", "me", "more", "most", "my", "no", "nor", "not", "of", "off", "on", "once", "only", "or", "other", "our", "ours", "out", "over", "own", "re", "s", "same", "she", "should", "so", "some", "such", "t", "than", "that", "the", "their", "theirs", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "under", "until", "up", "us", "ve", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "why", "will", "with", "would", "you", "your", "yours"]
)


def words(text: str) -> list[str]:
    """Return the words of a text in lower case and without accents, in order."""
    if not text.isascii():
        text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    return _WORD.findall(text.lower())


def question_words(question: str) -> list[str]:
    """Return the distinct words worth searching: without stop words, unless there are only those."""
    found = list(dict.fromkeys(words(question)))
    return [word for word in found if word not in STOP_WORDS] or found


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the Porter stem of a lower-case word."""
    return str(_STEMMER.stemWord(word))


def stems(text: str) -> set[str]:
    """Return the distinct stems of a text."""
    return {stem(word) for word in words(text)}
