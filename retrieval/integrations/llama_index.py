"""A retriever for LlamaIndex: `PinciteRetriever(library).retrieve("Who signed it?")`."""

from collections.abc import Mapping
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from retrieval.integrations.passages import Found, found
from retrieval.library import Library

_FOR_PROGRAMS = ("doc_id", "source", "sha256", "start", "end")  # not shown to a language model


class PinciteRetriever(BaseRetriever):  # type: ignore[misc]
    """Return the passages of a library, best first, as LlamaIndex's nodes, each with its document as source.

    k: how many. where: documents to look in, as for Library.search. options: of LlamaIndex's BaseRetriever.
    """

    def __init__(self, library: Library, k: int = 5, where: Mapping[str, Any] | None = None, **options: Any) -> None:
        self._library, self._k, self._where = library, k, where
        super().__init__(**options)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        passages = found(self._library, query_bundle.query_str, self._k, self._where)
        return [NodeWithScore(node=_node(each), score=each.score) for each in passages]


def _node(passage: Found) -> TextNode:
    place = passage.metadata
    return TextNode(
        id_=passage.name, text=passage.text, metadata=dict(place),
        start_char_idx=place["start"], end_char_idx=place["end"], excluded_llm_metadata_keys=list(_FOR_PROGRAMS),
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=place["doc_id"])},
    )  # fmt: skip
