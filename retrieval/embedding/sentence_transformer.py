"""The encoder on sentence-transformers, for models that ONNX Runtime cannot reproduce."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embedding.base import PassageVectors, QuestionVectors, unit
from retrieval.errors import ModelError
from retrieval.linalg import Floats
from retrieval.records import Passage


class TransformerEncoder:
    """Encodes with sentence-transformers itself; sentences are encoded alone, and tokens have no vectors."""

    def __init__(self, folder: Path, fingerprint: str, name: str = "") -> None:
        """Load the model in `folder` with sentence-transformers (about 11 s). name: see `Encoder`."""
        self._model = load_sentence_transformer(folder)
        self.fingerprint, self.name = fingerprint, name
        self.dim = int(self._model.encode("a").shape[-1])
        tokenizer: Any = self._model.tokenizer
        special = getattr(tokenizer, "num_special_tokens_to_add", lambda pair: 0)(False)
        prompt = self._model.prompts.get("document") or ""
        self.max_tokens = longest_input(self._model) - special - self.count_tokens([prompt])[0]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special ones."""
        tokenizer: Any = self._model.tokenizer
        if hasattr(tokenizer, "encode_batch"):  # of static embeddings
            return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
        return [len(tokenizer.tokenize(text)) for text in texts]

    def encode_questions(self, texts: Sequence[str]) -> Floats:
        """Return (n, dim) unit rows."""
        return unit(self._model.encode_query(list(texts), show_progress_bar=False))

    def question(self, text: str) -> QuestionVectors:
        """Return the question's vector, and no token vectors."""
        return QuestionVectors(self.encode_questions([text])[0], np.zeros((0, self.dim), np.float32))

    def encode_passages(
        self, passages: Sequence[Passage], titles: Sequence[str]
    ) -> Iterator[tuple[int, PassageVectors]]:
        """Yield (index, vectors) in order, without token bits."""
        nothing = np.zeros((0, (self.dim + 7) // 8), np.uint8), np.zeros(0, np.uint16)
        for index, passage in enumerate(passages):
            spans = [passage.text[a - passage.start : b - passage.start] for a, b in passage.sentences]
            vectors = unit(self._model.encode_document([passage.text, *spans], show_progress_bar=False))
            yield index, PassageVectors(vectors[0], vectors[1:], *nothing)


def load_sentence_transformer(folder: Path) -> Any:
    """Load a model with sentence-transformers (imports torch, about 11 s); ModelError names the folder."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    except Exception as error:
        raise ModelError(f"sentence-transformers cannot load {folder}: {error}") from error


def longest_input(model: Any) -> int:
    """Return how many tokens a model reads at once, special ones included."""
    return int(min(model.max_seq_length or 512, 8192))
