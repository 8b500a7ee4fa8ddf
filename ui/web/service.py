"""What the page and the endpoints ask of a library, in plain dicts.

Everything that comes in may come from a stranger: it is checked for type and size before it reaches the library. What
is kept here can be had from the library again at any time, so that any copy of the page gives the same answers.
"""

import base64
import logging
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import platformdirs

from retrieval import Answer, Citation, Document, Hit, Library, Passage, PinciteError, Settings
from retrieval.answering import Review, ReviewRow
from retrieval.citations import Pages, read_citation
from retrieval.embedding import fingerprint
from retrieval.errors import DocumentError
from retrieval.files import sha256 as content_hash
from retrieval.ingest import unchanged
from retrieval.records import Coverage
from ui.server import Conversations, Notebook, Readiness, Watch, person
from ui.web import glance, render
from ui.web import validation as incoming
from ui.web.adding import Uploads, Watched, fetch
from ui.web.notes import conversation_file, notes_file
from ui.words import PHRASES, one_line, searchable

Namesake = Literal["ask", "replace", "beside"]
SOURCES_SECONDS = 30.0  # for which the state of the files is kept
_log = logging.getLogger(__name__)


def own_folder(settings: Settings) -> Path:
    """Return where the page's own library is: among a person's data, as what they upload is kept nowhere else.

    One for each model, and apart from the one that `retrieval.ask` uses, so that uploads do not change its answers.
    """
    return platformdirs.user_data_path("pincite", appauthor=False) / f"page-{fingerprint(settings)}.pincite"


def shelf_folder() -> Path:
    """Return where the libraries are that people create on the page."""
    return platformdirs.user_data_path("pincite", appauthor=False) / "libraries"


def open_library(folder: str | Path | None) -> tuple[Library, bool]:
    """Open the library in a folder, or without one the page's own; tell whether that is new.

    Only a new one begins with the shipped documents: those that somebody deleted stay deleted.
    """
    settings = Settings.from_environment()
    own = own_folder(settings)
    new = folder is None and not (own / "library.db").exists()
    return Library(folder or own, settings), new


