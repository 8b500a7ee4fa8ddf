"""Readers from a model hub, or a folder: a CrossEncoder of sentence-transformers, or a question-answering model.

What such a model does not give is made of what it gives: see each class.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from retrieval.errors import ModelError
from retrieval.reader.base import PassageReading, Readable, Span

LONGEST_ANSWER = 30  # tokens


class CrossEncoderReader:
    """A model that scores pairs of texts. It knows no words: the span is the best sentence, whole."""

    def __init__(self, folder: Path, name: str) -> None:
        """Load nothing yet. name: as the settings say it."""
        self.name = name
        self._folder = folder

    def read(self, question: str, passages: Sequence[Readable]) -> list[PassageReading]:
        """Score each passage and each of its sentences."""
        texts = [[text, *(text[a:b] for a, b in sentences)] for text, sentences in passages]
        pairs = [(question, text) for group in texts for text in group]
        scores = iter(self._scores(pairs))
        return [
            _of_scores(next(scores), [next(scores) for _ in sentences], text, sentences) for text, sentences in passages
        ]

    def _scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return log-odds; of a model with several labels (entailment), the last label's against the first's."""
        found = self._model.predict(list(pairs), activation_fn=_as_it_is, show_progress_bar=False)
        return [float(row[-1] - row[0]) if getattr(row, "ndim", 0) else float(row) for row in found]

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import CrossEncoder

        try:
            return CrossEncoder(str(self._folder), device="cpu", local_files_only=True)
        except Exception as error:
            raise ModelError(f"sentence-transformers cannot load {self._folder} as a CrossEncoder: {error}") from error


def _as_it_is(scores: Any) -> Any:
    """Keep log-odds what they are."""
    return scores


def _of_scores(whole: float, each: Sequence[float], text: str, sentences: Sequence[Span]) -> PassageReading:
    best = max(range(len(each)), key=each.__getitem__, default=-1)
    span = sentences[best] if each else (0, len(text))
    return PassageReading(whole, span, each[best] if each else whole, tuple(each))


class QuestionAnsweringReader:
    """A transformers model with start and end logits. answerable is its best span against none (SQuAD 2.0)."""

    def __init__(self, folder: Path, name: str) -> None:
        """Load nothing yet. name: as the settings say it."""
        self.name = name
        self._folder = folder

    def read(self, question: str, passages: Sequence[Readable]) -> list[PassageReading]:
        """Read each passage; a long one in overlapping parts."""
        return [self._reading(question, text, sentences) for text, sentences in passages]

    def _reading(self, question: str, text: str, sentences: Sequence[Span]) -> PassageReading:
        spans = list(sentences) or [(0, len(text))]
        best: list[tuple[float, Span]] = [(-20.0, (a, b)) for a, b in spans]
        for score, span in self._candidates(question, text, spans):
            number = next(n for n, (a, b) in enumerate(spans) if a <= span[0] < b)
            best[number] = max(best[number], (score, span))
        score, span = max(best)
        return PassageReading(score, span, score, tuple(s for s, _ in best) if sentences else ())

    def _candidates(self, question: str, text: str, sentences: Sequence[Span]) -> list[tuple[float, Span]]:
        """Return each sentence's best words in each part of the text, with their logit minus that of no answer."""
        tokenizer, model, longest = self._model
        encoded = tokenizer(
            question, text, truncation="only_second", max_length=longest, stride=longest // 4, padding=True,
            return_overflowing_tokens=True, return_offsets_mapping=True, return_tensors="pt",
        )  # fmt: skip
        offsets = encoded.pop("offset_mapping").tolist()
        encoded.pop("overflow_to_sample_mapping", None)
        said = model(**encoded)
        found = []
        for row, places in enumerate(offsets):
            inside = [t for t, side in enumerate(encoded.sequence_ids(row)) if side == 1]
            starts, ends = said.start_logits[row].tolist(), said.end_logits[row].tolist()
            for sentence in sentences:
                own = [t for t in inside if sentence[0] <= places[t][0] and places[t][1] <= sentence[1]]
                runs = ((starts[a] + ends[b], a, b) for a in own for b in own if a <= b < a + LONGEST_ANSWER)
                score, a, b = max(runs, default=(0.0, -1, -1))
                if a >= 0:
                    found.append((score - starts[0] - ends[0], (places[a][0], places[b][1])))
        return found

    @cached_property
    def _model(self) -> tuple[Any, Any, int]:
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            model = AutoModelForQuestionAnswering.from_pretrained(self._folder, local_files_only=True).eval()
            model.requires_grad_(False)
        except Exception as error:
            message = f"transformers cannot load {self._folder} as a question-answering model: {error}"
            raise ModelError(message) from error
        return tokenizer, model, min(int(tokenizer.model_max_length), 384)
