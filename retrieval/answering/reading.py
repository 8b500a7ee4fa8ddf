"""What the reader says of the passages that search found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from retrieval.reader import PassageReading, Reader
from retrieval.records import Passage

READ = 3  # passages
NO_READER = "none"
SUREST = 10.0  # span score from which more tells nothing
UNREAD = -8.0  # log-odds of what was not read


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of some passages, by document and start. reader: its name, NO_READER where there is none."""

    reader: str = NO_READER
    found: Mapping[tuple[str, int], PassageReading] = field(default_factory=dict)

    def of(self, passage: Passage) -> PassageReading | None:
        """Return what was read in a passage, or None."""
        return self.found.get((passage.doc_id, passage.start))

    def and_of(self, other: "Readings") -> "Readings":
        """Return these readings and those of other passages."""
        return Readings(self.reader, {**self.found, **other.found})

    def sentence(self, passage: Passage, number: int) -> float:
        """Return how well a sentence answers: higher is better, comparable within one question."""
        reading = self.of(passage)
        if reading is None or number >= len(reading.sentences):
            return UNREAD
        return reading.sentences[number] + 0.5 * reading.answerable + 0.25 * min(reading.span_score, SUREST)


NOTHING_READ = Readings()


def read(reader: Reader | None, question: str, passages: Iterable[Passage]) -> Readings:
    """Read the first READ of some passages; nothing without a reader."""
    passages = list(dict.fromkeys(passages))[:READ]
    if reader is None or not passages:
        return NOTHING_READ
    given = [(each.text, [(a - each.start, b - each.start) for a, b in each.sentences]) for each in passages]
    found = zip(passages, reader.read(question, given), strict=True)
    return Readings(reader.name, {(passage.doc_id, passage.start): reading for passage, reading in found})
