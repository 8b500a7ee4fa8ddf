"""What a reader says of a passage, and what a reader is. Knows nothing about models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

OUR_READER = "pincite-reader"  # the name of the shipped one
Span = tuple[int, int]  # characters into the passage's text: text[start:end]
Readable = tuple[str, Sequence[Span]]  # a passage: its text and the spans of its sentences in it, ascending


@dataclass(frozen=True, slots=True)
class PassageReading:
    """What one passage says to a question. All scores: higher is surer, 0 is undecided.

    answerable: log-odds that the passage answers the question.
    span: the exact words that answer best, inside one sentence. span_score: their logit minus that of no answer.
    sentences: for each sentence, in order, the log-odds that it answers.
    """

    answerable: float
    span: Span
    span_score: float
    sentences: tuple[float, ...]

    @property
    def best_sentence(self) -> int:
        """The number of the sentence that answers best; -1 where there are none."""
        return max(range(len(self.sentences)), key=self.sentences.__getitem__, default=-1)


class Reader(Protocol):
    """Reads a question together with passages. languages (may be missing): as in `Encoder`.

    >>> text = "The mill was built in 1820. It burnt down in 1901."
    >>> reader.read("When was the mill built?", [(text, [(0, 27), (28, 50)])])
    [PassageReading(answerable=4.1, span=(22, 26), span_score=9.3, sentences=(3.8, -4.0))]
    """

    name: str

    def read(self, question: str, passages: Sequence[Readable]) -> list[PassageReading]:
        """Return one reading for each passage, in the order given; ModelError where the model cannot be loaded."""
