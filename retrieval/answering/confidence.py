"""How sure an answer is: the probability that its quotes answer the question. Chooses no quotes, finds no passages.

Logistic regression on how well the best quote and the best passage match, and on what speaks against them: a name or
a number of the question that the quote lacks, a negation, the opposite of a word ("largest" asked, "smallest" there).
Questions that only look as if they were answered are told apart by the latter: AUROC 0.60 without, 0.70 with.
`confidence.json` holds the weights, what they were fitted on, and what they gave on articles that they were not.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from pathlib import Path
from typing import Any

from retrieval.answering.quotes import Quote, alike, names
from retrieval.search import Ranked
from retrieval.text import STOP_WORDS, stem, stems, words

ENOUGH = {"cosine": 0.45, "alignment": 0.6}  # up to here they tell what is off the topic, from here on less
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATION = re.compile(
    r"\b(?:not?|never|none|without|neither|nor|cannot|non|un\w{4,}|except|unlike|least|other than|besides|instead|"
    r"refus\w+|fail\w*|lack\w*|avoid\w*)\b|n[’']t\b",
    re.IGNORECASE,
)
_SPELT = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundreds? thousands? millions? billions? "
    "dozens? half third quarter several many few couple no none single both twice once percent"
)
_MONTHS = "january february march april may june july august september october november december"
_TIMES = "centur(?:y|ies) decades? years? today (?:mon|tues|wednes|thurs|fri|satur|sun)day summer winter spring autumn"
_COUNT = rf"\d[\d,.]*|\b(?:{_SPELT.replace(' ', '|')})\b"
_TIME = rf"\b\d{{3,4}}s?\b|\b(?:{_MONTHS.replace(' ', '|')}|{_TIMES.replace(' ', '|')})\b"
# What a question asks for, and what a quote that says so holds. No best quote without a number says "how many"
# (0 of 24 on squad2-dev-a), and no quotes without figures say "what year" (0 of 12).
_WANTED = {
    r"\bhow (?:many|much|old|long|far|tall|large|big|often)\b|\b(?:what|which) (?:percent\w*|number|amount)\b": _COUNT,
    r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b": _TIME,
    r"\bwhom?\b": r"\b(?-i:[A-Z])[\w’'-]+",
}
_HOW_MANY = {r"\bhow (?:many|old)\b": _COUNT}
_WHAT_YEAR = {r"\b(?:what|which) (?:year|decade|century)\b": r"\d\d+|\bcentur"}
_FEW = 2  # keywords: a vector of so few is near to whatever is of their kind, as one country to another
HARDLY = 0.02  # the probability then, and at the most


@cache
def fitted() -> Mapping[str, Any]:
    """Return what `python -m eval fit` wrote: bias, weights, typical values."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("confidence.json").read_text("utf-8"))
    return found


@cache
def opposites() -> Mapping[str, set[str]]:
    """Return stem -> stems of the opposite meaning, from opposites.txt: a word, then its opposites, on each line."""
    found: dict[str, set[str]] = {}
    for line in Path(__file__).with_name("opposites.txt").read_text("utf-8").splitlines():
        one, *others = map(stem, line.split())
        for other in others:
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return found


def probability(question: str, ranked: Sequence[Ranked], quotes: Sequence[Quote]) -> float:
    """Return the probability (0 to 1) that the quotes answer the question; 0 where there are none.

    It holds where questions are as mixed as those that it was fitted on; see confidence.json.
    """
    if not quotes:
        return 0.0
    found, weights = signals(question, ranked, quotes[0]), fitted()["weights"]
    chance = 1 / (1 + math.exp(-fitted()["bias"] - sum(weights[name] * value for name, value in found.items())))
    return min(chance, HARDLY) if _cannot(question, ranked, quotes) else chance


def _cannot(question: str, ranked: Sequence[Ranked], quotes: Sequence[Quote]) -> bool:
    """Tell whether quotes lack the number or the year that is asked for, or all of a keyword or two."""
    everything = " ".join(quote.text for quote in quotes)
    if _lacks(question, quotes[0].text, _HOW_MANY) or _lacks(question, everything, _WHAT_YEAR):
        return True
    keywords = {stem(word) for word in words(question) if word not in STOP_WORDS}
    if len(keywords) > _FEW or any(item.signals.get("bm25") for item in ranked):
        return False
    there = set().union(*(stems(quote.passage.text) for quote in quotes))
    return not any(alike(word, found) for word in keywords for found in there)


def signals(question: str, ranked: Sequence[Ranked], quote: Quote) -> dict[str, float]:
    """Return what the probability depends on. quote: the best one, from one of the ranked passages."""
    item = next(item for item in ranked if item.candidate.passage == quote.passage)
    cosine, _, weakest = item.sentences[quote.first : quote.last + 1].max(axis=0).tolist()
    close = {"cosine": cosine, "weakest": weakest, "alignment": ranked[0].signals.get("alignment", 0.0)}
    if not close["alignment"]:  # an encoder without token vectors
        close |= {name: fitted()["typical"][name] for name in ("alignment", "weakest")}
    capped = {f"{name}, capped": min(close[name], most) for name, most in ENOUGH.items()}
    return close | capped | _against(question, quote, item.candidate.holding.keys() | stems(quote.passage.heading))


def _against(question: str, quote: Quote, around: Set[str]) -> dict[str, float]:
    """Count what speaks against a quote: what is asked for and not in it, or denied, or turned round.

    around: the stems of its passage.
    """
    said, asked = stems(quote.text), stems(question)
    contrary = opposites()
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


def _lacks(question: str, text: str, kinds: Mapping[str, str]) -> bool:
    """Tell whether a question asks for a kind of thing, as a number, and a text has none but those in the question."""
    held = next((held for wanted, held in kinds.items() if re.search(wanted, question, re.IGNORECASE)), None)
    if held is None:
        return False
    asked = stems(question) | STOP_WORDS
    return all(stems(match.group()) <= asked for match in re.finditer(held, text, re.IGNORECASE))
