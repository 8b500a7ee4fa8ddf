"""The libraries for programs: plain HTTP, Gradio's named endpoints, MCP tools.

Names, types and docstrings are what Gradio's API page and MCP clients show.

    curl 127.0.0.1:7860/api/ask --json '{"question": "…"}'

is one request, which any copy of the page can answer. Gradio's own way takes two, the second to the process that holds
the answer: its clients need a balancer that sends /gradio_api/call and /gradio_api/queue of one caller to one copy.
"""

import html
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio as gr
from gradio.events import api
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from retrieval import PinciteError
from retrieval.errors import QuestionError
from ui.web.libraries import Libraries

if TYPE_CHECKING:
    from gradio.mcp import GradioMCPServer

UNKNOWN = "Something went wrong; the terminal or the log of Pincite says what."
_EXAMPLES = {
    "ask": '{"question": "Who said so?"}', "search": '{"question": "peacekeeping", "passages": 3}',
    "read_passage": '{"doc_id": "…", "paragraph": 1}', "documents": "{}", "overview": '{"doc_id": "…"}',
    "libraries": "{}", "review": '{"questions": ["Who signed it?", "When does it end?"]}',
}  # fmt: skip
_DOCS = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pincite for programs</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif }}
  h2 {{ margin-top: 2rem; font-size: 1.1rem }} pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
