"""How sure an answer is: the probability that its quotes answer the question.

Logistic regression on how well the best quote and the best passage match, and on what speaks against them: a name or
a number of the question that the quote lacks, a negation, the opposite of a word ("largest" asked, "smallest" there).
Questions that only look as if they were answered are told apart by the latter: AUROC 0.60 without, 0.70 with.
`confidence.json` holds the weights, what they were fitted on, and what they gave on articles that they were not.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from retrieval.answering.evidence import against, cannot_answer, is_no_cell_of, is_of_another_row
from retrieval.answering.quotes import Quote
from retrieval.answering.reading import NO_READER, NOTHING_READ, SUREST, UNREAD, Readings
from retrieval.search import ENGLISH, Ranked
from retrieval.text import stems

ANY = "any"  # encoder that was not fitted
CONFIDENCE = Path(__file__).with_name("confidence.json")
ENOUGH = {"cosine": 0.45, "maxsim": 0.6}  # up to here they tell what is off the topic, from here on less
UNLIKELY = 0.2  # the confidence in a row that says something else of what is asked about, at the most
HARDLY = 0.02  # the confidence in quotes that cannot answer, at the most


@cache
def fitted(reader: str = NO_READER, encoder: str = "") -> Mapping[str, Any]:
    """Return what `python -m eval fit` wrote for a reader and an encoder's name: bias, weights, typical values.

    Cosines of another encoder mean something else: with one that was not fitted, what counts is the reader alone. The
    scores of a reader that was not fitted mean nothing here: then it is that without one.
    """
    found: Mapping[str, Any] = json.loads(CONFIDENCE.read_text("utf-8"))
    own: Mapping[str, Any] = found["encoders"].get(encoder, found["encoders"][ANY]) if encoder else found
    made: Mapping[str, Any] = own["readers"].get(reader) or (own if "weights" in own else found)
    return made


def confidence(
    question: str,
    ranked: Sequence[Ranked],
    quotes: Sequence[Quote],
    readings: Readings = NOTHING_READ,
    encoder: str = "",
) -> float:
    """Return the probability (0 to 1) that the quotes answer the question; 0 where there are none.

    It holds where questions are as mixed as those that it was fitted on; see confidence.json. encoder: its name.
    """
    if not quotes:
        return 0.0
    made, found = fitted(readings.reader, encoder), signals(question, ranked, quotes[0], readings)
    odds = made["bias"] + sum(weight * found[name] for name, weight in made["weights"].items())
    chance = (1 + math.tanh(odds / 2)) / 2  # which does not overflow
    if quotes[0].passage.language not in ("", ENGLISH):  # what cannot answer is told by English words
        return chance
    matched = any(item.signals.get("bm25") for item in ranked)
    cannot = cannot_answer(question, quotes, matched) or is_of_another_row(question, quotes[0], ranked)
    most = HARDLY if cannot else UNLIKELY if is_no_cell_of(question, quotes) else 1.0
    return min(chance, most)


def signals(
    question: str, ranked: Sequence[Ranked], quote: Quote, readings: Readings = NOTHING_READ
) -> dict[str, float]:
    """Return what the confidence depends on, by name. quote: the best one, from one of the ranked passages."""
    item = next(item for item in ranked if item.candidate.passage == quote.passage)
    own = slice(quote.first, quote.last + 1)
    close = {
        "cosine": float(item.sentences.cosine[own].max()),
        "weakest": float(item.sentences.weakest[own].max()),
        "maxsim": ranked[0].signals.get("maxsim", 0.0),
    }
    if not close["maxsim"]:  # an encoder without token vectors
        close |= {name: fitted()["typical"][name] for name in ("maxsim", "weakest")}
    capped = {f"{name}, capped": min(close[name], most) for name, most in ENOUGH.items()}
    around = stems(f"{quote.passage.heading}\n{quote.passage.text}")
    return close | capped | against(question, quote, around) | _read(quote, readings)


def _read(quote: Quote, readings: Readings) -> dict[str, float]:
    """Return what the reader says of a quote, and of the best passages; nothing without a reader."""
    if not readings.found:
        return {}
    own = readings.of(quote.passage)
    numbers = range(quote.first, quote.last + 1)
    return {
        "answerable": own.answerable if own else UNREAD,
        "span": min(own.span_score, SUREST) if own else UNREAD,
        "sentence": max(own.sentences[number] for number in numbers) if own else UNREAD,
    }
