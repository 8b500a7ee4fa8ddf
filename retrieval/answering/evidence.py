"""What speaks against a quote: what is asked for and not in it, or denied, or turned round."""

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from pathlib import Path

from retrieval.answering.missing import ASKING, alike, names
from retrieval.answering.quotes import Quote
from retrieval.answering.views.table import MEASURES, is_row, rows_of
from retrieval.search import Ranked
from retrieval.text import NUMBER, NUMBER_WORDS, content_stems, stem, stems, words

_NUMBER = re.compile(NUMBER)
_NEGATION = re.compile(
    r"\b(?:not?|never|none|without|neither|nor|cannot|non|un\w{4,}|except|unlike|least|other than|besides|instead|"
    r"refus\w+|fail\w*|lack\w*|avoid\w*)\b|n[’']t\b",
    re.IGNORECASE,
)
_COUNT = rf"\d[\d,.]*|\b(?:{'|'.join(NUMBER_WORDS)})\b"
_UNIT = (
    r"(?:seconds?|min(?:ute)?s?|h(?:ou)?rs?|h|days?|nights?|weeks?|fortnights?|months?|years?|decades?|centur\w+|lifetimes?"
    r"|[cmk]?m|(?:kilo|centi|milli)?met(?:re|er)s?|miles?|feet|foot|ft|inch(?:es)?|yards?|pages?|words?)\b"
)
_LENGTH = (
    rf"(?:{_COUNT}|\b(?:for|in|after|about|than|over|within|under|takes?|last\w*|is|was) (?:an?|half an?|several|few))"
    rf"[\s-]*(?:\w+[\s-]+)?{_UNIT}|\bin {_UNIT}|\d{{4}}\D{{1,40}}\d{{4}}|\b(?:centur|overnight\b|(?:same|next) day\b)"
    r"|\b(?:until|till|since|for ?ever|permanent\w*|indefinite\w*|immediate\w*|instant\w*|always|life)\b"
)
# What a question asks for, and what quotes that say so hold. On squad2-dev-a quotes without it answered 0 of 9, and of
# those of lengths on xquad-r-en and squad2-dev-a 0 of 2.
_WANTED = {
    r"\bhow (?:many|old|tall|wide|deep|thick|heavy)\b|\bhow far (?:is|away|from)\b": _COUNT,
    r"\bhow long\b": _LENGTH,
    r"\b(?:what|which) (?:year|decade|century)\b": r"\d\d+|\bcentur",
    r"\b(?:phone|telephone|mobile|fax) numbers?\b": r"(?:\d[\s()/.-]{0,3}){5,}",
    r"\be-?mail address(?:es)?\b|\bwhat is the e-?mail\b": r"\S@\S",
    r"\b(?:web ?site|web address|url)\b": r"https?:|www\.|\w\.[a-z]{2,}\b",
}
# Whom one thing is said of and not the other: a dose for adults is none for a child.
_APART = tuple(
    re.compile(rf"\b(?:(?P<one>{one})|(?P<other>{other}))\b", re.IGNORECASE)
    for one, other in (
        (r"adults?|grown-?ups?", r"child(?:ren)?|kids?|infants?|bab(?:y|ies)|toddlers?|teen(?:ager)?s?|newborns?"),
        (r"men|man|males?|boys?", r"women|woman|females?|girls?"),
        (r"dogs?|pupp(?:y|ies)", r"cats?|kittens?"),
        (r"full-?time", r"part-?time"),
    )
)
_WORKED_OUT = re.compile(r"\b(?:average|mean|median|total|sum|in all|altogether|combined)\b", re.IGNORECASE)
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
    """Tell whether quotes lack what is asked for (a number, a year, a length), or all of a keyword or two.

    Or whether they are of others than are asked about: of adults, not of children.

    matched: whether any passage found holds a word of the question.
    """
    quoted = " ".join(quote.text for quote in quotes)
    if _lacks(question, quoted) or _is_of_others(question, quoted):
        return True
    keywords = content_stems(question)
    if len(keywords) > _FEW or matched:
        return False
    there = set().union(*(stems(quote.passage.text) for quote in quotes))
    return not any(alike(word, found) for word in keywords for found in there)


def _is_of_others(question: str, quoted: str) -> bool:
    """Tell whether quotes speak of adults where only children are asked about, and the like."""
    for each in _APART:
        asked, told = ({found.lastgroup for found in each.finditer(text)} for text in (question, quoted))
        if len(asked) == len(told) == 1 and asked != told:
            return True
    return False


def is_of_another_row(question: str, best: Quote, ranked: Sequence[Ranked]) -> bool:
    """Tell whether a quote is a row, and a question names by its first cell another row that was found: "the raft"."""
    if not is_row(best.passage):
        return False
    asked, own = content_stems(question), content_stems(f"{best.passage.heading} {best.text}")
    found = (item.candidate.passage for item in ranked if is_row(item.candidate.passage))
    labels = [content_stems(next(iter(row.cells.values())).partition("(")[0]) for row in rows_of(found)]
    named = [label for label in labels if 2 * len(label & asked) > len(label)]
    return any(not label & asked <= own for label in named) and not any(label <= own for label in named)


def is_no_cell_of(question: str, quotes: Sequence[Quote]) -> bool:
    """Tell whether the best quote is a row that a question names, and what it asks of that is in no quoted cell.

    Nor is what would have to be worked out of many: an average, a total.
    """
    best = quotes[0]
    rows = rows_of([best.passage]) if is_row(best.passage) else ()
    row = next((row for row in rows if row.number == best.first == best.last), None)
    worked_out = stems(" ".join(_WORKED_OUT.findall(question)))
    if row and worked_out and not worked_out & stems(" ".join(f"{h} {value}" for h, value in row.cells.items())):
        return True
    asked = content_stems(question) - ASKING
    labels = [content_stems(value.partition("(")[0]) for value in row.cells.values()] if row else []
    label = max(labels, key=lambda own: len(own & asked) / max(1, len(own)), default=set())
    if not label or 2 * len(label & asked) < len(label):
        return False
    text = " ".join([best.passage.heading, *(quote.text for quote in quotes)])
    told = content_stems(text) | ({"price"} if set(text) & set("€$£") else set())
    rest = asked - label
    measured = any(stems(measure) & told and stems(measure) & stems(question) for measure in MEASURES)
    return bool(rest) and not rest & told and not measured


def _lacks(question: str, text: str) -> bool:
    """Tell whether a question asks for a kind of thing, as a number, and a text has none but those in the question."""
    held = next((held for wanted, held in _WANTED.items() if re.search(wanted, question, re.IGNORECASE)), None)
    if held is None:
        return False
    asked = set(words(question))
    return all(match.group().casefold() in asked for match in re.finditer(held, text, re.IGNORECASE))
