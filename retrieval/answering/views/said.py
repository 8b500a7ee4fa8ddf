"""Whose words a question asks for, and which quotes are theirs."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from retrieval.answering.attribution import attribute
from retrieval.answering.missing import alike
from retrieval.answering.quotes import Quote, each_sentence
from retrieval.records import Passage
from retrieval.text import STOP_WORDS, stems

_SAYING = (
    "say|said|think|believe|argue|claim|state|tell|told|answer|reply|promise|warn|announce|explain|suggest|add|report|"
    "predict|recommend|propose|demand|ask|urge|want|complain|object|note|stress|confirm|deny|admit|write|mention|conclude"
)
_ASKED = re.compile(
    rf"(?:and |but |so )?what (?:exactly )?(?:did|does|do|has|had) (?P<who>.{{2,60}}?) (?:{_SAYING})\b", re.IGNORECASE
)
_SEVERAL = re.compile(r",? and |, ")
_AROUND = 60  # characters before a name in which a text tells what somebody is
_BESIDE = re.compile(r", [^.,;:“]{1,60}")


class _Speaker(NamedTuple):
    """Who is asked about: stems of a name or of what somebody is, and whether others are asked about too."""

    words: set[str]
    is_one_of_several: bool


def asked_speaker(question: str) -> str:
    """Return who is asked about: "What did Ann Lee say about bees?"; "" where nobody's words are asked for."""
    found = _ASKED.match(question.strip())
    return found["who"] if found else ""


def by_speaker(who: str, quotes: Sequence[Quote], found: Sequence[Quote], passages: Iterable[Passage]) -> list[Quote]:
    """Return the quotes that are somebody's words; where none is, the first that was found, or of passages, that is.

    The quotes as they are where no sentence is known to be theirs.
    """
    passages = list(passages)
    parts = _SEVERAL.split(who)
    asked = [_Speaker(stems(each) - STOP_WORDS, len(parts) > 1) for each in parts]
    theirs = (_theirs(each, quotes, found, passages) for each in asked)
    return list(dict.fromkeys(chain.from_iterable(theirs))) or list(quotes)


def _theirs(
    asked: _Speaker, quotes: Sequence[Quote], found: Sequence[Quote], passages: Sequence[Passage]
) -> list[Quote]:
    """Return the quotes that are one person's words, or the first sentences found that are."""
    own = [quote for quote in quotes if any(_is_by(asked, part) for part in _parts(quote))]
    if own or not asked.words:
        return own
    first = next((quote for quote in chain(found, each_sentence(passages)) if _is_by(asked, quote)), None)
    return [_whole(asked, first)] if first else []


def _parts(quote: Quote) -> list[Quote]:
    """Return the sentences of a quote."""
    return [replace(quote, first=number, last=number) for number in range(quote.first, quote.last + 1)]


def _whole(asked: _Speaker, quote: Quote) -> Quote:
    """Return a sentence with those around it that are the same person's."""
    every = list(each_sentence([quote.passage]))
    first, last = quote.first, quote.last
    while first > 0 and _is_by(asked, every[first - 1]):
        first -= 1
    while last + 1 < len(every) and _is_by(asked, every[last + 1]):
        last += 1
    return replace(quote, first=first, last=last)


def _is_by(asked: _Speaker, quote: Quote) -> bool:
    """Tell whether a quote's speaker has a name that is asked for, or is told beside it to be what is asked for."""
    said = attribute(quote.passage, quote.span)
    if said.speaker_span is None:
        return False
    name = stems(said.speaker)
    start, end = (place - quote.passage.start for place in said.speaker_span)
    before = re.split(r"[.!?;:”] ", quote.passage.text[max(0, start - _AROUND) : start])[-1]
    beside = _BESIDE.match(quote.passage.text, end)
    around = stems(f"{before} {beside[0] if beside else ''}")
    named = [word for word in asked.words if any(alike(word, other) for other in name)]
    loosely = asked.is_one_of_several or len(asked.words) > 1  # "Kazakhstan" alone is not every Kazakh who speaks
    beside_it = loosely and all(any(alike(word, other) for other in around) for word in asked.words)
    return bool(named) or asked.words <= around or beside_it
