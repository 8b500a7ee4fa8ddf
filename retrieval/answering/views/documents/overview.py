"""What a document is about: three to six sentences of its own that cover it, in its order.

Maximal marginal relevance (Carbonell and Goldstein, 1998) to the mean of the document's sentence vectors, as in
centroid summaries (Radev et al., 2004), with what a reader of such texts knows besides: the first sentences say most,
and each section has something of its own. A long document is therefore covered section by section.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from retrieval.answering.quotes import Quote
from retrieval.embedding import Floats, unit
from retrieval.records import Passage

FEWEST, MOST = 3, 6  # sentences
NOVELTY = 0.5  # weight of the cosine to what is chosen already, against that to the document's mean
FIRST_OF_SECTION = 0.08  # cosine that opening a section is worth
FIRST_OF_DOCUMENT = 0.12
ALIKE = 0.9  # cosine from which two sentences say the same
REPEATED, FORMULA = 3, 0.3  # sentences that say the same, themselves among them, above which it is a formula; its cost
COMPARED = 4000  # sentences at the most, evenly spread: a book has 10,000
SAME_SECTION = 0.25  # taken off for each sentence of the section that is chosen already
WORDS = (5, 60)  # of a sentence that can stand alone
_LETTERS = 12  # at the least, where words are not parted by blanks
# What begins so leans on the sentence before it.
_LEANING = re.compile(
    r"(?:this|that|these|those|it|its|he|she|his|her|they|their|such|both|but|however|therefore|thus|also|moreover|"
    r"furthermore|second(?:ly)?|third(?:ly)?|finally|the (?:former|latter|first|second|third|other))\b",
    re.IGNORECASE,
)
_ROSTER = re.compile(
    r"(?:present|in attendance|attendees|attending|participants?|apologies|excused|absent)\b[^:]*:", re.IGNORECASE
)
_WHOLE = re.compile(r"[.!?…。！？。॥।؟][\"'”’»」)\]]*(?:\[[^\]]{1,20}\])*$")
_CONCLUDING = re.compile(r"conclu|summary|discussion|outlook|recommendation|final|fazit|schluss|bilan", re.IGNORECASE)
_LAST = 0.25  # share of a document that concludes it where no heading says so


class _Sentence(NamedTuple):
    passage: Passage
    number: int
    section: str
    opens: bool  # its section
    vector: Floats

    @property
    def text(self) -> str:
        start, end = self.passage.sentences[self.number]
        return self.passage.text[start - self.passage.start : end - self.passage.start]


def overview(passages: Sequence[Passage], vectors: Sequence[Floats], most: int = MOST) -> list[Quote]:
    """Return the sentences that cover a document best, in its order; none where it has none.

    passages: all of the document's, in order. vectors: (s, dim) unit rows of the sentences of each. most: sentences at
    the most; fewer where the document has few sections, so that a letter is not told twice.
    """
    sentences = _standing_alone(list(_sentences(passages, vectors)))
    sentences = sentences[:: -(-len(sentences) // COMPARED) or 1]
    if not sentences:
        return []
    sections = len({sentence.section for sentence in sentences})
    return _chosen(sentences, min(most, max(FEWEST, sections, 2 * len(passages) // 3)))


def conclusion(passages: Sequence[Passage], vectors: Sequence[Floats], most: int = FEWEST) -> list[Quote]:
    """Return what a document says where it concludes: under such a heading, or else at its end."""
    own = [(p, v) for p, v in zip(passages, vectors, strict=True) if _CONCLUDING.search(p.heading)]
    if not own:
        first = len(passages) - max(1, round(len(passages) * _LAST))
        own = list(zip(passages, vectors, strict=True))[first:]
    sentences = _standing_alone([s for p, v in own for s in _sentences([p], [v])])
    return _chosen(sentences, most) if sentences else []


def _sentences(passages: Sequence[Passage], vectors: Sequence[Floats]) -> Iterator[_Sentence]:
    seen: set[str] = set()
    for passage, rows in zip(passages, vectors, strict=True):
        section = passage.heading.partition(" › ")[0]
        for number, row in enumerate(rows[: len(passage.sentences)]):
            yield _Sentence(passage, number, section, section not in seen and number == 0, row)
        seen.add(section)


def _standing_alone(sentences: Sequence[_Sentence]) -> list[_Sentence]:
    """Leave out fragments, sentences that lean on what precedes them, and repetitions; all lines if nothing is left."""
    told: dict[str, _Sentence] = {}
    for sentence in sentences:
        told.setdefault(" ".join(sentence.text.casefold().split()), sentence)
    whole = [sentence for sentence in told.values() if _stands(sentence.text)]
    return whole if len(whole) >= FEWEST else list(told.values())


def _stands(text: str) -> bool:
    words = len(text.split())
    enough = WORDS[0] <= words <= WORDS[1] or (words < WORDS[0] and not text.isascii() and len(text) >= _LETTERS)
    return enough and bool(_WHOLE.search(text)) and not _LEANING.match(text) and not _ROSTER.match(text)


def _chosen(sentences: Sequence[_Sentence], count: int) -> list[Quote]:
    """Choose by maximal marginal relevance; return quotes in the document's order, neighbours apart."""
    vectors = np.array([sentence.vector for sentence in sentences], np.float32)
    relevance = vectors @ unit(vectors.mean(axis=0))
    relevance += FIRST_OF_SECTION * np.array([sentence.opens for sentence in sentences], np.float32)
    relevance[0] += FIRST_OF_DOCUMENT
    relevance -= FORMULA * ((vectors @ vectors.T > ALIKE).sum(axis=1) > REPEATED)
    sections = np.array([sentence.section for sentence in sentences])
    near, used = np.zeros(len(sentences), np.float32), np.zeros(len(sentences), np.float32)
    chosen: list[int] = []
    while len(chosen) < min(count, len(sentences)):
        scores = relevance - NOVELTY * near - SAME_SECTION * used
        scores[chosen] = -np.inf
        best = int(scores.argmax())
        chosen.append(best)
        near = np.maximum(near, vectors @ vectors[best])
        used += sections == sections[best]
    return [
        Quote(sentences[i].passage, sentences[i].number, sentences[i].number, float(relevance[i]))
        for i in sorted(chosen)
    ]
