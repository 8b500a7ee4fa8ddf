"""Named endpoints and MCP tools: the library for programs. Knows nothing about the page.

Their names, types and docstrings are what Gradio's API page and MCP clients show.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

import gradio as gr
from gradio.events import api

from retrieval import PinciteError
from ui.service import Service


class Endpoints:
    """The functions that programs may call, bound to one library."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def ask(
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        documents: list[str] | None = None,
        passages: int = 5,
    ) -> dict[str, Any]:
        """
        Answer a question with verbatim quotes from the documents, each with its exact place, or say that they do not.

        Parameters:
            question: what to ask
            history: earlier messages, [{"role": "user" or "assistant", "content": "..."}], so that follow-ups work
            documents: doc_ids to look in; all documents if empty
            passages: how many passages to return with the answer, 1 to 50
        Returns:
            found, confidence (0 to 1), citations (quote, doc_id, title, locator, start, end), passages, text
        """
        return self._service.answer(question, history, documents, passages).to_dict()

    def search(self, question: str, passages: int = 10, documents: list[str] | None = None) -> list[dict[str, Any]]:
        """
        Find the passages that are closest to a question, best first, without answering it.

        Parameters:
            question: what to look for
            passages: how many passages to return, 1 to 50
            documents: doc_ids to look in; all documents if empty
        Returns:
            hits: rank, score (higher is better), signals, best_sentence, and the passage with doc_id, number and text
        """
        return [asdict(hit) for hit in self._service.search(question, passages, documents)]

    def read_passage(self, doc_id: str, paragraph: int, around: int = 0) -> dict[str, Any]:
        """
        Read a paragraph of a document, word for word, with some paragraphs around it.

        Parameters:
            doc_id: of the document, as in citations and hits
            paragraph: its number, from 1
            around: how many paragraphs before and after it to read too, 0 to 10
        Returns:
            title, text, start and end (characters into the document's text)
        """
        return self._service.read(doc_id, paragraph, around)

    def documents(self) -> list[dict[str, Any]]:
        """
        List the documents that can be asked.

        Returns:
            doc_id, title, source, metadata, sha256 and number of paragraphs of each
        """
        return self._service.listed()


def publish(service: Service) -> None:
    """Add the endpoints to the Blocks that is being built."""
    named = Endpoints(service)
    for function in (named.ask, named.search, named.read_passage, named.documents):
        api(_explained(function), api_name=function.__name__, concurrency_limit=None)


def _explained(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let callers see what was wrong with their call."""

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except (PinciteError, TypeError, ValueError, KeyError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return call
