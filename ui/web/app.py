"""Wires the page: Gradio serves it, a Service answers, a Guard stands before.

The page is one gr.HTML whose parts are the files under assets/. It calls the Service through Gradio's server functions,
and it never puts a document's text through Gradio's templates.
"""

import base64
import hashlib
import json
import signal
import threading
import webbrowser
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from retrieval.parsers import FORMATS
from ui.server import (
    Credentials,
    Guard,
    adopt,
    as_json,
    bounded,
    is_loopback,
    login_routes,
    probe_routes,
    require_password,
    with_peer,
)
from ui.web import api, openai
from ui.web.libraries import Libraries, Shelf
from ui.web.service import Service, guarded, open_library, shelf_folder

_SCRIPTS = (
    "core.js",
    "viewer.js",
    "confidence.js",
    "conversation.js",
    "notes.js",
    "library.js",
    "libraries.js",
    "review.js",
    "main.js",
)
_ASSETS = files("ui") / "assets"
_FONTS = (
    ("Sans", 400, "source-sans-3-latin-400-normal.woff2", ""),
    ("Sans", 600, "source-sans-3-latin-600-normal.woff2", ""),
    ("Serif", 400, "source-serif-4-latin-400-normal.woff2", ""),
    ("Serif", 600, "source-serif-4-latin-600-normal.woff2", ""),
    ("Serif", 400, "source-serif-4-latin-ext-400-normal.woff2", "unicode-range: U+0100-02BA, U+1E00-1EFF; "),
)


def build(libraries: Libraries, *, login: bool = False) -> gr.Blocks:
    """Build the page and the named endpoints around some libraries. login: whether people have to."""
    service = libraries.first
    settings = service.library.settings
    limits = {
        "types": sorted(FORMATS), "bytes": settings.max_file_bytes,
        "threshold": settings.threshold, "costs": service.library.costs(), "offline": service.offline,
        "login": login,
    }  # fmt: skip
    calls = (
        service.status, service.ask, service.verify, service.feedback, service.view, service.pages, service.sheet,
        service.documents, service.sources, service.followed, service.suggestions, service.following, service.glance,
        service.upload, service.replace, service.beside, service.fetch_page, service.remove,
        service.conversations, service.conversation, service.rename, service.forget, service.exported,
        service.conversation_file,
        service.pin, service.notes, service.write_note, service.unpin, service.notes_file,
        service.reviewable, service.reviewed, service.review_file, service.marked,
    )  # fmt: skip
    own = (
        libraries.libraries, libraries.new_library, libraries.rename_library, libraries.archive_library,
        libraries.restore_library,
    )  # fmt: skip
    served = [*(_routed(libraries, call.__name__) for call in calls), *own]
    looks = f"<style>{_fonts()}{_asset('page.css')}</style>{_asset('page.html')}"
    acts = "\n".join(map(_asset, _SCRIPTS))
    page: gr.Blocks
    with _Page(title="Pincite", analytics_enabled=False, fill_width=True) as page:
        page.app_id = _app_id(looks + acts)
        gr.HTML(
            looks,
            elem_id="pincite",
            js_on_load=acts,
            server_functions=[guarded(call) for call in served],
            apply_default_css=False,
            limits=json.dumps(limits),
        )
        api.publish(libraries)
    return page


def _routed(libraries: Libraries, name: str) -> Callable[[Any], dict[str, Any]]:
    """Return a function of the service of the library that a call names, or of the first."""

    def call(given: Any) -> dict[str, Any]:
        said = getattr(given, "data", given)  # files come beside what is said of them
        answered: dict[str, Any] = getattr(libraries.service(said.get("library")), name)(given)
        return answered

    call.__name__ = name
    return call


class _Page(gr.Blocks):
    def validate_inputs(self, block_fn: Any, inputs: list[Any]) -> None:
        """Refuse a call with too few values; Gradio's own complaint would put the question into the log.

        The last one, which library is meant, may be left out.
        """
        if len(inputs) == len(block_fn.inputs) - 1:
            inputs.append(None)
        if len(inputs) < len(block_fn.inputs):
            expected = f"expected {len(block_fn.inputs)} values in order, null for what is left out"
            raise gr.Error(f"got {len(inputs)}, {expected}", print_exception=False)


