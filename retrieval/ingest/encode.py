"""Parsed documents are split into passages and encoded, several documents together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from retrieval.embedding import Encoder, PassageVectors
from retrieval.errors import EncoderMismatchError
from retrieval.ingest.chunking import split
from retrieval.ingest.files import ParsedDocument
from retrieval.records import Passage, Span
from retrieval.storage import IndexedDocument

Content = tuple[str, str, str, tuple[Span, ...]]  # all that the vectors of a passage depend on


def encode(
    batch: Sequence[ParsedDocument], encoder: Encoder, known: Mapping[Content, PassageVectors] | None = None
) -> list[IndexedDocument]:
    """Split and encode documents, in this order; the model is given passages of like length from all of them.

    known: vectors that need not be made again, by what they depend on.
    """
    chunked = [split(item.document, item.blocks, encoder.count_tokens, encoder.max_tokens) for item in batch]
    titled = [(passage, item.document.title) for item, own in zip(batch, chunked, strict=True) for passage in own]
    vectors = iter(_vectors(titled, encoder, known or {}))
    return [
        IndexedDocument(item.document, own, [next(vectors) for _ in own], item.file)
        for item, own in zip(batch, chunked, strict=True)
    ]


def encoded_anew(items: Sequence[IndexedDocument], encoder: Encoder) -> list[IndexedDocument]:
    """Give documents the vectors of another encoder; their passages stay. EncoderMismatchError where it reads less."""
    titled = [(passage, item.document.title) for item in items for passage in item.passages]
    longest = max(encoder.count_tokens([passage.text for passage, _ in titled]), default=0)
    if longest > encoder.max_tokens:
        raise EncoderMismatchError(
            f"a passage has {longest} tokens, and this model reads {encoder.max_tokens}; add the documents to a new "
            "library, which cuts them into shorter ones"
        )
    vectors = iter(_vectors(titled, encoder, {}))
    return [replace(item, vectors=[next(vectors) for _ in item.passages]) for item in items]


def _vectors(
    titled: Sequence[tuple[Passage, str]], encoder: Encoder, known: Mapping[Content, PassageVectors]
) -> list[PassageVectors]:
    """Encode passages, each given with the title of its document; none twice, and none that is known."""
    made = dict(known)
    contents = [_content(passage, title) for passage, title in titled]
    new = list({own: index for index, own in enumerate(contents) if own not in made}.values())
    passages, titles = [titled[index][0] for index in new], [titled[index][1] for index in new]
    for index, vectors in encoder.encode_passages(passages, titles):
        made[contents[new[index]]] = vectors
    return [made[own] for own in contents]


def _content(passage: Passage, title: str) -> Content:
    """Return all that a passage's vectors depend on: title, heading, text, and spans of sentences in it."""
    spans = tuple((a - passage.start, b - passage.start) for a, b in passage.sentences)
    return title, passage.heading, passage.text, spans


def vectors_by_content(items: Iterable[IndexedDocument]) -> dict[Content, PassageVectors]:
    """Return what the vectors of documents' passages depend on, and the vectors."""
    return {
        _content(passage, item.document.title): vectors
        for item in items
        for passage, vectors in zip(item.passages, item.vectors, strict=True)
    }
