"""List and clause numbers as word processors print them: "8.3", "§ 12", "(a)", "iv."."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

DEEPEST = 9
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_PLAIN = re.compile(r"\d+(?:\.\d+)*")
_NAMED = re.compile(r"§|[^\W\d_]{2,}")


def letters(number: int) -> str:
    """Return a, b, … z, aa, bb, … as word processors count."""
    return chr(ord("a") + (number - 1) % 26) * (1 + (number - 1) // 26) if 0 < number < 1000 else str(number)


def roman(number: int) -> str:
    """Return a number in small roman figures."""
    if not 0 < number < 4000:
        return str(number)
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


_FORMATS: Mapping[str, Callable[[int], str]] = {
    "lowerLetter": letters,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "a": letters,
    "A": lambda number: letters(number).upper(),
    "i": roman,
    "I": lambda number: roman(number).upper(),
}
UNPRINTED = frozenset(("bullet", "none", ""))


def shown(number: int, form: str) -> str:
    """Return a number in one of the formats of Word and OpenDocument; those of other scripts as figures."""
    return _FORMATS.get(form, str)(number)


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is numbered. pattern: "%1.%2" with the number of each level for its sign."""

    form: str = "decimal"
    pattern: str = "%1."
    start: int = 1
    is_legal: bool = False  # all levels in figures
    restarts: bool = True


@dataclass(slots=True)
class Counter:
    """Counts the items of one list, by level from 0."""

    counts: dict[int, int] = field(default_factory=dict)

    def next(self, levels: Sequence[Level], depth: int, start: int | None = None) -> str:
        """Count an item and return its number as printed; "" for a bullet. start: where this item counts from."""
        depth = max(0, min(depth, DEEPEST - 1))
        own = _level(levels, depth)
        self.counts[depth] = start if start is not None else self.counts.get(depth, own.start - 1) + 1
        for deeper in [each for each in self.counts if each > depth]:
            if _level(levels, deeper).restarts:
                del self.counts[deeper]
        if own.form in UNPRINTED:
            return ""
        text = own.pattern
        for number in range(DEEPEST, 0, -1):
            if f"%{number}" in text:
                level = _level(levels, number - 1)
                count = self.counts.get(number - 1, level.start)
                form = "decimal" if own.is_legal else level.form
                text = text.replace(f"%{number}", "" if form in UNPRINTED else shown(count, form))
        return " ".join(text.split())


def _level(levels: Sequence[Level], depth: int) -> Level:
    return levels[depth] if depth < len(levels) else Level()


def clause(number: str) -> str:
    """Return how a person names the place of a numbered paragraph: "clause 8.3", "§ 12", "Article 4"."""
    bare = number.strip(" .:)(")
    if _PLAIN.fullmatch(bare):
        return f"clause {bare}"
    return number.strip(" .:") if _NAMED.match(bare) else f"item {number.strip(' .:')}" if bare else ""