def _app_id(parts: str) -> int:
    """Return the same number in every copy of the same page: at another one, browsers begin anew after a gap."""
    return int.from_bytes(hashlib.sha256(parts.encode()).digest()[:6], "big")  # a whole number in JavaScript too


def _fonts() -> str:
    """Return the fonts' rules with the fonts inside, so that no text jumps when they arrive."""
    rule = '@font-face {{ font-family: "Pincite {}"; font-weight: {}; src: url(data:font/woff2;base64,{}); {}}}'
    return "".join(
        rule.format(family, weight, base64.b64encode((_ASSETS / "fonts" / name).read_bytes()).decode(), more)
        for family, weight, name, more in _FONTS
    )


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text("utf-8")


def launch(
    shown: Service | Libraries,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    auth: Credentials | None = None,
    mcp: bool = False,
) -> tuple[gr.Blocks, str]:
    """Start serving in threads of its own, and return the Blocks and its address. ValueError: open without a password.

    port: 7860 or the next free one where it is None.
    """
    require_password(host, auth)
    libraries = shown if isinstance(shown, Libraries) else Libraries(shown)
    service = libraries.first
    threading.Thread(target=service.warm, daemon=True).start()
    most = service.library.settings.max_file_bytes
    guard = Middleware(Guard, local=is_loopback(host), most=most + 2**20, known=auth)
    own = probe_routes(service.readiness, service.watch) + api.routes(libraries) + openai.routes(libraries)
    if auth:
        own += login_routes(auth)
    page = build(libraries, login=auth is not None)
    _, address, _ = page.launch(
        server_name=host, server_port=port, mcp_server=mcp, max_file_size=most,
        app_kwargs={"routes": own, "middleware": [guard], "docs_url": None, "redoc_url": None, "openapi_url": None},
        theme=gr.themes.Base(font="sans-serif", font_mono="monospace"), favicon_path=str(_ASSETS / "favicon.svg"),
        state_session_capacity=1000, run_history=False, enable_monitoring=False, ssr_mode=False, pwa=False,
        share=False, footer_links=["api"], quiet=True, prevent_thread_lock=True,
    )  # fmt: skip
    if page.mcp_server_obj:
        api.structure(page.mcp_server_obj)
    server = page.server.config  # Gradio lets nobody choose these, and Uvicorn asks for them at each connection
    server.http_protocol_class = bounded(server.http_protocol_class)
    server.loaded_app = with_peer(server.loaded_app)
    return page, address


def serve(
    places: Sequence[str | Path],
    *,
    uploads: Path | None = None,
    open_browser: bool = False,
    log_json: bool = False,
    log_questions: bool = False,
    offline: bool = False,
    watch: Path | None = None,
    **options: Any,
) -> None:
    """Serve libraries until interrupted or told to end; without any, the page's own and those that people create there.

    places: folders or addresses, the first shown first.

    uploads: folder for what people send; open_browser: show the page to whoever started it; log_json: a line of JSON on
    stderr for each question; log_questions: with its text; offline: fetch no page of the web; watch: folder that the
    library follows meanwhile. options: as for launch.
    """
    if log_json:
        as_json()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what an orchestrator sends: questions are finished
    opened, new = open_library(places[0] if places else None)
    with opened as library:
        service = Service(library, seeds=new, texts=log_questions, uploads=uploads, offline=offline)
        libraries = Libraries(service, places, None if places else Shelf(shelf_folder()))
        page, address = launch(libraries, **options)
        if watch:
            service.follow(watch)
        if log_json:
            adopt("uvicorn", "uvicorn.error", "uvicorn.access")
        also = f", for MCP at {address}gradio_api/mcp/" if options.get("mcp") else ""
        try:
            held = f"library is {library.name}" if len(places) < 2 else f"libraries are {', '.join(libraries.names())}"
            print(f"Pincite is at {address}{also}; its {held}", flush=True)
            if open_browser and not webbrowser.open(address):
                print("No browser could be opened; open that address in one", flush=True)
            page.block_thread()
        finally:
            if service.watched:
                service.watched.stop()
            libraries.close()
