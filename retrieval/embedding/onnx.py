"""The encoder on ONNX Runtime and `tokenizers`: neither torch nor sentence-transformers is imported."""

import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding.base import NO_SENTENCE, PassageVectors, QuestionVectors, unit
from retrieval.embedding.batching import token_batches
from retrieval.embedding.binary import load_rotation, sign_bits
from retrieval.errors import ModelError
from retrieval.linalg import Floats, products
from retrieval.parallel import folding, open_tokenizer, side_by_side
from retrieval.records import Passage
from retrieval.text import STOP_WORDS, WORD, Analysis, PieceAnalysis, has_forms, stems


class OnnxEncoder:
    """Encodes with an exported model. Safe to use from several threads."""

    def __init__(
        self, folder: Path, fingerprint: str, threads: int = 0, languages: frozenset[str] = frozenset(), name: str = ""
    ) -> None:
        """Load the export in `folder`; ModelError where a file is missing or damaged. languages, name: of `Encoder`."""
        import onnxruntime

        try:
            self._record = json.loads((folder / "encoder.json").read_text())
            options = onnxruntime.SessionOptions()
            # Two threads do not make a question faster (2.4 ms against 2.2), and they wait for each other on busy
            # cores. Passages are encoded batch beside batch.
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            self._session = onnxruntime.InferenceSession(folder / "model.onnx", options)
            self._tokenizer = open_tokenizer(folder / "tokenizer.json")
        except Exception as error:
            message = (
                f"the prepared model in {folder} cannot be loaded ({error}); delete that folder to prepare it again"
            )
            raise ModelError(message) from error
        self._folder = folder
        self._workers = threads or os.cpu_count() or 1
        self._inputs = {item.name for item in self._session.get_inputs()}
        self.fingerprint, self.languages, self.name = fingerprint, languages, name
        self.analysis: Analysis = PieceAnalysis(self._tokenizer)
        self.dim: int = self._record["dim"]
        marked = self._tokenizer.encode("a")
        first, behind = marked.special_tokens_mask.index(0), marked.special_tokens_mask[::-1].index(0)
        self._before, self._after = marked.ids[:first], marked.ids[len(marked.ids) - behind :]
        self._query_prompt, self._prompt = self._record["prompts"]
        self._longest: int = self._record["max_tokens"] - len(self._before) - len(self._after)
        self._prompted = self.count_tokens([self._query_prompt])[0]
        self.max_tokens = self._longest - self.count_tokens([self._prompt])[0]

    @cached_property
    def _rotation(self) -> Floats:
        """(b, dim), transposed."""
        return np.ascontiguousarray(load_rotation(self._folder, self.dim).T)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special ones."""
        return [len(encoding.ids) for encoding in self._tokenize(texts)]

    def encode_questions(self, texts: Sequence[str]) -> Floats:
        """Return (n, dim) unit rows; the model's prompt for questions is put before each."""
        return self._encode([self._query_prompt + text for text in texts])

    def encode_texts(self, texts: Sequence[str]) -> Floats:
        """Return (n, dim) unit rows of texts on their own, as passages."""
        return self._encode([self._prompt + text for text in texts])

    def _encode(self, texts: Sequence[str]) -> Floats:
        ids = [encoding.ids[: self._longest] for encoding in self._tokenize(texts)]
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for index, tokens in self._forward(ids):
            vectors[index] = self._pooled(tokens)
        return unit(vectors)

    def question(self, text: str) -> QuestionVectors:
        """Return the question's vector and those of its content tokens, from one forward pass."""
        (encoding,) = self._tokenize([self._query_prompt + text])
        (tokens,) = self._run([encoding.ids[: self._longest]])
        kept = _content_tokens(self._query_prompt + text, encoding)
        kept = kept[(kept < self._longest) & (kept >= self._prompted)]
        spans = [encoding.offsets[position] for position in kept]
        terms = _terms(self.analysis, self._query_prompt + text, spans)
        return QuestionVectors(unit(self._pooled(tokens)), self._rotated(tokens, kept), terms)

    def encode_passages(
        self, passages: Sequence[Passage], titles: Sequence[str]
    ) -> Iterator[tuple[int, PassageVectors]]:
        """Yield (index, vectors) as they are made, short passages first."""
        texts = self._tokenize([passage.text for passage in passages])
        leads = [f"{title}\n{passage.heading}".strip() for passage, title in zip(passages, titles, strict=True)]
        prompts = self._tokenize([self._prompt] * len(passages))
        contexts = self._tokenize(leads)
        ids, starts = [], []
        for prompt, context, text in zip(prompts, contexts, texts, strict=True):
            room = max(0, self._longest - len(prompt.ids) - len(text.ids))
            before = prompt.ids + context.ids[:room]
            ids.append((before + text.ids)[: self._longest])
            starts.append(len(before))
        for index, tokens in self._forward(ids):
            yield index, self._passage(passages[index], texts[index], tokens, starts[index])

    def _passage(self, passage: Passage, text: Any, tokens: Floats, start: int) -> PassageVectors:
        """Pool one passage's token vectors; the text's own begin behind the special ones and the context."""
        own = tokens[len(self._before) + start : len(tokens) - len(self._after)]
        offsets = np.array([begin for begin, _ in text.offsets[: len(own)]], int) + passage.start
        firsts = np.array([begin for begin, _ in passage.sentences], int)
        sentence = np.searchsorted(firsts, offsets, side="right") - 1
        if self._record["pooling"] == "mean":
            pooled = [own[sentence == number] for number in range(len(firsts))]
            sentences = unit(np.array([p.mean(axis=0) if len(p) else np.zeros(self.dim) for p in pooled], np.float32))
        else:
            span = [passage.text[a - passage.start : b - passage.start] for a, b in passage.sentences]
            sentences = self.encode_texts(span)
        kept = _content_tokens(passage.text, text)
        kept = kept[kept < len(own)]
        bits = sign_bits(own[kept], self._rotation)
        numbers = np.where(sentence[kept] < 0, NO_SENTENCE, sentence[kept]).astype(np.uint16)
        return PassageVectors(unit(self._pooled(tokens)), sentences, bits, numbers)

    def _rotated(self, tokens: Floats, kept: NDArray[np.intp]) -> Floats:
        """Return (t, b) the rotated vectors, scaled as if no dimension of the rotation had been left out."""
        scale = np.float32((self.dim / len(self._rotation)) ** 0.5)
        return products(unit(tokens[kept + len(self._before)]), self._rotation) * scale

    def _pooled(self, tokens: Floats) -> Floats:
        """Pool the (t, dim) token vectors of one text as the model does."""
        pooled: Floats = tokens.mean(axis=0) if self._record["pooling"] == "mean" else tokens[0]
        return pooled

    def _tokenize(self, texts: Sequence[str]) -> Sequence[Any]:
        encodings: list[Any] = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        for index, text in enumerate(texts):
            if has_forms(text):
                encodings[index] = folding(self._tokenizer).encode(text, add_special_tokens=False)
        return encodings

    def _forward(self, ids: Sequence[Sequence[int]]) -> Iterator[tuple[int, Floats]]:
        """Yield (index, (t, dim) token vectors with the special ones), short texts first."""
        planned = list(token_batches([len(own) for own in ids], len(self._before) + len(self._after)))
        outputs = side_by_side(lambda batch: self._run([ids[index] for index in batch]), planned, self._workers)
        for batch, output in zip(planned, outputs, strict=True):
            yield from zip(batch, output, strict=True)

    def _run(self, ids: Sequence[Sequence[int]]) -> list[Floats]:
        """Return the (t, dim) token vectors of each text, with the special ones, from one forward pass."""
        rows = [[*self._before, *own, *self._after] for own in ids]
        tokens = np.zeros((len(rows), max(map(len, rows))), np.int64)
        mask = np.zeros_like(tokens)
        for row, values in enumerate(rows):
            tokens[row, : len(values)] = values
            mask[row, : len(values)] = 1
        given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        output = self._session.run(None, {name: given[name] for name in self._inputs})[0]
        return [vectors[: len(own)] for vectors, own in zip(output, rows, strict=True)]


def _content_tokens(text: str, encoding: Any) -> NDArray[np.intp]:
    """Return the positions of tokens that carry meaning: not punctuation, not a stop word standing alone."""
    kept = []
    word_ids: Sequence[int | None] = encoding.word_ids
    for position, (start, end) in enumerate(encoding.offsets):
        surface = text[start:end].strip()
        alone = word_ids[position - 1 : position] != word_ids[position : position + 1] if position else True
        if any(c.isalnum() for c in surface) and not (alone and surface.lower() in STOP_WORDS):
            kept.append(position)
    return np.array(kept, np.intp)


def _terms(analysis: Analysis, text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the terms of the word that each span lies in, joined by blanks."""
    found = [(match.end(), match.group()) for match in WORD.finditer(text)]
    inside = [next((word for end, word in found if end > start), "") for start, _ in spans]
    terms = {word: " ".join(sorted(stems(analysis.letters(word)))) for word in set(inside)}
    return tuple(terms[word] for word in inside)
