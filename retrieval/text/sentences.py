"""Where sentences end: nupunkt (Bommarito et al., 2025) with fewer abbreviations, and what belongs to a sentence."""

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from retrieval.records import Span

# nupunkt's abbreviations come from scanned law reports and include words that end sentences: of those, the ones of
# five letters or more in the vocabulary of BERT, and common ones of four (boundary F1 on xquad-r-en 0.990 to 0.991).
_NOT_ABBREVIATIONS = frozenset(
    """
    accent acres alike aloud anarchy andes antioch applause arcade arrows ashore backs bank biting black bleak
    bold bombardment bombed book broad cancer carpenter century chaos chase cheerful chest civilization cliff
    climb closes coal code cold cooler crafts cranes crazy decks depot deserved divide drunk enter enters extant
    faded fairs fish flag flourish found free galaxies galleries gracefully grenada hacked hand hard highs
    hokkaido holidays horse human hunts idaho invaders iowa joke knees lack laughter lazy lead leaps life lock
    luck mankind martini metro monaco month nonsense oceania oils onwards parade park penny pick poland reporter
    reports rest resurrection revisited rich rites roll rounds ruin ruined saigon sand scandal scattering series
    shade shrubs shrug sick sinks sleep south splash spruce stake stars stock story super swallowed tables tale
    talent tasks taxis thanks thinner threads tonga toulon tread trench untouched utah vain victories vodka walk
    wall wave weave week west wheat wheel whites wings woods wool works wrath yard
    """.split()
)
# Of Chinese and Japanese, Hindi and its like, Arabic and Urdu, with what closes behind them; nupunkt knows none.
# On the gold breaks of xquad-r-zh F1 is .945 with them and 0 without.
# A colon at the end of a line, as in "On Monday Ann wrote:", ends one where the next line begins like a sentence.
_ENDS = re.compile('([。！？｡।॥؟۔]+[”’」』）》〉】"\')\\]»]*|:(?=[ \\t]*\\n\\s*["“‘(]?[A-ZÀ-ÖØ-Þ]))\\s*')
# "Present: …" and, on the next line, "Apologies: …": what begins with a name and a colon stands alone.
_LABEL = r"[*_]{0,3}[A-ZÀ-ÖØ-Þ][^\W\d_]*(?: [^\W\d_]+){0,3}:[*_]{0,3}[ \t]+(?=\S)"
_LABELLED = re.compile(rf"\s*{_LABEL}")
_NEXT_LABEL = re.compile(rf"[ \t]*\n\s*(?={_LABEL})")
_WINDOW = 10_000  # characters that are split at once
_GAP = re.compile(r"\s{40,}")  # no sentence goes on behind; nupunkt takes seconds for 10,000 line ends
# "(RIA Novosti, June 6)." after a closing quote, "[citation needed]" and ":212" belong to the sentence before them.
_ATTACHED = re.compile(r"[\[(][^\[\]()]{1,80}[\])][.\d:–-]*|:[\d:,–-]+")
_MARK = re.compile(r"(?:\[(?:\d+|citation needed)\])+(?::\d+)?(?=\s|$)")  # "…tall.[4] It": belongs to what it follows

# "8. Repairs. …", "…within a day. 11. Termination.": the number of a clause or an item belongs to what it begins; that
# of "on Jan. 5." and "Fig. 12." does not.
_SHORTENED = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|ept|Oct|Nov|Dec|Fig|fig|Sec|sec|Vol|vol|Art|art|Nos|nos|rof|hap|Abs|Abb"
_NUMBER = re.compile(
    rf"(?:^|(?:[^\W\d_]{{3}}(?<!{_SHORTENED})|[\d)\]”’\"'])[.!?:;][”’\"')\]]?\s)(?P<number>(?:\d{{1,3}}\.)+(?:\d{{1,3}})?)$"
)
_BEGINNING = re.compile(r"[“‘\"'(\[]?[^\W\d_]")


@cache
def _splitter() -> Any:
    """Load nupunkt without the abbreviations that are ordinary words."""
    import nupunkt

    splitter = copy.deepcopy(nupunkt.load_default_model())
    for word in _NOT_ABBREVIATIONS:
        splitter.remove_abbreviation(word)
    return splitter


def _split(text: str) -> Iterator[Span]:
    """Yield nupunkt's spans of what stands between wide gaps."""
    begin = 0
    for gap in _GAP.finditer(text):
        yield from _within(text, begin, gap.start())
        begin = gap.end()
    yield from _within(text, begin, len(text))


def _within(text: str, begin: int, stop: int) -> Iterator[Span]:
    """Yield nupunkt's spans, found in windows: its time grows with the square of a run of marks (200 KB of "?!": 25 s).

    Of each window all but the last span are final; the next window begins with that one.
    """
    while begin < stop:
        window = text[begin : min(begin + _WINDOW, stop)]
        found = _splitter().spans(window)
        is_last = begin + len(window) == stop
        if not found:  # white space
            begin += len(window)
            continue
        final = found if is_last or len(found) == 1 else found[:-1]
        yield from ((begin + start, begin + end) for start, end in final)
        begin += len(window) if is_last or len(found) == 1 else found[-1][0]


def _parts(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut a span behind the marks of other scripts, which only end sentences; one without any stays as it is."""
    begin = start
    for mark in _ENDS.finditer(text, start, end):
        yield from _labelled(text, begin, mark.end(1))
        begin = mark.end()
    if begin < end:
        yield from _labelled(text, begin, end)


def _labelled(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut a span that begins with a name and a colon before each line of it that does."""
    if _LABELLED.match(text, start, end):
        for line in _NEXT_LABEL.finditer(text, start, end):
            yield start, line.start()
            start = line.end()
    yield start, end


def sentence_spans(text: str) -> list[Span]:
    """Return tight, ascending (start, end) spans of the sentences of a text; all but white space is covered."""
    spans: list[Span] = []
    for start, end in (part for span in _split(text) for part in _parts(text, *span)):
        mark = _MARK.match(text, start, end) if spans and spans[-1][1] == start else None
        if mark:
            spans[-1] = (spans[-1][0], mark.end())
            start = mark.end() + len(text[mark.end() : end]) - len(text[mark.end() : end].lstrip())
        if spans and (start == end or _ATTACHED.fullmatch(text, start, end)):
            spans[-1] = (spans[-1][0], end)
            continue
        if spans and _BEGINNING.match(text, start, end):
            number = _NUMBER.search(text[spans[-1][0] : spans[-1][1]])
            if number:
                before = spans.pop()
                start = before[0] + number.start("number")
                spans += [(before[0], start - 1)] if number.start("number") else []
        spans.append((start, end))
    return spans
