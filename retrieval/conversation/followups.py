"""How far a question continues what was said before it, and its ranking then. Knows nothing of words or of documents.

The question is ranked alone and behind what was said, and the two rankings are fused. What was said counts the more,
the closer it is to the question, and the less clearly one passage answers the question alone: fitted on one half of
the conversations of mtrag-un-a against xquad-r-en behind unrelated questions.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from retrieval.embedding import Encoder, QuestionVectors
from retrieval.search import Ranked, merged

Rank = Callable[[str, QuestionVectors, int], list[Ranked]]  # question, its vectors, how many

# Log-odds that a question continues: cosine to what was said, log of the lead of its best passage, leaning on it.
CONTINUES = (22.0, -2.5, 3.4)
MOST = 0.35  # share of what was said before, in the fused score
LEAST = 0.2  # share below which the question is ranked alone
POINTING = 0.3  # the least share where its words point back
ELLIPSIS = 0.5  # the share where they say too little alone
LONGEST_QUESTION = 4000  # characters, and of a reading of it; the model reads about 1,000
FUSED = 100  # passages of each ranking
QUOTED = -1.0  # cosine and support of a sentence that is not to be chosen


def share(cosine: float, lead: float, leaning: float) -> float:
    """Return the share (0 to 1) that what was said before has in a question's ranking.

    cosine: the question's to what was said. lead: score of its best passage over the next. leaning: 0 to 1, as far as
    its words point back; at 1 nothing else matters.
    """
    if leaning >= 1:
        return ELLIPSIS
    odds = sum(w * x for w, x in zip(CONTINUES, (cosine, math.log1p(lead), leaning), strict=True))
    return max(MOST / (1 + math.exp(-odds)), POINTING if leaning else 0)


def ranked_after(
    question: str, said: str, leaning: float, encoder: Encoder, rank: Rank, k: int
) -> tuple[bool, list[Ranked]]:
    """Return whether a question continues what was said before it, and its best `k` passages. leaning: see `share`."""
    depth = max(k, FUSED)
    own = encoder.question(question)
    alone = rank(question, own, depth)
    cosine = float(encoder.encode_questions([said])[0] @ own.vector)
    lead = alone[0].score - alone[1].score if len(alone) > 1 else 0.0
    part = share(cosine, lead, leaning)
    if part < LEAST:
        return False, alone[:k]
    together = f"{said} {question}"[-LONGEST_QUESTION:]
    behind = rank(together, encoder.question(together), depth)
    if leaning:  # signals are those of the first that holds a passage
        return True, merged([behind, alone], [part, 1 - part])[:k]
    return True, merged([alone, behind], [1 - part, part])[:k]


def unquoted(ranked: Sequence[Ranked], quoted: Sequence[str]) -> list[Ranked]:
    """Return ranked passages so that no sentence of these quotes is chosen again; those with others left go first."""
    items = [(item, _seen(item, quoted)) for item in ranked]
    masked = [
        replace(item, sentences=np.where(np.array(seen)[:, None], QUOTED, item.sentences).astype(np.float32))
        for item, seen in items
        if not all(seen)
    ]
    return masked


def _seen(item: Ranked, quoted: Sequence[str]) -> list[bool]:
    """Tell of each sentence of a passage whether a quote holds it."""
    passage = item.candidate.passage
    texts = (passage.text[a - passage.start : b - passage.start] for a, b in passage.sentences)
    return [any(text in quote for quote in quoted) for text in texts]
