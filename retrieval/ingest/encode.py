"""Documents that were read are split and encoded together. Knows nothing about files, nor where passages are kept."""

from collections.abc import Mapping, Sequence

from retrieval.embedding import Encoder, PassageVectors
from retrieval.ingest.chunking import split
from retrieval.ingest.files import Loaded
from retrieval.records import Passage
from retrieval.storage import Content, Prepared, content


def prepare(
    batch: Sequence[Loaded], encoder: Encoder, known: Mapping[Content, PassageVectors] | None = None
) -> list[Prepared]:
    """Split and encode documents, all of them at once so that the model is given passages of like length.

    known: vectors that need not be made again, by what they depend on.
    """
    split_up = [split(item.document, item.blocks, encoder.count_tokens, encoder.max_tokens) for item in batch]
    titled = [(p, item.document.title) for item, own in zip(batch, split_up, strict=True) for p in own]
    vectors = iter(_vectors(titled, encoder, known or {}))
    prepared = []
    for item, own in zip(batch, split_up, strict=True):
        file = None if item.document.source is None or not item.size else (item.size, item.mtime_ns)
        prepared.append(Prepared(item.document, own, [next(vectors) for _ in own], file))
    return prepared


def _vectors(
    titled: Sequence[tuple[Passage, str]], encoder: Encoder, known: Mapping[Content, PassageVectors]
) -> list[PassageVectors]:
    """Encode passages, given with the titles of their documents; none twice, nor what is known."""
    made = dict(known)
    contents = [content(passage, title) for passage, title in titled]
    new = list({own: index for index, own in enumerate(contents) if own not in made}.values())
    passages, titles = [titled[index][0] for index in new], [titled[index][1] for index in new]
    for index, vectors in encoder.encode_passages(passages, titles):
        made[contents[new[index]]] = vectors
    return [made[own] for own in contents]
