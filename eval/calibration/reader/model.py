"""The reader as a torch module: MiniLM's layers with three heads. Knows nothing about data or how it is trained.

Word and position embeddings are the packaged encoder's and stay as they are, so that the layers alone are shipped.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from retrieval.reader.inputs import Pair

HEADS = 12
LAYERS = 6
DIM = 384
INNER = 1536


class Layer(nn.Module):  # type: ignore[misc]
    """One transformer layer as in BERT (Devlin et al., 2019), normalised behind each half."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.query_key_value = nn.Linear(DIM, 3 * DIM)
        self.attended = nn.Linear(DIM, DIM)
        self.attended_norm = nn.LayerNorm(DIM, eps=1e-12)
        self.inner = nn.Linear(DIM, INNER)
        self.outer = nn.Linear(INNER, DIM)
        self.outer_norm = nn.LayerNorm(DIM, eps=1e-12)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """states: (batch, tokens, DIM). mask: (batch, 1, 1, tokens), added to the attention's logits."""
        batch, tokens, _ = states.shape
        joint = self.query_key_value(states).view(batch, tokens, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(joint[0], joint[1], joint[2], attn_mask=mask)
        attended = self.attended(mixed.transpose(1, 2).reshape(batch, tokens, DIM))
        states = self.attended_norm(states + self.dropout(attended))
        added = self.outer(functional.gelu(self.inner(states)))
        normed: Tensor = self.outer_norm(states + self.dropout(added))
        return normed


class Reader(nn.Module):  # type: ignore[misc]
    """Input: sums of word and position embeddings. Output: (batch, tokens, 3) and (batch, 2).

    The three of each token: the answer starts, ends, and what it adds to its sentence's logit (their mean over the
    sentence counts). The two of each pair, from [CLS]: it is answerable, and what is added to each sentence's logit.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        """dropout: the share of what layers add that is left out in training."""
        super().__init__()
        self.kinds = nn.Embedding(2, DIM)
        self.norm = nn.LayerNorm(DIM, eps=1e-12)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.of_token = nn.Linear(DIM, 3)
        self.of_pair = nn.Linear(DIM, 2)

    def forward(self, embedded: Tensor, kinds: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """embedded: (batch, tokens, DIM). kinds: (batch, tokens). mask: (batch, tokens), 0 where padded."""
        states = self.norm(embedded + self.kinds(kinds))
        added = (1.0 - mask[:, None, None, :].to(states.dtype)) * -10_000.0
        for layer in self.layers:
            states = layer(states, added)
        return self.of_token(states), self.of_pair(states[:, 0])


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Frozen. words: (vocabulary, DIM). positions: (positions, DIM)."""

    words: Tensor
    positions: Tensor

    def __call__(self, ids: Tensor) -> Tensor:
        """ids: (batch, tokens)."""
        summed: Tensor = functional.embedding(ids, self.words) + self.positions[: ids.shape[1]]
        return summed


def packaged(folder: Path, dropout: float = 0.0) -> tuple[Reader, Embeddings]:
    """Make a reader of the weights in model.safetensors of an all-MiniLM-L6-v2 folder; the heads start near zero."""
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    reader = Reader(dropout)
    with torch.no_grad():
        reader.kinds.weight.copy_(weights["embeddings.token_type_embeddings.weight"])
        _copy(reader.norm, weights, "embeddings.LayerNorm")
        for number, layer in enumerate(reader.layers):
            _fill(layer, weights, f"encoder.layer.{number}")
        for head in (reader.of_token, reader.of_pair):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
    positions = weights["embeddings.position_embeddings.weight"]
    return reader, Embeddings(weights["embeddings.word_embeddings.weight"], positions)


def _fill(layer: Any, weights: dict[str, Tensor], name: str) -> None:
    parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
    layer.query_key_value.weight.copy_(torch.cat([weights[f"{part}.weight"] for part in parts]))
    layer.query_key_value.bias.copy_(torch.cat([weights[f"{part}.bias"] for part in parts]))
    _copy(layer.attended, weights, f"{name}.attention.output.dense")
    _copy(layer.attended_norm, weights, f"{name}.attention.output.LayerNorm")
    _copy(layer.inner, weights, f"{name}.intermediate.dense")
    _copy(layer.outer, weights, f"{name}.output.dense")
    _copy(layer.outer_norm, weights, f"{name}.output.LayerNorm")


def _copy(module: Any, weights: dict[str, Tensor], name: str) -> None:
    module.weight.copy_(weights[f"{name}.weight"])
    module.bias.copy_(weights[f"{name}.bias"])


@dataclass(frozen=True, slots=True)
class Labelled:
    """A pair of token lists with what the reader should say. starts, ends: tokens where an answer may do so.

    Where only the sentence is known they are all its tokens; without an answer, [CLS] (0) alone.
    """

    pair: Pair
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    answerable: bool
    answering: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tensors. ids, kinds, mask, starts, ends: (batch, tokens). answerable: (batch,).

    pooling: (batch, sentences, tokens), rows that take the mean over a sentence. answering, known: (batch, sentences).
    """

    ids: Tensor
    kinds: Tensor
    mask: Tensor
    starts: Tensor
    ends: Tensor
    answerable: Tensor
    pooling: Tensor
    answering: Tensor
    known: Tensor

    def to(self, device: str) -> "Batch":
        """Move every tensor."""
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


def collated(examples: list[Labelled]) -> Batch:
    """Pad examples to the longest."""
    count, tokens = len(examples), max(len(example.pair.ids) for example in examples)
    sentences = max(1, *(max(example.pair.sentences) + 1 for example in examples))
    whole: dict[str, NDArray[np.int64]] = {
        name: np.zeros((count, tokens), np.int64) for name in ("ids", "kinds", "mask", "starts", "ends")
    }
    pooling = np.zeros((count, sentences, tokens), np.float32)
    answering = np.zeros((count, sentences), np.float32)
    for row, example in enumerate(examples):
        length = len(example.pair.ids)
        whole["ids"][row, :length] = example.pair.ids
        whole["kinds"][row, :length] = example.pair.kinds
        whole["mask"][row, :length] = 1
        whole["starts"][row, list(example.starts)] = 1
        whole["ends"][row, list(example.ends)] = 1
        inside = np.flatnonzero(np.array(example.pair.sentences) >= 0)
        pooling[row, np.array(example.pair.sentences)[inside], inside] = 1
        answering[row, [number for number in example.answering if number < sentences]] = 1
    sizes = pooling.sum(2, keepdims=True)
    return Batch(
        **{name: torch.from_numpy(array) for name, array in whole.items()},
        answerable=torch.tensor([float(example.answerable) for example in examples]),
        pooling=torch.from_numpy(pooling / np.maximum(sizes, 1)),
        answering=torch.from_numpy(answering),
        known=torch.from_numpy((sizes[:, :, 0] > 0).astype(np.float32)),
    )


def sentence_logits(of_token: Tensor, of_pair: Tensor, pooling: Tensor) -> Tensor:
    """Return (batch, sentences) logits."""
    pooled: Tensor = (pooling @ of_token[:, :, 2:]).squeeze(2)
    return pooled + of_pair[:, 1:]


def losses(of_token: Tensor, of_pair: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Return the mean losses of span, answerable and sentences, in nats."""
    hidden = (1 - batch.mask) * -10_000.0
    span = sum(
        _marginal(of_token[:, :, number] + hidden, allowed) for number, allowed in enumerate((batch.starts, batch.ends))
    )
    answerable = functional.binary_cross_entropy_with_logits(of_pair[:, 0], batch.answerable)
    logits = sentence_logits(of_token, of_pair, batch.pooling)
    each = functional.binary_cross_entropy_with_logits(logits, batch.answering, reduction="none")
    of_sentences = (each * batch.known).sum() / batch.known.sum().clamp(min=1)
    return span / 2, answerable, of_sentences


def taught(
    of_token: Tensor, of_pair: Tensor, teachers: list[tuple[Tensor, Tensor]], batch: Batch
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three losses against the mean of what teachers say (Hinton et al., 2015), not against labels."""
    hidden = (1 - batch.mask) * -10_000.0
    span = torch.zeros((), device=hidden.device)
    for number in (0, 1):
        wanted = torch.stack([(token[:, :, number] + hidden).softmax(1) for token, _ in teachers]).mean(0)
        span = span - (wanted * (of_token[:, :, number] + hidden).log_softmax(1)).sum(1).mean()
    wanted = torch.stack([pair[:, 0].sigmoid() for _, pair in teachers]).mean(0)
    answerable = functional.binary_cross_entropy_with_logits(of_pair[:, 0], wanted)
    logits = sentence_logits(of_token, of_pair, batch.pooling)
    wanted = torch.stack([sentence_logits(*said, batch.pooling).sigmoid() for said in teachers]).mean(0)
    each = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    return span / 2, answerable, (each * batch.known).sum() / batch.known.sum().clamp(min=1)


def _marginal(logits: Tensor, allowed: Tensor) -> Tensor:
    """Return -log of the probability that falls on the allowed tokens (Clark and Gardner, 2018)."""
    inside = logits.masked_fill(allowed == 0, -1e9).logsumexp(1)
    return (logits.logsumexp(1) - inside).mean()
