"""What happened when: a document's sentences that name a date, in the order of the dates."""

import re
from collections.abc import Sequence

from retrieval.answering.quotes import Quote
from retrieval.records import Passage
from retrieval.text import Date, find_dates, with_years

MOST = 20  # quotes
_BEGINS = 12  # characters into a paragraph, up to which a date begins it
_MAIL_HEAD = re.compile(r"(?:Date|Sent): |On [^\n]{5,300}:\s*$", re.MULTILINE)


def timeline(
    documents: Sequence[tuple[Sequence[Passage], int]], within: Sequence[Date] = (), most: int = MOST
) -> list[Quote]:
    """Return one quote for each sentence of some documents that names a date, earliest first.

    documents: passages and year of each, as in `_dated`, and within.
    """
    events = [event for passages, year in documents for event in _dated(passages, within, year)]
    return [quote for _, quote in sorted(events, key=lambda event: event[0])[:most]]


def _dated(
    passages: Sequence[Passage], within: Sequence[Date] = (), year: int = 0
) -> list[tuple[tuple[int, int, int], Quote]]:
    """Return (year, month, day) and a quote for each sentence that names a date, in the order of the text.

    within: only sentences with a date inside one of these (a year holds its months, a month its days). year: the one
    that dates without a year belong to; the latest that the text names where it is 0, as in news.
    """
    year = year or max((date.year for passage in passages for date in find_dates(passage.text)), default=0)
    found: list[tuple[tuple[int, int, int], Quote]] = []
    for passage in passages:
        dates = with_years(find_dates(passage.text), year)
        is_begun = dates and dates[0].span[0] < passage.sentences[0][0] - passage.start + _BEGINS  # "Sat 16 May: …"
        for number, (start, end) in enumerate(passage.sentences):
            own = [date for date in dates if start - passage.start <= date.span[0] < end - passage.start]
            wanted = [date for date in own if not within or any(holds(outer, date) for outer in within)]
            if wanted and not _MAIL_HEAD.match(passage.text, start - passage.start):
                found.append((min(date.order for date in wanted), Quote(passage, number, number, 0.0)))
            elif not own and found and found[-1][1] == Quote(passage, 0, number - 1, 0.0) and is_begun:
                found[-1] = found[-1][0], Quote(passage, 0, number, 0.0)
    return found


def holds(outer: Date, inner: Date) -> bool:
    """Tell whether one date is inside another, as 22 June 2017 is in June 2017."""
    pairs = zip(outer.order, inner.order, strict=True)
    return all(wide in (0, narrow) for wide, narrow in pairs)
