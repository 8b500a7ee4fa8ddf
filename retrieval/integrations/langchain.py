"""A retriever for LangChain: `PinciteRetriever(library=library).invoke("Who signed it?")`."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from retrieval.integrations.passages import found
from retrieval.library import Library


class PinciteRetriever(BaseRetriever):  # type: ignore[misc]
    """Return the passages of a library, best first, as LangChain's Documents.

    k: how many. where: documents to look in, as for Library.search. Metadata hold the score and the exact place.
    """

    library: Library
    k: int = 5
    where: dict[str, Any] | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [
            Document(id=each.name, page_content=each.text, metadata={**each.metadata, "score": each.score})
            for each in found(self.library, query, self.k, self.where)
        ]
