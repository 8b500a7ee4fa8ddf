"""Slips in a question's spelling, set right by the words of what it finds all the same."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from retrieval.embedding import Encoder
from retrieval.search.results import Ranked
from retrieval.text import STOP_WORDS, stems

NEAR = 20  # passages whose words a slip may have meant
LEAST = 4  # letters of a word that is set right
CUTOFF = 0.8  # share of letters that match, as difflib counts them
NAME_CUTOFF = 0.85  # where the word is a name: two people may differ by little
_WORD = re.compile(r"[^\W\d_]+")


def corrected(encoder: Encoder, question: str, ranked: Iterable[Ranked]) -> str:
    """Return a question with words that no passage found holds replaced by words much like them of those passages.

    Embeddings of word pieces find the passages in spite of a slip; the full text finds others. Words with a digit stay,
    and those that the model has in its vocabulary: "charge" is no slip of "change".
    """
    asked = [word for word in _WORD.findall(question) if _correctable(word)]
    unknown = [word for word, pieces in zip(asked, encoder.count_tokens(asked), strict=True) if pieces > 1]
    if not unknown:
        return question
    near = [item.candidate.passage for _, item in zip(range(NEAR), ranked, strict=False)]
    there = list(dict.fromkeys(word for passage in near for word in _WORD.findall(f"{passage.heading} {passage.text}")))
    held = stems(" ".join(there))
    absent = [word for word in unknown if stems(word) and not stems(word) & held]
    meant = {word: _closest(word, there, word[0].isupper() and not question.startswith(word)) for word in absent}
    return _WORD.sub(lambda match: meant.get(match.group()) or match.group(), question)


def _correctable(word: str) -> bool:
    return len(word) >= LEAST and word.lower() not in STOP_WORDS


def _closest(word: str, there: Iterable[str], named: bool) -> str:
    """Return the word most like one; "" where none is. A name is taken for names only."""
    same = {other.lower(): other for other in there if len(other) >= LEAST and (other[0].isupper() or not named)}
    own = [other for other in same if other[0] == word[0].lower()]  # the first letter is the last to be mistyped
    found = get_close_matches(word.lower(), own, 1, NAME_CUTOFF if named else CUTOFF)
    return same[found[0]] if found else ""