</style>
<h1>Pincite for programs</h1>
<p>Each call is one request, a JSON object of its parameters; what is wrong comes back as <code>{{"error"}}</code> with
status 400. Where the page has a login, send <code>Authorization: Bearer TOKEN</code> with what
<code>pincite token create NAME</code> wrote, or user and password by HTTP Basic.</p>
{}
<h2><code>POST /v1/chat/completions</code>, <code>GET /v1/models</code></h2>
<p>For tools that speak OpenAI’s protocol: the model is <code>pincite</code>, or <code>pincite/NAME</code> for one of
several libraries, streamed if asked for. Nothing is generated; the reply is quotes, and its annotations lead to their
places.</p>
<pre><code>OpenAI(base_url="http://127.0.0.1:7860/v1", api_key="TOKEN")</code></pre>
<p>Started with <code>pincite ui --mcp</code>, the same calls are MCP tools at <code>/gradio_api/mcp/</code>.</p>
</html>
"""
_log = logging.getLogger(__name__)


class Endpoints:
    """The functions that programs may call, each for the library that is named, or the first."""

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries

    def all(self) -> tuple[Callable[..., Any], ...]:
        """Return every function that programs may call."""
        return self.ask, self.search, self.read_passage, self.review, self.overview, self.documents, self.libraries

    def ask(
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        documents: list[str] | None = None,
        passages: int = 5,
        library: str = "",
    ) -> dict[str, Any]:
        """
        Answer a question with verbatim quotes from the documents, each with its exact place, or say that they do not.

        Parameters:
            question: what to ask
            history: earlier messages, [{"role": "user" or "assistant", "content": "..."}], so that follow-ups work
            documents: doc_ids to look in; all documents if empty
            passages: how many passages to return with the answer, 1 to 50
            library: name of one of several; the first if empty
        Returns:
            found, confidence (0 to 1), citations (quote, doc_id, title, locator, start, end), passages, text
        """
        return self._libraries.service(library).answer(question, history, documents, passages).to_dict()

    def search(
        self, question: str, passages: int = 10, documents: list[str] | None = None, library: str = ""
    ) -> list[dict[str, Any]]:
        """
        Find the passages that are closest to a question, best first, without answering it.

        Parameters:
            question: what to look for
            passages: how many passages to return, 1 to 50
            documents: doc_ids to look in; all documents if empty
            library: name of one of several; the first if empty
        Returns:
            hits: rank, score (higher is better), signals, best_sentence, and the passage with doc_id, number and text
        """
        return [asdict(hit) for hit in self._libraries.service(library).search(question, passages, documents)]

    def read_passage(self, doc_id: str, paragraph: int, around: int = 0, library: str = "") -> dict[str, Any]:
        """
        Read a paragraph of a document, word for word, with some paragraphs around it.

        Parameters:
            doc_id: of the document, as in citations and hits
            paragraph: its number, from 1
            around: how many paragraphs before and after it to read too, 0 to 10
            library: name of one of several; the first if empty
        Returns:
            title, text, start and end (characters into the document's text)
        """
        return self._libraries.service(library).read(doc_id, paragraph, around)

    def review(
        self, questions: list[str], documents: list[str] | None = None, library: str = ""
    ) -> list[dict[str, Any]]:
        """
        Ask every document the same questions, each on its own, as for a table with a row a document.

        Parameters:
            questions: what to ask of each, 1 to 100
            documents: doc_ids to ask; all documents if empty
            library: name of one of several; the first if empty
        Returns:
            rows: doc_id, title, and for each question whether it was found, its confidence and its citations
        """
        return self._libraries.service(library).review(questions, documents)

    def overview(self, doc_id: str, library: str = "") -> dict[str, Any]:
        """
        Say what a document is about in sentences of its own, each with its exact place.

        Parameters:
            doc_id: of the document, as in citations and hits
            library: name of one of several; the first if empty
        Returns:
            found, confidence (0 to 1), citations (quote, doc_id, title, locator, start, end), passages, text
        """
        return self._libraries.service(library).overview(doc_id).to_dict()

    def documents(self, library: str = "") -> list[dict[str, Any]]:
        """
        List the documents that can be asked.

        Parameters:
            library: name of one of several; the first if empty
        Returns:
            doc_id, title, source, metadata, sha256 and number of paragraphs of each
        """
        return self._libraries.service(library).listed()

    def libraries(self) -> list[str]:
        """
        List the names of the libraries that can be asked, the first one's first.

        Returns:
            names
        """
        return self._libraries.names()


def routes(libraries: Libraries) -> list[Route]:
    """Return POST /api/NAME for every endpoint: a JSON object of its parameters in, its result out.

    400 with {"error"} where the call is wrong, 503 where the library cannot be used, 500 for anything else.
    """
    named = Endpoints(libraries)
    functions = named.all()
    own = [Route(f"/api/{function.__name__}", _direct(function), methods=["POST"]) for function in functions]

    def original(request: Request) -> Response:
        try:
            asked = request.query_params
            name, content = libraries.service(asked.get("library")).original(asked.get("doc_id", ""))
        except (PinciteError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 404)
        named = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        headers = {"Content-Disposition": named, "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type="application/octet-stream", headers=headers)

    async def docs(_: Request) -> Response:
        return HTMLResponse(_described(functions))

    return [*own, Route("/original", original), Route("/docs", docs)]


def _described(functions: Sequence[Callable[..., Any]]) -> str:
    """Return a page about the endpoints: what each does, takes and returns, and how it is called."""
    parts = []
    for function in functions:
        name = function.__name__
        call = html.escape(f"curl 127.0.0.1:7860/api/{name} --json '{_EXAMPLES[name]}'")
        about = html.escape(inspect.cleandoc(function.__doc__ or ""))
        parts.append(f"<h2><code>POST /api/{name}</code></h2><pre>{about}</pre><pre><code>{call}</code></pre>")
    return _DOCS.format("".join(parts))


def _direct(function: Callable[..., Any]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            given = await request.json()
            return JSONResponse(await run_in_threadpool(function, **given))
        except (QuestionError, TypeError, ValueError, KeyError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except PinciteError as error:
            return JSONResponse({"error": str(error)}, 503)
        except Exception:
            _log.exception("%s failed", function.__name__)
            return JSONResponse({"error": UNKNOWN}, 500)

    return respond


def publish(libraries: Libraries) -> None:
    """Add the endpoints to the Blocks that is being built."""
    named = Endpoints(libraries)
    for function in named.all():
        # Not queued: a job waits in the memory of one process, where another copy of the page could not find it.
        api(_explained(function), api_name=function.__name__, queue=False)


def structure(server: "GradioMCPServer") -> None:
    """Let MCP tools return JSON, as structured content and as text; Gradio would return Python's own writing."""
    from mcp.types import CallToolRequest, CallToolResult, ServerResult, TextContent

    def written(data: Any, _: str) -> list[Any]:
        return [TextContent(type="text", text=json.dumps(result, ensure_ascii=False)) for result in data]

    async def call(request: CallToolRequest) -> ServerResult:
        answered = await calling(request)
        result = answered.root
        if isinstance(result, CallToolResult) and not result.isError and isinstance(result.content[0], TextContent):
            value = json.loads(result.content[0].text)
            result.structuredContent = value if isinstance(value, dict) else {"result": value}
        return answered

    server.postprocess_output_data = written  # type: ignore[method-assign, assignment]
    handlers = server.mcp_server.request_handlers
    calling, handlers[CallToolRequest] = handlers[CallToolRequest], call


def _explained(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let callers see what was wrong with their call, and only that."""

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except (PinciteError, TypeError, ValueError, KeyError) as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:
            _log.exception("%s failed", function.__name__)
            raise gr.Error(UNKNOWN, print_exception=False) from error

    return call
