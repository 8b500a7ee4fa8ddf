"""Libraries as chat models, for tools that speak OpenAI's protocol: POST /v1/chat/completions, GET /v1/models.

    OpenAI(base_url="http://127.0.0.1:7860/v1", api_key=TOKEN)  # of `pincite token create`; without a login, any key

The last message of the user is the question, those before it are what it may lean on. The reply is the answer as
Markdown, document text escaped; its annotations lead to the quotes on the page. Nothing is generated: temperature and
its like change nothing, and no tokens are counted.
"""

import json
import logging
import re
import time
from collections.abc import Iterator
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from retrieval import Answer, PinciteError
from ui.web.libraries import Libraries

MODEL = "pincite"
_QUOTED_LINE = re.compile("^> ?", re.MULTILINE)
_ESCAPE = re.compile(r"\\(\W)")
_log = logging.getLogger(__name__)


def routes(libraries: Libraries) -> list[Route]:
    """Return the routes of the protocol; errors come in its form, {"error": {"message", "type", "code"}}."""
    began = int(time.time())

    def model(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": began, "owned_by": "pincite"}

    def known() -> list[str]:
        names = libraries.names()
        return [MODEL, *(f"{MODEL}/{name}" for name in names if len(names) > 1)]

    def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [*map(model, known())]})

    def described(request: Request) -> Response:
        name, there = request.path_params["name"], known()
        return JSONResponse(model(name)) if name in there else _unknown(name, there)

    async def complete(request: Request) -> Response:
        try:
            asked = await request.json()
            named, there = asked.get("model", MODEL), await run_in_threadpool(known)
            if named not in there:
                return _unknown(named, there)
            library = named.removeprefix(MODEL).removeprefix("/")
            service = await run_in_threadpool(libraries.service, library)
            if asked.get("n") not in (None, 1):
                raise ValueError(f"n is {asked['n']}; there is one answer")
            question, history = _conversation(asked["messages"])
            documents, passages, threshold = asked.get("documents"), asked.get("passages") or 5, asked.get("threshold")
            answer = await run_in_threadpool(service.answer, question, history, documents, passages, threshold)
        except (PinciteError, TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            return _refused(400, str(error), "invalid_request_error", None)
        except Exception:
            _log.exception("a completion failed")
            return _refused(500, "Something went wrong; the log of Pincite says what.", "server_error", None)
        address = f"{request.base_url}{'?' if library else ''}{urlencode({'library': library} if library else {})}"
        return _replied(answer, named, address, bool(asked.get("stream")))

    return [
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", described),
        Route("/v1/chat/completions", complete, methods=["POST"]),
    ]


def _conversation(messages: list[dict[str, Any]]) -> tuple[str, list[dict[str, str]]]:
    """Return the question and what was said before it; ValueError where the last message is no question."""
    said = [(each["role"], _text(each.get("content"))) for each in messages if each["role"] in ("user", "assistant")]
    if not said or said[-1][0] != "user":
        raise ValueError("the last message must be the user's, as that is the question")
    *before, (_, question) = said
    return question, [
        {"role": role, "content": _unescaped(text) if role == "assistant" else text} for role, text in before
    ]


def _text(content: Any) -> str:
    """Return a message's text; its content may be a string or a list of parts, of which pictures and sound are none."""
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return content or ""


def _unescaped(markdown: str) -> str:
    """Undo what `Answer.to_markdown` does to quotes, so that a follow-up can lean on them."""
    return _ESCAPE.sub(r"\1", _QUOTED_LINE.sub("", markdown))


def _replied(answer: Answer, model: str, address: str, streamed: bool) -> Response:
    head = {"id": f"chatcmpl-{token_hex(12)}", "created": int(time.time()), "model": model}
    content = answer.to_markdown()
    notes = list(_annotations(answer, content, address))
    if streamed:
        return StreamingResponse(_events(head, content, notes), media_type="text/event-stream")
    message = {"role": "assistant", "content": content, "refusal": None, "annotations": notes}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return JSONResponse(head | {"object": "chat.completion", "choices": [choice]})


def _annotations(answer: Answer, content: str, address: str) -> Iterator[dict[str, Any]]:
    """Yield a note for each quote: where its marker stands in the reply, and the page's address of its paragraph."""
    position = 0
    for citation in answer.citations:
        marker = re.compile(rf"\\?\[{citation.marker}\\?\](?=\n|\Z)").search(content, position)
        start, position = marker.span() if marker else (position, position)
        paragraph = citation.locator.rpartition("¶ ")[2]
        place = urlencode({"doc": citation.doc_id, "p": paragraph})
        note = {
            "start_index": start, "end_index": position,
            "title": f"{citation.title}, {citation.locator}", "url": f"{address}#{place}",
        }  # fmt: skip
        yield {"type": "url_citation", "url_citation": note}


def _events(head: dict[str, Any], content: str, notes: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the reply as server-sent events, a paragraph at a time."""
    paragraphs = re.findall(r".+?(?:\n\n|\Z)", content, re.DOTALL)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": each} for each in paragraphs)]
    deltas += [{"annotations": notes}] if notes else []
    for delta in [*deltas, {}]:
        choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
        yield f"data: {json.dumps(head | {'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n"
    yield "data: [DONE]\n\n"


def _unknown(name: Any, there: list[str]) -> Response:
    those = f"the one here is {there[0]!r}" if len(there) == 1 else f"those here are {', '.join(map(repr, there))}"
    return _refused(404, f"there is no model {name!r}; {those}", "invalid_request_error", "model_not_found")


def _refused(status: int, message: str, kind: str, code: str | None) -> Response:
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)
