"""What a text is found by in the full text: the same for questions and passages, and for every language.

With a model: the word pieces of its tokenizer, and the first five letters of every word, or where a script does not
part words, every two signs in a row. No segmenter, stemmer or list of languages; nDCG@10 with it, and without, on
xquad-r-en .988 .987, squad2-dev-a .922 .918, cranfield .439 .438, mtrag-un-a .853 .848; five other languages in
shared/languages.md. Terms are ASCII letters and figures, so that every index takes them for words; nobody sees them.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Protocol

from retrieval.text.clean import searchable
from retrieval.text.terms import STOP_WORDS, WORD

LETTERS = 5  # that a word is found by
_INSIDE, _FIRST = "0", "9"  # what pieces inside words, and first letters, begin with
# Words with their vowel signs, which Unicode does not count as letters.
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff\u0e30-\u0e4e]+[^\W_]*)*")
_UNPARTED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_QUOTE = str.maketrans("’", "'")


class Analysis(Protocol):
    """How texts become terms. version: changes whenever they would."""

    version: str

    def indexed(self, text: str) -> str:
        """Return the terms of a text in order, as words of another text."""

    def letters(self, text: str) -> str:
        """Return those of the terms that stand for one word each, as words of another text."""


class WordAnalysis:
    """Words as they are: for encoders without a tokenizer."""

    version = "words"

    def indexed(self, text: str) -> str:
        """Return the text as it is searched."""
        return searchable(text)

    def letters(self, text: str) -> str:
        """Return the text."""
        return text


WORDS = WordAnalysis()


class PieceAnalysis:
    """Pieces of a model's own tokenizer, and the first letters of words."""

    version = "pieces 1"

    def __init__(self, tokenizer: Any) -> None:
        """tokenizer: of the library `tokenizers`."""
        self._tokenizer = tokenizer
        self._unknown = getattr(tokenizer.model, "unk_token", None) or "<unk>"
        self._of_chunk = lru_cache(100_000)(self._terms)
        self._letters_of_chunk = lru_cache(100_000)(lambda chunk: " ".join(map(_plain, _letters(chunk))))

    def indexed(self, text: str) -> str:
        """Return pieces and first letters, as words of a text."""
        return " ".join(self._of_chunk(chunk) for chunk in _lowered(text).split())

    def letters(self, text: str) -> str:
        """Return the first letters of words, or their pairs of signs."""
        return " ".join(self._letters_of_chunk(chunk) for chunk in _lowered(text).split())

    def _terms(self, chunk: str) -> str:
        return " ".join(map(_plain, [*self._pieces(chunk), *_letters(chunk)]))

    def _pieces(self, chunk: str) -> Iterator[str]:
        encoding = self._tokenizer.encode(chunk, add_special_tokens=False)
        for piece, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True):
            held = chunk[start:end] if piece == self._unknown else piece
            letters = held.removeprefix("##").lstrip("▁Ġ")
            if any(map(str.isalnum, letters)):
                inside = start > 0 and chunk[start - 1].isalnum() and not _UNPARTED.match(letters)
                yield (_INSIDE if inside else "") + letters


def asked(text: str) -> str:
    """Return a question without its stop words, unless there are only those."""
    plain = text.translate(_QUOTE)
    left = WORD.sub(lambda match: "" if match.group().lower() in STOP_WORDS else match.group(), plain)
    return left if WORD.search(left) else plain


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFC", searchable(text).lower())


def _letters(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if _UNPARTED.search(word):
            yield from (_FIRST + word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            yield _FIRST + word[:LETTERS]


def _plain(term: str) -> str:
    """Return a term as it is, or a hash of what an index could cut or fold."""
    if term.isascii() and term.isalnum():
        return term
    return f"u{blake2b(term.encode(), digest_size=6).hexdigest()}"
