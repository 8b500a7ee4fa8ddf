"""What speaks against a quote: what is asked for and not in it, or denied, or turned round."""

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from pathlib import Path

from retrieval.answering.missing import alike, names
from retrieval.answering.quotes import Quote
from retrieval.text import MONTHS, NUMBER, NUMBER_WORDS, STOP_WORDS, WEEKDAYS, stem, stems, words

_NUMBER = re.compile(NUMBER)
_NEGATION = re.compile(
    r"\b(?:not?|never|none|without|neither|nor|cannot|non|un\w{4,}|except|unlike|least|other than|besides|instead|"
    r"refus\w+|fail\w*|lack\w*|avoid\w*)\b|n[’']t\b",
    re.IGNORECASE,
)
_SPANS = "centur(?:y|ies) decades? years? today summer winter spring autumn".split()
_COUNT = rf"\d[\d,.]*|\b(?:{'|'.join(NUMBER_WORDS)})\b"
_TIME = rf"\b\d{{3,4}}s?\b|\b(?:{'|'.join(MONTHS + _SPANS + WEEKDAYS)})\b"
# What a question asks for, and what a quote that says so holds. No best quote without a number says "how many"
# (0 of 24 on squad2-dev-a), and no quotes without figures say "what year" (0 of 12).
_WANTED = {
    r"\bhow (?:many|much|old|long|far|tall|large|big|often)\b|\b(?:what|which) (?:percent\w*|number|amount)\b": _COUNT,
    r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b": _TIME,
    r"\bwhom?\b": r"\b(?-i:[A-Z])[\w’'-]+",
}
_HOW_MANY = {r"\bhow (?:many|old)\b": _COUNT}
_WHAT_YEAR = {r"\b(?:what|which) (?:year|decade|century)\b": r"\d\d+|\bcentur"}
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
    said, asked = stems(quote.text), stems(question)
    contrary = antonyms()
    turned = [word for word in asked if word in contrary]
    numbers = set(_NUMBER.findall(quote.text))
    negated = bool(_NEGATION.search(question))
    return {
        "kind of answer missing": float(_lacks(question, quote.text, _WANTED)),
        "names missing": float(sum(not stems(name) <= said for name in names(question) if words(name))),
        "numbers missing": float(sum(number not in numbers for number in _NUMBER.findall(question))),
        "negated": float(negated),
        "negated, quote not": float(negated and not _NEGATION.search(quote.text)),
        "opposite in passage": float(sum(word not in around and bool(contrary[word] & around) for word in turned)),
        "one-sided word missing": float(sum(word not in around for word in turned)),
    }


def cannot_answer(question: str, quotes: Sequence[Quote], matched: bool) -> bool:
    """Tell whether quotes lack the number or the year that is asked for, or all of a keyword or two.

    matched: whether any passage found holds a word of the question.
    """
    everything = " ".join(quote.text for quote in quotes)
    if _lacks(question, quotes[0].text, _HOW_MANY) or _lacks(question, everything, _WHAT_YEAR):
        return True
    keywords = {stem(word) for word in words(question) if word not in STOP_WORDS}
    if len(keywords) > _FEW or matched:
        return False
    there = set().union(*(stems(quote.passage.text) for quote in quotes))
    return not any(alike(word, found) for word in keywords for found in there)


def _lacks(question: str, text: str, kinds: Mapping[str, str]) -> bool:
    """Tell whether a question asks for a kind of thing, as a number, and a text has none but those in the question."""
    held = next((held for wanted, held in kinds.items() if re.search(wanted, question, re.IGNORECASE)), None)
    if held is None:
        return False
    asked = stems(question) | STOP_WORDS
    return all(stems(match.group()) <= asked for match in re.finditer(held, text, re.IGNORECASE))
