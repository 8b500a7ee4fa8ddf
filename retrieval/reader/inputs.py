"""Turns a question and a passage into [CLS] question [SEP] passage [SEP]. Training and reading share it.

Knows nothing of models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.parallel import folding
from retrieval.text import has_forms

MAX_TOKENS = 320  # of question and passage together; passages of the default library have up to 254
MAX_QUESTION = 64  # tokens of the question that are read

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text's tokens, without special ones. offsets: characters into the text."""

    ids: list[int]
    offsets: list[Span]


@dataclass(frozen=True, slots=True)
class Pair:
    """One question with one passage, a value for each token.

    kinds: 0 for the question, 1 for the passage. first: the first token of the passage.
    sentences: the number of the token's sentence; -1 outside the passage and between sentences.
    offsets: characters into the passage; (0, 0) outside.
    """

    ids: list[int]
    kinds: list[int]
    sentences: list[int]
    offsets: list[Span]
    first: int


def tokenized(tokenizer: Any, texts: Sequence[str]) -> list[Tokens]:
    """Tokenize texts with a `tokenizers.Tokenizer` that neither pads nor truncates."""
    found = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    for index, text in enumerate(texts):
        if has_forms(text):
            found[index] = folding(tokenizer).encode(text, add_special_tokens=False)
    return [Tokens(encoding.ids, encoding.offsets) for encoding in found]


def paired(question: Tokens, passage: Tokens, sentences: Sequence[Span], marks: tuple[int, int]) -> Pair:
    """Join a question and a passage. marks: the ids of [CLS] and [SEP]. What exceeds MAX_TOKENS is left out."""
    begin, end = marks
    asked = question.ids[:MAX_QUESTION]
    room = MAX_TOKENS - len(asked) - 3
    ids, offsets = passage.ids[:room], passage.offsets[:room]
    before = len(asked) + 2
    return Pair(
        [begin, *asked, end, *ids, end],
        [0] * before + [1] * (len(ids) + 1),
        [-1] * before + _sentence_numbers(offsets, sentences) + [-1],
        [(0, 0)] * before + list(offsets) + [(0, 0)],
        before,
    )


def _sentence_numbers(offsets: Sequence[Span], sentences: Sequence[Span]) -> list[int]:
    """Return for each token the sentence that it starts in, or -1."""
    numbers, at = [], 0
    for start, _ in offsets:
        while at < len(sentences) and sentences[at][1] <= start:
            at += 1
        numbers.append(at if at < len(sentences) and sentences[at][0] <= start else -1)
    return numbers
