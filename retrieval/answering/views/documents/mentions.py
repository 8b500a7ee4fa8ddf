"""Who and what a document names: speakers, outlets, countries, decisions, and what an abbreviation stands for."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from babel import Locale

from retrieval.answering.attribution import Attribution, attribute
from retrieval.answering.quotes import Quote, each_sentence
from retrieval.records import Passage

MOST = 20  # quotes
_MORE_COUNTRIES = "US,U.S.,USA,UK,U.K.,Turkey,Czech Republic,Burma,Ivory Coast,Bosnia,Congo".split(",")
_STANDS_FOR = re.compile(
    r"\b(?:stands? for|(?:short|abbreviation|acronym) (?:for|of)|full (?:form|name) of|what does .+ mean)\b",
    re.IGNORECASE,
)
_ALONE = re.compile(r"\W*(?:[Ww]hat(?:['’]?s| is| are) (?:the |an? )?)?([A-Z]{2,6}s?)\W*$")  # "What is the CIS?"
_DECIDING = re.compile(
    r"\b(?:decided|resolved|agreed|approved|adopted|carried|rejected|accepted|elected|appointed|chose|chosen|passed|voted|"
    r"unanimous(?:ly)?|is to be|are to be)\b|^\W*(?:decisions?|resolutions?)\W*:",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\b[A-Z][A-Za-z]*[A-Z][A-Za-z]*\b")


def speakers(passages: Sequence[Passage], most: int = MOST) -> list[Quote]:
    """Return for each speaker the first sentence that is said to be theirs, in the document's order."""
    return _first_of_each(((said.speaker, quote) for said, quote in _attributed(passages)), most)


def outlets(passages: Sequence[Passage], most: int = MOST) -> list[Quote]:
    """Return for each source that is named (a newspaper, an agency) the first sentence that it stands behind."""
    named = ((said.reported_in.partition(",")[0], quote) for said, quote in _attributed(passages))
    return _first_of_each(named, most)


def decisions(passages: Sequence[Passage], most: int = MOST) -> list[Quote]:
    """Return the sentences that tell what was decided."""
    return [quote for quote in each_sentence(passages) if _DECIDING.search(quote.text)][:most]


def countries(passages: Sequence[Passage], most: int = MOST) -> list[Quote]:
    """Return each sentence that names a country which none before it named."""
    known: set[str] = set()
    kept = []
    for quote in each_sentence(passages):
        named = set(_countries().findall(quote.text))
        if named - known:
            known |= named
            kept.append(quote)
    return kept[:most]


@cache
def _countries() -> re.Pattern[str]:
    territories = Locale("en").territories
    names = [name for code, name in territories.items() if len(code) == 2 and code.isalpha()]
    names = [re.sub(r" \(.*| SAR.*", "", name) for name in names] + _MORE_COUNTRIES
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?!\w)")


def abbreviation(question: str) -> str:
    """Return the abbreviation whose meaning a question asks for, "" for any other question.

    >>> abbreviation("What does CIS stand for?")
    'CIS'
    """
    found = _SHORT.search(question) if _STANDS_FOR.search(question) else _ALONE.match(question)
    return found[found.lastindex or 0] if found else ""


def defining(short: str, passages: Sequence[Passage]) -> list[Quote]:
    """Return the first sentence that writes an abbreviation out, before or inside brackets; none where none does."""
    name = re.escape(short)
    written = re.compile(
        rf"(?P<before>(?:[\w’'.-]+ ){{1,9}}[\w’'.-]+)\s*\(“?{name}s?”?\)|\b{name}\s*\((?P<inside>[^()]{{4,90}})\)|"
        rf"\b{name}\b,? (?:\(?short for|stands for|which stands for|means|is (?:the abbreviation|short) (?:of|for))",
    )
    for quote in each_sentence(passages):
        for found in written.finditer(quote.text):
            words = found["before"] or found["inside"] or ""
            if not words or _spells(short, words):
                return [quote]
    return []


def _spells(short: str, words: str) -> bool:
    """Tell whether the letters of an abbreviation stand in this order at the beginnings of words."""
    initials = iter("".join(word[0] for word in re.findall(r"[^\W\d_]+", words)).lower())
    return all(letter in initials for letter in short.lower().rstrip("s"))


def _attributed(passages: Sequence[Passage]) -> Iterator[tuple[Attribution, Quote]]:
    for passage in passages:
        for number, span in enumerate(passage.sentences):
            yield attribute(passage, span), Quote(passage, number, number, 0.0)


def _first_of_each(named: Iterator[tuple[str, Quote]], most: int) -> list[Quote]:
    """Keep the first quote of each name; a surname alone is the person whose full name came before."""
    kept: dict[str, Quote] = {}
    for name, quote in named:
        known = any(name == other or other.endswith(f" {name}") or name.endswith(f" {other}") for other in kept)
        if name and not known:
            kept[name] = quote
    return list(kept.values())[:most]