class Service:
    """One library behind one page; safe to use from several threads.

    seeds: see Readiness. warm() must run once; until then calls wait. texts: whether questions may stand in the
    log. uploads: folder for what people send, see Uploads. offline: whether no page of the web is fetched. watch: what
    counts the questions; of its own without one.
    """

    def __init__(
        self,
        library: Library,
        *,
        seeds: bool = False,
        texts: bool = False,
        uploads: Path | None = None,
        offline: bool = False,
        watch: Watch | None = None,
    ) -> None:
        self.library = library
        self.readiness = Readiness(library, seeds=seeds)
        self.watch = watch or Watch(library, texts=texts)
        self._shared = uploads
        self._pages = Pages(library.settings.max_file_bytes)
        self._uploads = Uploads.of(library, uploads)
        self.offline = offline
        self.watched: Watched | None = None
        self._conversations = Conversations(_place(library))
        self._notebook = Notebook(_place(library))
        self._adding = threading.Lock()
        self._checked: tuple[float, int, dict[str, str]] = (-math.inf, -1, {})
        self._suggested: tuple[int, list[str]] = (-1, [])

    def another(self, place: str | Path) -> "Service":
        """Open another library for the same page, with these models, limits and counts, and uploads of its own."""
        library = self.library.beside(place)
        uploads = self._shared and self._shared / content_hash(library.name.encode())[:12]
        return Service(library, uploads=uploads, offline=self.offline, watch=self.watch.of(library))

    def warm(self) -> None:
        """Get ready to answer, and let waiting calls go on."""
        self.readiness.warm()

    def follow(self, folder: Path) -> None:
        """Keep the library in step with a folder from now on."""
        self.watched = Watched(self.library, folder)
        self.watched.start()

    def status(self, _: Any = None) -> dict[str, Any]:
        """Tell whether questions can be answered at once, and what is wrong if they cannot be."""
        return self.readiness.status()

    # --- questions

    def answer(
        self, question: str, history: Any = (), documents: Any = (), passages: int = 5, threshold: Any = None
    ) -> Answer:
        """Ask the library; PinciteError says what is wrong with the question or the library.

        history: messages as in chat APIs; documents: doc_ids to look in, all where empty; passages: 1 to 50.
        threshold: confidence (0 to 1) below which nothing is quoted; None for that of the settings.
        """

        def answering() -> Answer:
            self.readiness.wait()
            asked, k = incoming.text(question), incoming.count(passages)
            where, least = incoming.where(documents), incoming.confidence(threshold)
            return self.library.ask(asked, history=incoming.messages(history), k=k, where=where, threshold=least)

        return self.watch.question(question, answering)

    def review(self, questions: Any, documents: Any = ()) -> list[dict[str, Any]]:
        """Ask every document the same questions; see Library.review for what is raised."""
        self.readiness.wait()
        asked = [incoming.text(question) for question in list(questions)]
        made = self.library.review(asked, where=incoming.where(documents))
        return [_recorded(row, "question", "found", "confidence", "citations") for row in made.rows]

    def overview(self, doc_id: str) -> Answer:
        """Say what a document is about in its own words; KeyError where it is not there."""
        if self.library.header(incoming.text(doc_id)) is None:
            raise KeyError(f"there is no document {doc_id}")
        return self.answer("What is this document about?", documents=[doc_id])

    def search(self, question: str, passages: int = 10, documents: Any = ()) -> list[Hit]:
        """Find passages; see `answer` for what goes in and what is raised."""
        self.readiness.wait()
        return self.library.search(incoming.text(question), k=incoming.count(passages), where=incoming.where(documents))

    def ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer for the page: {"question", "history", "documents", "passages", "threshold"} -> HTML, record, texts."""
        least = incoming.confidence(asked.get("threshold"))
        answer = self.answer(
            asked.get("question", ""), asked.get("history"), asked.get("documents"), asked.get("passages") or 5, least
        )
        least = self.library.settings.threshold if least is None else least
        shown = {
            "html": render.turn(answer, self._titles(answer.passages), least),
            "record": answer.to_dict(),
            "markdown": render.markdown(answer, least),
            "plain": render.plain(answer, least),
        }
        kept = {name: asked.get(name) for name in ("question", "documents", "passages", "threshold")} | shown
        conversation, place = self._keep(kept, asked.get("conversation"), asked.get("number"))
        return shown | {
            "conversation": conversation,
            "number": place,
            "marks": self._marks(answer.citations),
        }

    # --- reviews: the browser asks for some rows at a time, so that it can show how far it is, and stop

    def reviewable(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Begin a review of {"questions"}: its head, and the doc_ids to ask, those of {"documents"} or all."""
        questions = _questions(asked)
        if not questions:
            return {"error": "Write some questions first, one a line."}
        wanted = set(asked.get("documents") or ())
        found = [document.doc_id for document in self.library.documents()]
        if not found:
            return {"error": PHRASES["empty"]}
        return {
            "documents": [doc_id for doc_id in found if not wanted or doc_id in wanted],
            "head": render.review_head(questions),
            "questions": questions,
        }

    def reviewed(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Ask some {"documents"} all {"questions"}: {"html", "rows"}; those that are gone have no row."""
        self.readiness.wait()
        where = incoming.where(list(asked["documents"])[: incoming.ROWS])
        least = incoming.confidence(asked.get("threshold"))
        made = self.library.review(_questions(asked), where=where or {"doc_id": []}, threshold=least)
        rows = [_recorded(row, "confidence", "citations") | {"source": row.document.source} for row in made.rows]
        return {"html": "".join(map(render.review_row, made.rows)), "rows": rows}

    def review_file(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Write a table as it was shown, {"questions", "rows"} of `reviewed`: {"content"} in base64.

        suffix: ".xlsx", ".csv" or ".html".
        """
        questions, suffix = _questions(asked), asked["suffix"]
        made = Review(tuple(questions), tuple(_row(record, questions) for record in asked["rows"]))
        if suffix == ".xlsx":
            content = made.to_xlsx()
        else:
            content = (made.to_csv() if suffix == ".csv" else made.to_html()).encode("utf-8-sig", "replace")
        return {"content": base64.b64encode(content).decode()}

    def marked(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the passages that {"citations"} are from, with the quoted words marked: {"marks"}."""
        return {"marks": self._marks([read_citation(record) for record in asked["citations"]])}

    # --- conversations

    def _keep(self, turn: Mapping[str, Any], conversation: Any, number: Any) -> tuple[str, int]:
        """Keep a turn for the person, in a new conversation where this one was deleted meanwhile.

        An answer is shown even where it cannot be kept, which the log says.
        """
        name, place = incoming.text(conversation or ""), None if number is None else int(number)
        try:
            return self._conversations.keep(person.get(), name, turn, place)
        except KeyError:
            return self._conversations.keep(person.get(), "", turn)
        except (sqlite3.Error, OSError):
            _log.exception("a conversation could not be kept")
            return "", 0

    def conversations(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """List the person's conversations that hold {"filter"}, the last used first: {"html", "count", "kept"}."""
        found = self._conversations.find(person.get(), incoming.text(asked.get("filter") or "").strip())
        return {
            "html": render.conversations(found),
            "count": len(found),
            "kept": self._conversations.keeps(person.get()),
        }

    def conversation(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the last turns of {"id"}, those before the turn {"before"} where one is named, and whether more are.

        {"gone"} where it was deleted or is somebody else's, which is not told apart.
        """
        name, before = incoming.text(asked["id"]), asked.get("before")
        try:
            turns = self._conversations.turns(
                person.get(), name, None if before is None else int(before), incoming.TURNS
            )
            title = self._conversations.title(person.get(), name)
        except KeyError:
            return {"gone": True}
        for turn in turns:
            turn["marks"] = self._marks(list(map(read_citation, turn["record"]["citations"])))
        return {"title": title, "turns": turns, "more": bool(turns) and turns[0]["number"] > 1}

    def rename(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Give the conversation {"id"} another {"title"}, unless that is empty."""
        title = incoming.text(asked["title"]).strip()
        if title:
            self._conversations.rename(person.get(), incoming.text(asked["id"]), title)
        return {"renamed": bool(title)}

    def forget(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Delete the conversation {"id"}."""
        self._conversations.delete(person.get(), incoming.text(asked["id"]))
        return {"deleted": True}

    def exported(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return all turns of the conversation {"id"}: {"title", "turns": [{"question", "markdown", "record"}]}."""
        name = incoming.text(asked["id"])
        turns = self._conversations.turns(person.get(), name)
        fields = ("question", "markdown", "record")
        return {
            "title": self._conversations.title(person.get(), name),
            "turns": [{field: turn[field] for field in fields} for turn in turns],
        }

    def conversation_file(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Write the conversation {"id"} as a file: {"content"} in base64. suffix: ".docx" or ".bib".

        turns: those on the page, {"question", "record": {"text", "citations"}}, where none is kept.
        """
        kept = self.exported(asked) if asked["id"] else {"title": "Conversation", "turns": list(asked["turns"])}
        title, suffix = str(kept["title"]), incoming.text(asked["suffix"])
        content = conversation_file(title, kept["turns"], self.library.header, suffix)
        return {"content": base64.b64encode(content).decode()}

    # --- notes

    def pin(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Pin the quote {"citation"} that answered {"question"}; {"error"} where nothing is kept for this person."""
        record = asdict(read_citation(asked["citation"]))
        try:
            name = self._notebook.pin(person.get(), incoming.text(asked["question"]), record)
        except ValueError as error:
            return {"error": str(error)}
        return {"id": name} if name else {"error": "Notes are not kept here: they would need a cookie and a folder."}

    def notes(self, _: Any = None) -> dict[str, Any]:
        """List the person's notes: {"html", "citations": id -> record}."""
        found = self._notebook.all(person.get())
        return {"html": render.notes(found), "citations": {note.id: note.citation for note in found}}

    def write_note(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Write {"note"} beside the quote {"id"}."""
        return {"written": self._notebook.write(person.get(), incoming.text(asked["id"]), incoming.text(asked["note"]))}

    def unpin(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Delete the note {"id"}."""
        return {"deleted": self._notebook.unpin(person.get(), incoming.text(asked["id"]))}

    def notes_file(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Write the person's notes as a file: {"content"} in base64, "" where there are none. suffix: see notes.py."""
        found = self._notebook.all(person.get())
        content = notes_file(found, self.library.header, incoming.text(asked["suffix"])) if found else b""
        return {"content": base64.b64encode(content).decode()}

    def _titles(self, hits: Sequence[Hit]) -> dict[str, str]:
        """Return doc_id -> title of the documents of some hits."""
        headers = map(self.library.header, {hit.passage.doc_id for hit in hits})
        return {header.doc_id: header.title or header.doc_id for header in headers if header is not None}

    def _marks(self, citations: Sequence[Citation]) -> dict[str, dict[str, str]]:
        """Return doc_id -> start of a passage -> that passage with the quoted words marked."""
        marks: dict[str, dict[str, str]] = {}
        for cited in citations:
            for passage in self._cited(cited):
                marks.setdefault(cited.doc_id, {})[str(passage.start)] = render.part(passage, citations)
        return marks

    def _cited(self, cited: Citation) -> Sequence[Passage]:
        """Return the passages of a citation, of the earlier version that it names if that is kept."""
        version = self.library.version(cited.doc_id, cited.sha256)
        if version is None:
            return self.library.passages(cited.doc_id, cited.start, cited.end)
        return [passage for passage in version.passages if passage.start < cited.end and passage.end > cited.start]

    def verify(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Compare citations with their sources as they are now: marker -> what is wrong as HTML, "" if nothing is."""
        citations = [read_citation(record) for record in asked["citations"]]
        known = {document.doc_id: document.source for document in self.library.documents()}
        told = {}
        for each in citations:
            version = self.library.version(each.doc_id, each.sha256)
            if version is not None:
                told[str(each.marker)] = render.cited_version(version)
            elif each.source == known.get(each.doc_id):  # no path of the caller's own is opened
                told[str(each.marker)] = render.state(self.library.verify(each))
        return told

    def feedback(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what a person thinks of an answer: {"question", "found", "quotes", "good", "note"}."""
        quotes = [incoming.text(quote) for quote in list(given.get("quotes") or [])[:10]]
        good, found = bool(given.get("good")), bool(given.get("found"))
        self.library.add_feedback(
            incoming.text(given["question"]), found, quotes, good, incoming.text(given.get("note") or "")
        )
        return {"saved": True}

    # --- documents

    def view(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return a whole document as HTML: {"doc_id"} -> {"doc_id", "sha256", "title", "html", "earlier", "file"}.

        "sha256" may be given, too: then an earlier version of that hash is shown, if it is kept, and "earlier" is true.
        file: whether its own file can be had, see `original`.
        {"error"} where the document is gone.
        """
        doc_id, sha256 = incoming.text(asked["doc_id"]), incoming.text(asked.get("sha256") or "")
        document, version = self.library.document(doc_id), None
        if document is None or sha256 not in ("", document.sha256):
            version = self.library.version(doc_id, sha256)
        shown = version.document if version else document
        if shown is None:
            return {"error": "This document is no longer in the library."}
        title = shown.title or doc_id
        passages = version.passages if version else self.library.passages(doc_id)
        said = render.earlier(version) if version else ""
        return {
            "doc_id": doc_id,
            "sha256": shown.sha256,
            "title": title,
            "html": said + render.document(title, shown.metadata, passages, glance=version is None),
            "earlier": version is not None,
            "file": version is None and bool(shown.source) and Path(shown.source or "").is_file(),
        }

    def glance(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Return what {"doc_id"} is about, how it is divided, who speaks in it and what it may be asked, as HTML."""
        self.readiness.wait()
        doc_id = incoming.text(asked["doc_id"])
        return {"html": render.at_a_glance(glance.glance(self.library, doc_id), doc_id)}

    def pages(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Show the printed pages of a span of a PDF: {"doc_id", "start", "end"} -> {"html"}.

        {"reason"} where its text is to be read instead. Only the library's own file is opened, if it is unchanged.
        """
        document = self.library.document(incoming.text(asked["doc_id"]))
        start, end = int(asked["start"]), int(asked["end"])
        if document is None or not 0 <= start < end <= len(document.text):
            return {"reason": "This quote is no longer in the library."}
        passages = self.library.passages(document.doc_id, start, end)
        try:
            return {"html": render.pages(self._pages.show(document, passages, document.text[start:end]))}
        except DocumentError as error:
            return {"reason": one_line(f"Shown as text. {Path(error.source).name}: {error.reason}.")}

    def sheet(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Show the printed page {"number"} of the document {"doc_id"}: {"html"}; {"reason"} where there is none."""
        document = self.library.document(incoming.text(asked["doc_id"]))
        if document is None:
            return {"reason": "This document is no longer in the library."}
        try:
            return {"html": render.pages([self._pages.page(document, int(asked["number"]))])}
        except DocumentError as error:
            return {"reason": one_line(f"{Path(error.source).name}: {error.reason}.")}

    def original(self, doc_id: str) -> tuple[str, bytes]:
        """Return the name and the content of a document's file; DocumentError where it is gone or has changed."""
        document = self.library.header(incoming.text(doc_id))
        if document is None or not document.source:
            raise DocumentError(doc_id, "has no file")
        return Path(document.source).name, unchanged(document, self.library.settings.max_file_bytes)

    def read(self, doc_id: str, paragraph: int, around: int = 0) -> dict[str, Any]:
        """Return a paragraph's text and place, with up to ten on each side; KeyError where there is none."""
        around = min(max(int(around), 0), 10)
        found = [p for p in self.library.passages(incoming.text(doc_id)) if abs(p.number - int(paragraph)) <= around]
        document = self.library.document(doc_id)
        if not found or document is None:
            raise KeyError(f"there is no paragraph {paragraph} in a document {doc_id}")
        start, end = found[0].start, found[-1].end
        title = document.title or doc_id
        return {"doc_id": doc_id, "title": title, "start": start, "end": end, "text": document.text[start:end]}

    def listed(self) -> list[dict[str, Any]]:
        """List all documents for programs, each with its number of paragraphs."""
        sizes = self.library.paragraphs()
        fields = ("doc_id", "title", "source", "metadata", "sha256")
        return [
            {name: getattr(document, name) for name in fields} | {"paragraphs": sizes.get(document.doc_id, 0)}
            for document in self.library.documents()
        ]

    def followed(self, _: Any = None) -> dict[str, Any]:
        """Tell how the folder stands that the library follows, "" for none, and what the library's state is."""
        return {"state": self.watched.state if self.watched else "", "generation": self.library.generation()}

    def documents(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """List the documents whose title or publication holds {"filter"}, and what could not be read."""
        words = incoming.text(asked.get("filter") or "").casefold()
        sizes = self.library.paragraphs()
        everything = self.library.documents()
        found = [
            (document, sizes.get(document.doc_id, 0))
            for document in everything
            if words in f"{document.title} {' '.join(map(str, document.metadata.values()))}".casefold()
        ]
        return {
            "html": render.documents(found),
            "count": len(everything),
            "coverage": searchable(len(everything), self.library.coverage()),
            "failures": render.failures(self.library.failures()),
        }

    def sources(self, _: Any = None) -> dict[str, str]:
        """Return doc_id -> what is wrong, for the documents whose files changed or vanished.

        Every file is read for it, so the result is kept for a while, or until the library changes.
        """
        now, generation = time.monotonic(), self.library.generation()
        if now - self._checked[0] > SOURCES_SECONDS or generation != self._checked[1]:
            states = {document.doc_id: render.state(state) for document, state in self.library.verify_sources()}
            self._checked = (now, generation, {doc_id: state for doc_id, state in states.items() if state})
        return self._checked[2]

    def suggestions(self, _: Any = None) -> dict[str, str]:
        """Return questions to begin with, made of the documents and answered by them."""
        self.readiness.wait()
        generation = self.library.generation()
        if self._suggested[0] != generation:
            self._suggested = (generation, glance.questions(self.library))
        return {"html": render.questions(self._suggested[1])}

    def following(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Return questions that may follow {"question"}, of what stands around its {"citations"}."""
        citations = [read_citation(record) for record in list(asked["citations"])[: incoming.ROWS]]
        return {"html": render.questions(glance.following(self.library, incoming.text(asked["question"]), citations))}

    def upload(self, sent: Any) -> dict[str, Any]:
        """Add one file; sent.files: [(name, bytes)]. Stored under a name of ours beside the library.

        {"held": name} where a file of that name is there with other content: nothing is added until `replace` or
        `beside` is called instead.
        """
        return self._upload(sent, "ask")

    def replace(self, sent: Any) -> dict[str, Any]:
        """Add one file in the place of the one of its name, which becomes its earlier version; else as `upload`."""
        return self._upload(sent, "replace")

    def beside(self, sent: Any) -> dict[str, Any]:
        """Add one file beside those of its name; else as `upload`."""
        return self._upload(sent, "beside")

    def fetch_page(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Add the page of the web at {"url"}, as it is today; else as `upload`.

        namesake: "replace" or "beside" once a person has chosen what becomes of the one of its name.
        """
        if self.offline:
            return {"error": "Pincite was started with --offline: no page is fetched."}
        chosen = given.get("namesake")
        namesake: Namesake = "replace" if chosen == "replace" else "beside" if chosen == "beside" else "ask"
        return self._add(*fetch(incoming.text(given["url"]), self.library.settings.max_file_bytes), namesake)

    def _upload(self, sent: Any, namesake: Namesake) -> dict[str, Any]:
        name, content = sent.files[0]
        return self._add(str(name), content, namesake)

    def _add(self, name: str, content: bytes, namesake: Namesake) -> dict[str, Any]:
        with self._adding:
            everything, digest = self.library.documents(), content_hash(content)
            held = [each for each in everything if each.source and self._uploads.is_named(each.source, name)]
            if any(each.sha256 == digest for each in held):
                held = []
            if held and namesake == "ask":
                return {"held": one_line(name)}
            path = self._uploads.keep(name, content)
            report = self.library.add(path)
            if report.failed:
                self._forget_failed(str(path))
                return {"error": one_line(report.failed[0].reason)}
            if held and namesake == "replace":
                self._take_place(str(held[-1].source), str(path))
        note = "; ".join([*(one_line(each.reason) for each in report.incomplete), *filter(None, [report.hint])])
        doc_id = (report.added + report.replaced + report.unchanged)[0]
        return {"doc_id": doc_id, "new": not report.unchanged, "note": note}

    def _take_place(self, before: str, now: str) -> None:
        """Let an uploaded file take the place of another, whose document becomes an earlier version of its own."""
        files = self.library.backend.files
        state = files.all()[now]
        files.rearrange({before: state}, [])
        files.rearrange({now: state}, [before])
        self._uploads.drop(before)

    def _forget_failed(self, path: str) -> None:
        """Drop a file that could not be read, unless it was read before: what was acknowledged stays."""
        files = self.library.backend.files
        files.forget([path])
        if path not in files.all():
            self._uploads.drop(path)

    def remove(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Remove a document, and its file where it was uploaded: {"doc_id"}."""
        doc_id = incoming.text(asked["doc_id"])
        document = self.library.document(doc_id)
        removed = self.library.remove(doc_id) if document is not None else []
        if document is not None:
            self._uploads.drop(document.source)
        return {"removed": bool(removed)}


def _questions(asked: Mapping[str, Any]) -> list[str]:
    """Return the questions of a review, one a line, without empty lines."""
    lines = (" ".join(incoming.text(question).split()) for question in list(asked["questions"]))
    return list(filter(None, lines))


def _recorded(row: ReviewRow, *fields: str) -> dict[str, Any]:
    """Return a row of a review as plain values: doc_id, title, and these fields of each answer."""
    records = [answer.to_dict() for answer in row.answers]
    answers = [{field: record[field] for field in fields} for record in records]
    return {"doc_id": row.document.doc_id, "title": row.document.title, "answers": answers}


def _row(record: Mapping[str, Any], questions: Sequence[str]) -> ReviewRow:
    """Read a row of a review back, as the browser was given it."""
    answers = [_cell(cell, question) for cell, question in zip(record["answers"], questions, strict=True)]
    return ReviewRow(Document(record["doc_id"], record["title"], source=record["source"]), tuple(answers))


def _cell(record: Mapping[str, Any], question: str) -> Answer:
    citations = tuple(map(read_citation, record["citations"]))
    return Answer(
        question, question, bool(citations), float(record["confidence"]), citations, (), Coverage(0, 0), timings={}
    )


def _place(library: Library) -> Path | None:
    """Return where conversations are kept: in the library's folder, and nowhere for one on a server."""
    return None if library.name.startswith("milvus:") else library.path / "conversations.db"


def guarded(function: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Turn what goes wrong into {"error": text}: ours as it is, anything else without its details."""

    def call(given: Any) -> dict[str, Any]:
        try:
            return function(given)
        except PinciteError as error:
            return {"error": one_line(str(error))}
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            return {"error": "The page sent something unexpected; reload it."}
        except Exception:
            _log.exception("%s failed", function.__name__)
            return {"error": "Something went wrong; the terminal where Pincite runs says what."}

    call.__name__ = function.__name__
    return call
