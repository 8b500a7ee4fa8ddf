"""Changes a question so that its paragraph does not answer it any more. Knows nothing about windows or models.

Of the ways in which people made SQuAD 2.0's unanswerable questions (Rajpurkar et al., 2018, table 3): another name,
another number, an opposite word, a negation.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random

_NAME = re.compile(r"(?:[A-Z][\w’'-]+)(?: (?:of |the )?[A-Z][\w’'-]+)*")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_WORD = re.compile(r"[A-Za-z]+")
_AUXILIARY = re.compile(r"\b(did|does|do|is|are|was|were|can|could|has|have|had|will|would|should)\b", re.IGNORECASE)
_ASKING = frozenset(
    "What Which Who Whom Whose When Where Why How In On At By For From To Of The A An Is Are Was Were Did Does Do "
    "Can Could Has Have Had Will Would Should If During After Before According Name It This That These He She They "
    "There With As But And".split()
)


def names(text: str) -> list[str]:
    """Return runs of capitalized words, in order: names for the most part."""
    found = (match.group().removesuffix("'s").removesuffix("’s") for match in _NAME.finditer(text))
    return [name for name in map(_without_start, found) if len(name) > 2]


def _without_start(name: str) -> str:
    """Take away words that are capitalized because a sentence starts with them."""
    first, _, rest = name.partition(" ")
    while first in _ASKING:
        first, _, rest = rest.partition(" ")
    return f"{first} {rest}".strip()


def other_name(question: str, known: Sequence[str], random: Random) -> str | None:
    """Put another name of the same article in place of one of the question's; None where that cannot be done."""
    own = [name for name in names(question) if name in known]
    if not own:
        return None
    name = random.choice(own)
    others = [other for other in known if other not in question and name not in other and _alike(name, other)]
    return question.replace(name, random.choice(others)) if others else None


def _alike(name: str, other: str) -> bool:
    return abs(name.count(" ") - other.count(" ")) <= 1 and name.isupper() == other.isupper()


def other_number(question: str, known: Sequence[str], random: Random) -> str | None:
    """Put another number in place of one of the question's: one of the article's of the same length, or one near."""
    own = _NUMBER.findall(question)
    if not own:
        return None
    number = random.choice(own)
    others = [other for other in known if len(other) == len(number) and other not in own]
    if others and random.random() < 0.8:
        return question.replace(number, random.choice(others))
    digits = number.replace(",", "")
    if not digits.isdigit():
        return None
    return question.replace(number, str(max(0, int(digits) + random.choice((-20, -10, -3, -2, -1, 1, 2, 3, 10, 20)))))


def numbers(text: str) -> list[str]:
    """Return the numbers of a text as they are written."""
    return _NUMBER.findall(text)


@cache
def _opposites() -> dict[str, list[str]]:
    groups = [line.split() for line in Path(__file__).with_name("opposites.txt").read_text("utf-8").splitlines()]
    found: dict[str, list[str]] = {}
    for group in groups:
        for word in group:
            found.setdefault(word, []).extend(group[1:] if word == group[0] else group[:1])
    return found


def opposite(question: str, random: Random) -> str | None:
    """Put a word's opposite in its place; None where no word has one."""
    own = [match for match in _WORD.finditer(question) if match.group() in _opposites()]
    if not own:
        return None
    match = random.choice(own)
    return question[: match.start()] + random.choice(_opposites()[match.group()]) + question[match.end() :]


def negated(question: str, random: Random) -> str | None:
    """Put "not" or "never" behind the first auxiliary verb; a "not" that is there goes."""
    for said in (" not ", "n't "):
        if said in question:
            return question.replace(said, " ", 1)
    match = _AUXILIARY.search(question)
    if not match:
        return None
    if match.group().lower() in ("did", "does", "do") and random.random() < 0.5:
        return None  # "Who did not he urge" is no English: less often
    return f"{question[: match.end()]} {random.choice(('not', 'not', 'never'))}{question[match.end() :]}"


def perturbed(question: str, known_names: Sequence[str], known_numbers: Sequence[str], random: Random) -> str | None:
    """Change a question in one of the ways, in random order; None where it allows of none."""
    ways: list[Callable[[], str | None]] = [
        lambda: other_name(question, known_names, random),
        lambda: other_number(question, known_numbers, random),
        lambda: opposite(question, random),
        lambda: negated(question, random) if random.random() < 0.25 else None,
    ]
    random.shuffle(ways)
    found: Iterator[str | None] = (way() for way in ways)
    return next((changed for changed in found if changed and changed != question), None)
