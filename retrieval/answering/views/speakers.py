"""Who speaks in a document, and where it was reported, as far as the text itself says so."""

from collections.abc import Iterator, Sequence

from retrieval.answering.attribution import Attribution, attribute
from retrieval.answering.quotes import Quote
from retrieval.records import Passage

MOST = 20  # quotes


def speakers(passages: Sequence[Passage], most: int = MOST) -> list[Quote]:
    """Return for each speaker the first sentence that is said to be theirs, in the document's order."""
    return _first_of_each(((said.speaker, quote) for said, quote in _attributed(passages)), most)


def outlets(passages: Sequence[Passage], most: int = MOST) -> list[Quote]:
    """Return for each source that is named (a newspaper, an agency) the first sentence that it stands behind."""
    named = ((said.reported_in.partition(",")[0], quote) for said, quote in _attributed(passages))
    return _first_of_each(named, most)


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
