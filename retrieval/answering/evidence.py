"""What speaks against a quote: what is asked for and not in it, or denied, or turned round."""

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from pathlib import Path

from retrieval.answering.missing import alike, names
from retrieval.answering.quotes import Quote
from retrieval.text import NUMBER, NUMBER_WORDS, STOP_WORDS, stem, stems, words

_NUMBER = re.compile(NUMBER)
_NEGATION = re.compile(
    r"\b(?:not?|never|none|without|neither|nor|cannot|non|un\w{4,}|except|unlike|least|other than|besides|instead|"
    r"refus\w+|fail\w*|lack\w*|avoid\w*)\b|n[’']t\b",
    re.IGNORECASE,
)
_COUNT = rf"\d[\d,.]*|\b(?:{'|'.join(NUMBER_WORDS)})\b"
# What a question asks for, and what quotes that say so hold. On squad2-dev-a quotes without it answered 0 of 9.
_WANTED = {
    r"\bhow (?:many|old)\b": _COUNT,
    r"\b(?:what|which) (?:year|decade|century)\b": r"\d\d+|\bcentur",
}
_FEW = 2  # keywords: an embedding of so few is near to whatever is of their kind, as one country to another


@cache
def antonyms() -> Mapping[str, set[str]]:
    """Return stem -> stems of the opposite meaning, from antonyms.txt: a word, then its antonyms, on each line."""
    found: dict[str, set[str]] = {}
    for line in Path(__file__).with_name("antonyms.txt").read_text("utf-8").splitlines():
        one, *others = map(stem, line.split())
        for other in others:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return found


def against(question: str, quote: Quote, around: Set[str]) -> dict[str, float]:
    """Count what speaks against a quote. around: the stems of its passage."""
    contrary = antonyms()
    turned = [word for word in stems(question) if word in contrary]
    numbers = set(_NUMBER.findall(quote.text))
    negated = bool(_NEGATION.search(question))
    return {
        "names missing": float(sum(not _near(name, around) for name in names(question) if words(name))),
        "numbers missing": float(sum(number not in numbers for number in _NUMBER.findall(question))),
        "negated": float(negated),
        "negated, quote not": float(negated and not _NEGATION.search(quote.text)),
        "opposite in passage": float(sum(word not in around and bool(contrary[word] & around) for word in turned)),
    }


def _near(name: str, around: Set[str]) -> bool:
    """Tell whether a passage has a name or a word much like it."""
    return any(alike(own, found) for own in stems(name) for found in around)


def cannot_answer(question: str, quotes: Sequence[Quote], matched: bool) -> bool:
    """Tell whether quotes lack the number or the year that is asked for, or all of a keyword or two.

    matched: whether any passage found holds a word of the question.
    """
    if _lacks(question, " ".join(quote.text for quote in quotes)):
        return True
    keywords = {stem(word) for word in words(question) if word not in STOP_WORDS}
    if len(keywords) > _FEW or matched:
        return False
    there = set().union(*(stems(quote.passage.text) for quote in quotes))
    return not any(alike(word, found) for word in keywords for found in there)


def _lacks(question: str, text: str) -> bool:
    """Tell whether a question asks for a kind of thing, as a number, and a text has none but those in the question."""
    held = next((held for wanted, held in _WANTED.items() if re.search(wanted, question, re.IGNORECASE)), None)
    if held is None:
        return False
    asked = set(words(question))
    return all(match.group().casefold() in asked for match in re.finditer(held, text, re.IGNORECASE))
