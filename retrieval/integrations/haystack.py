"""A retriever for Haystack's pipelines: `PinciteRetriever(library).run("Who signed it?")["documents"]`.

Haystack reports the use of its pipelines to its makers unless HAYSTACK_TELEMETRY_ENABLED is "False".
"""

from collections.abc import Mapping
from typing import Any

from haystack import Document, component, default_from_dict, default_to_dict

from retrieval.integrations.passages import found
from retrieval.library import Library


@component
class PinciteRetriever:
    """Return the passages of a library, best first, as Haystack's Documents.

    top_k: how many. where: documents to look in, as for Library.search. A saved pipeline names the library, which is
    opened when it is loaded, with the settings of the environment.
    """

    def __init__(self, library: Library, top_k: int = 5, where: Mapping[str, Any] | None = None) -> None:
        self._library, self._top_k, self._where = library, top_k, where

    @component.output_types(documents=list[Document])  # type: ignore[untyped-decorator]
    def run(self, query: str, top_k: int | None = None, where: dict[str, Any] | None = None) -> dict[str, Any]:
        """Look for passages; what is given here goes before what was given at the beginning."""
        passages = found(
            self._library, query, self._top_k if top_k is None else top_k, self._where if where is None else where
        )
        documents = [
            Document(id=each.name, content=each.text, meta=dict(each.metadata), score=each.score) for each in passages
        ]
        return {"documents": documents}

    def to_dict(self) -> dict[str, Any]:
        """Return what a saved pipeline keeps."""
        where = None if self._where is None else dict(self._where)
        kept: dict[str, Any] = default_to_dict(self, library=self._library.name, top_k=self._top_k, where=where)
        return kept

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "PinciteRetriever":
        """Open the library that a saved pipeline names; LibraryError where there is none."""
        given = data["init_parameters"]
        opened = {**given, "library": Library(given["library"], create=False)}
        made: PinciteRetriever = default_from_dict(cls, {**data, "init_parameters": opened})
        return made
