"""The one object that users hold: a folder with documents that can be asked."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Self

from retrieval import errors
from retrieval.answering import Pipeline, Review, fitted, replied, review
from retrieval.citations import verify as verifying
from retrieval.conversation import Message, checked, interpret
from retrieval.embedding import Encoder, analysis_of, check_encoder, fingerprint, languages_of, open_encoder
from retrieval.errors import ArgumentError, LibraryError, QuestionError
from retrieval.files import absolute
from retrieval.ingest import Indexer, Progress, Report, Source, SyncReport, cluster, encoded_anew, remove, sync
from retrieval.parallel import new_lock
from retrieval.reader import OUR_READER, Reader, open_reader
from retrieval.records import Answer, Citation, Coverage, Document, Hit, Passage, Turn, Version
from retrieval.search import Ranked, rank
from retrieval.settings import Settings, seeds_folder
from retrieval.storage import SCHEMA_VERSION, LocalBackend, Totals, copy, open_backend

MOST_PASSAGES = 1_000_000  # that can be asked for at once

LEAST_ANSWERED = 0.05  # of the questions, at a threshold that is offered


class Library:
    """Documents with their index: in a folder, or on a Milvus server at "milvus://HOST:PORT/NAME".

    Opens or creates it; with create=False, for those who only read, it must be there. Safe to use from several threads,
    and from several processes at once. path: a folder of its own on this machine. Raises LibraryError (damaged,
    unreadable, of another version, not there) on opening, EncoderMismatchError on first search, and on any use of a
    server UnreachableError.
    backend: where it is kept, for tools and tests that need more than is offered here.
    """

    def __init__(
        self, path: str | os.PathLike[str], settings: Settings | None = None, *, encoder: Encoder | None = None,
        reader: Reader | None = None, create: bool = True,
    ) -> None:  # fmt: skip
        name = errors.check_text("path", os.fspath(path))
        if not name.strip():
            raise errors.wrong("path", path, "the folder of a library, or milvus://HOST:PORT/NAME", ArgumentError)
        self.settings = settings or Settings.from_environment()
        self._given_encoder = encoder
        self._encoder: Encoder | None = None
        self._given_reader = reader
        self._models = _Models(self.settings)
        self._lock = new_lock()
        self.path, self.backend = open_backend(name, self.settings, create)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def beside(self, path: str | os.PathLike[str]) -> "Library":
        """Open or create another library with the same settings; both then load models once between them.

        >>> with library.beside("other.pincite") as other:
        ...     other.documents()
        []
        """
        other = Library(path, self.settings, encoder=self._given_encoder, reader=self._given_reader)
        other._models = self._models
        return other

    def close(self) -> None:
        """Write the index snapshot where it is behind, and close the files. Nothing is lost without it."""
        self.backend.close()

    # --- documents

    def add(
        self, sources: Source | Iterable[Source], *, progress: Progress | None = None, ray: str | None = None
    ) -> Report:
        """Add files, folders or Documents; each is durable once `progress` has named it.

        The same bytes again change nothing; a changed file or namesake replaces its earlier version (see
        `version`). What cannot be read is in `report.failed` with its reason and stops nothing else.
        progress: called as (done, total, name).
        ray: address of a Ray cluster that reads and encodes the files; see `cluster.add`, also for ClusterError.

        >>> print(library.add("articles"))
        2 added, 0 unchanged, 0 replaced, 0 failed
        >>> library.add(Document("a1", "Bees", "Honey bees do not hibernate.")).added
        ['a1']
        >>> print(library.add(["articles/tea.md", "articles/none.txt"]).failed[0])
        articles/none.txt: does not exist
        """
        given = (
            [sources] if isinstance(sources, str | os.PathLike | Document)
            else errors.check_several("sources", sources, (str, os.PathLike, Document), "paths and Documents")
        )  # fmt: skip
        if ray is None:
            report = Indexer(self.backend, self._load_encoder, self.settings, progress).add(given)
        else:
            report = cluster.add(
                self.backend, self._load_encoder, self._given_encoder, self.settings, given, ray, progress
            )
        if report.added or report.replaced:
            self._save()
        return report

    def sync(
        self, folder: str | os.PathLike[str], *, ignore: Iterable[str] = (), sure: bool = False, dry_run: bool = False,
        progress: Progress | None = None,
    ) -> SyncReport:  # fmt: skip
        """Make the library match a folder: add, replace, move and remove files below it, and no others.

        What is gone stops answering first. Files that failed are read again when they have changed, or when it was
        not for what they hold. ignore: patterns as in .gitignore, besides those in the folder's .pinciteignore.
        sure: believe it even when most of the files are gone; dry_run: change nothing.
        Raises SyncError where the folder is not there, or may be unmounted or emptied by mistake.

        >>> print(library.sync("articles"))
        2 added, 0 unchanged, 0 replaced, 0 moved, 0 removed, 0 failed
        >>> Path("articles/bees.txt").unlink()
        >>> print(library.sync("articles"))
        0 added, 1 unchanged, 0 replaced, 0 moved, 1 removed, 0 failed
        """
        patterns = errors.check_several("ignore", ignore, str, "patterns")
        report = sync(
            self.backend, self._load_encoder, self.settings, absolute(folder), ignore=patterns, sure=sure,
            dry_run=dry_run, progress=progress,
        )  # fmt: skip
        if not dry_run and report.changes():
            self._save()
        return report

    def _save(self) -> None:
        """Write the index where it is behind, unless no model was needed."""
        if self._encoder is not None:
            self.backend.save()

    @property
    def name(self) -> str:
        """What people call it: the folder, or the address."""
        return self.backend.name

    def copy_to(self, target: "Library", progress: Progress | None = None, encode: bool = False) -> Totals:
        """Copy all into another library, which may hold part of it already; return what both then hold.

        encode: anew, with the target's model; otherwise nothing is encoded again. Raises EncoderMismatchError, or
        StorageError where the two differ at the end.
        """
        if not isinstance(target, Library):
            raise errors.wrong("target", target, "a Library")
        anew = partial(encoded_anew, encoder=target._load_encoder()) if encode else None
        return copy(self.backend, target.backend, progress, encode=anew)

    def backup(self, folder: str | os.PathLike[str]) -> Path:
        """Copy the library as it is now into a new folder, while it is used; return the folder.

        It is there whole or not at all. StorageError where it cannot be made, LibraryDamagedError where the copy is
        damaged, as the library then is.

        >>> _ = library.add("articles")
        >>> len(Library(library.backup("copy.pincite")).documents())
        2
        """
        return self.backend.backup(absolute(folder))

    @staticmethod
    def restore(backup: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
        """Put the documents of a backup in the place of those of a library, whole or not at all; uploads stay.

        Copying the files instead leaves the log of what is replaced, which changes what was copied. Whoever has the
        library open gets a StorageError and opens it again. LibraryDamagedError where the backup is damaged.

        >>> _ = library.add("articles")
        >>> _ = library.backup("copy.pincite")
        >>> Library.restore("copy.pincite", "other.pincite")
        >>> len(Library("other.pincite").documents())
        2
        """
        LocalBackend.restore(absolute(backup), absolute(path))

    def remove(self, *names: str) -> list[str]:
        """Remove documents by doc_id or path (a folder's path removes what is below it); return the doc_ids removed.

        Files that could not be read are forgotten; their paths are returned too, and those of files whose document
        stays because other files hold it. What is not there is no error. Their earlier versions go with them.

        >>> _ = library.add(["articles", Document("a1", "Bees", "Honey bees do not hibernate.")])
        >>> library.remove("a1", "a2")
        ['a1']
        >>> len(library.remove("articles"))
        2
        """
        return remove(self.backend, [*map(os.fspath, names)])

    def documents(self) -> list[Document]:
        """Return all documents in the order of adding, without their texts (see `document`).

        >>> _ = library.add("articles")
        >>> [document.title for document in library.documents()]
        ['bees', 'Tea']
        """
        return [document for document, _ in self.backend.documents.all()]

    def document(self, doc_id: str) -> Document | None:
        """Return one document with its text, or None.

        >>> _ = library.add(Document("a1", "Bees", "Honey bees do not hibernate."))
        >>> library.document("a1").text
        'Honey bees do not hibernate.'
        """
        return self.backend.documents.get(errors.check_text("doc_id", doc_id))

    def header(self, doc_id: str) -> Document | None:
        """Return one document without its text, or None."""
        return self.backend.documents.header(errors.check_text("doc_id", doc_id))

    def versions(self, doc_id: str = "") -> list[Version]:
        """Return the earlier versions of a document, or of all, without their texts, oldest first.

        None are kept on Milvus, and the oldest go where all take more than `Settings.versions_bytes`.

        >>> for text in ("The fee is 240 euros.", "The fee is 260 euros."):
        ...     _ = library.add(Document("fees", "Fees", text))
        >>> [version.successor for version in library.versions("fees")]
        ['fees']
        """
        name = errors.check_text("doc_id", doc_id)
        return [each for each in self.backend.versions.all() if name in ("", each.successor)]

    def version(self, doc_id: str, sha256: str = "") -> Version | None:
        """Return an earlier version with its text and passages, or None: what a citation names that is replaced.

        >>> _ = library.add(Document("fees", "Fees", "The fee is 240 euros."))
        >>> citation = library.ask("What is the fee?").citations[0]
        >>> _ = library.add(Document("fees", "Fees", "The fee is 260 euros."))
        >>> library.version(citation.doc_id, citation.sha256).document.text
        'The fee is 240 euros.'
        """
        return self.backend.versions.get(errors.check_text("doc_id", doc_id), errors.check_text("sha256", sha256))

    def prune(self, keep_bytes: int = 0) -> int:
        """Drop earlier versions, oldest first, until the others take so many bytes at most; return how many."""
        return self.backend.versions.prune(errors.check_whole("keep_bytes", keep_bytes))

    def passages(self, doc_id: str, start: int = 0, end: int | None = None) -> list[Passage]:
        """Return a document's passages in order, or those that reach into [start, end) of its text.

        >>> _ = library.add(Document("a1", "Bees", "Honey bees do not hibernate. They shiver."))
        >>> [(passage.number, passage.start, passage.text) for passage in library.passages("a1")]
        [(1, 0, 'Honey bees do not hibernate. They shiver.')]
        """
        first = errors.check_whole("start", start)
        last = None if end is None else errors.check_whole("end", end)
        return self.backend.passages.of_document(errors.check_text("doc_id", doc_id), first, last)

    def paragraphs(self) -> dict[str, int]:
        """Return doc_id -> its number of paragraphs."""
        return self.backend.documents.paragraphs()

    def coverage(self) -> Coverage:
        """Tell how many of the files and documents that were given can be searched."""
        return self.backend.files.coverage()

    def failures(self) -> dict[str, str]:
        """Return path -> reason of the files that could not be read."""
        return {path: state.reason for path, state in self.backend.files.all().items() if state.reason}

    def info(self) -> dict[str, Any]:
        """Return facts about the library: path, documents, passages, failed, bytes, encoder, generation."""
        return {
            "path": self.backend.name,
            "documents": self.backend.documents.count(),
            "passages": self.backend.passages.count(),
            "failed": self.coverage().failed,
            "bytes": self.backend.facts.size(),
            "encoder": self.backend.facts.get("encoder"),
            "generation": self.backend.facts.generation(),
        }

    def generation(self) -> int:
        """Return the number of the last write: answers change only when it does."""
        return self.backend.facts.generation()

    def add_feedback(self, question: str, found: bool, quotes: Sequence[str], good: bool, note: str = "") -> None:
        """Keep what a person thinks of an answer: whether it was found, its quotes, good or not, and a note."""
        said = [
            errors.check_text("one of quotes", quote) for quote in errors.check_several("quotes", quotes, str, "texts")
        ]
        if not isinstance(found, bool) or not isinstance(good, bool):
            raise errors.wrong("found or good", (found, good), "True or False each")
        self.backend.facts.add_feedback(
            errors.check_text("question", question), found, said, good, errors.check_text("note", note)
        )

    def feedback(self) -> list[dict[str, Any]]:
        """Return the judgements as eval cases, oldest first.

        A bad answer says nothing about the right one: its case has answerable None (found, but wrong) or True (not
        found, but there) and no quotes, for a person to complete.
        """
        return [
            {"id": f"feedback-{number}", "question": question, "kind": "feedback",
             "answerable": found if good else None if found else True, "quotes": quotes if good else [], "note": note}
            for number, question, found, quotes, good, note in self.backend.facts.feedback()
        ]  # fmt: skip

    def check(self) -> None:
        """Read the whole database; LibraryDamagedError where it is damaged."""
        self.backend.check()

    # --- questions

    def search(self, question: str, k: int = 10, where: Mapping[str, Any] | None = None) -> list[Hit]:
        """Return the best `k` passages, best first. QuestionError where the question is empty or too long.

        where: {"doc_id", "source", "title" or a metadata key: a value, or a list of which any will do}; a value may be
        a range of dates, "2018-06..2018-07" or "2018..".

        >>> _ = library.add("articles")
        >>> best = library.search("Which leaves are heated?", k=1)[0]
        >>> best.rank, library.header(best.passage.doc_id).title, best.passage.locator
        (1, 'Tea', '¶ 1')
        >>> library.search("Which leaves are heated?", k=1, where={"title": "bees"})[0].passage.text
        'Honey bees do not hibernate. They shiver to stay warm.'
        """
        ranked = self.rank(question, k, where)
        return [item.hit(number) for number, item in enumerate(ranked, start=1)]

    def rank(self, question: str, k: int, where: Mapping[str, Any] | None = None) -> list[Ranked]:
        """Return what `search` returns, with every signal of every sentence; for those who fit weights."""
        count, conditions = (
            errors.check_whole("k", k, 1, MOST_PASSAGES, QuestionError),
            errors.check_mapping("where", where),
        )
        encoder = self._load_encoder()
        embedding = encoder.question(checked(question))
        return rank(self.backend, question, embedding, count, conditions, languages_of(encoder))

    def ask(
        self, question: str, *, history: Sequence[Message] = (), k: int = 5, where: Mapping[str, Any] | None = None,
        threshold: float | None = None,
    ) -> Answer:  # fmt: skip
        """Answer with one to three verbatim quotes, or say that the documents do not.

        history: Turns, or {"role", "content"} dicts as in chat APIs. k: passages returned with the answer.
        threshold: confidence (0 to 1) below which nothing is quoted; that of the settings where it is None.
        QuestionError where the question is empty or too long.

        >>> _ = library.add("articles")
        >>> answer = library.ask("Do honey bees hibernate?")
        >>> answer.found, answer.citations[0].quote
        (True, 'Honey bees do not hibernate.')
        >>> library.ask("And how do they stay warm?", history=[Turn(answer.question, answer)]).citations[0].title
        'bees'
        >>> print(library.ask("What is the capital of Mongolia?").text)
        The documents do not say this. Nothing in them mentions “Mongolia”. Related passages follow.
        """
        said = errors.check_several("history", history, (Turn, Mapping), "Turns, or of dicts as in chat APIs")
        count, conditions = (
            errors.check_whole("k", k, 1, MOST_PASSAGES, QuestionError),
            errors.check_mapping("where", where),
        )
        least = self._least(threshold)
        asked = interpret(question, said)
        return replied(self.backend, asked) or self._pipeline(least).answer(asked, count, conditions)

    def review(
        self, questions: Sequence[str], *, where: Mapping[str, Any] | None = None, threshold: float | None = None,
        progress: Progress | None = None,
    ) -> Review:  # fmt: skip
        """Ask every document the same questions: a table of answers with verified quotes, a row a document.

        where, threshold: as in `ask`; documents that `where` leaves out have no row. progress: called as (done, total,
        title) after each document; what it raises ends the work. QuestionError where a question cannot be asked, or
        there are none, or more than a hundred.
        """
        asked = [
            errors.check_text("one of questions", each)
            for each in errors.check_several("questions", questions, str, "texts")
        ]
        return review(self, asked, errors.check_mapping("where", where), self._least(threshold), progress)

    def verify(self, citation: Citation) -> str:
        """Compare a citation with its source as it is now: "valid", "changed" or "missing".

        A file must have the same bytes as when it was read, or another file of the library must; a document made in
        memory, the same text.

        >>> _ = library.add("articles")
        >>> citation = library.ask("How is green tea made?").citations[0]
        >>> library.verify(citation)
        'valid'
        >>> _ = Path("articles/tea.md").write_text("Nothing is said of it.")
        >>> library.verify(citation)
        'changed'
        """
        return verifying.verify(self.backend, _citation(citation), self.settings.max_file_bytes)

    def wording_now(self, citation: Citation) -> str:
        """Return what a citation's source says now in place of the quote, "" where it says nothing like it.

        That is the quote itself where it still stands somewhere in the source, else the sentences that have more than
        half of its words in common, in order; nothing of it was checked as quotes are.

        >>> _ = library.add(Document("fees", "Fees", "The pilot fee is 240 euros for each ship."))
        >>> citation = library.ask("What is the pilot fee?").citations[0]
        >>> _ = library.add(Document("fees", "Fees", "Fees rose. The pilot fee is 260 euros for each ship."))
        >>> library.verify(citation), library.wording_now(citation)
        ('changed', 'The pilot fee is 260 euros for each ship.')
        """
        return verifying.wording_now(self.backend, _citation(citation), self.settings.max_file_bytes)

    def changes(self, doc_id: str) -> list[str]:
        """Return the lines in which a document differs from its file as it is now: "-" before each gone, "+" new.

        None where it came from no file, that cannot be read, or either has more than 20,000 lines.

        >>> _ = library.add("articles")
        >>> _ = Path("articles/bees.txt").write_text("Honey bees do hibernate.")
        >>> library.changes(library.documents()[0].doc_id)
        ['-Honey bees do not hibernate. They shiver to stay warm.', '+Honey bees do hibernate.']
        """
        return verifying.changes(self.backend, errors.check_text("doc_id", doc_id), self.settings.max_file_bytes)

    def verify_sources(self) -> Iterator[tuple[Document, str]]:
        """Yield each document that came from a file, and "valid", "changed" or "missing"."""
        return verifying.source_states(self.backend)

    # --- parts that are made when first needed

    def _least(self, threshold: float | None) -> float:
        """Return the confidence from which on an answer is quoted."""
        return self.settings.threshold if threshold is None else errors.check_number("threshold", threshold, 0, 1)

    def _pipeline(self, least: float) -> Pipeline:
        return Pipeline(self.backend, self._load_encoder(), self._load_reader(), least)

    def costs(self) -> list[dict[str, float]]:
        """Return what thresholds cost, lowest first, on articles that were not fitted on; see confidence.json.

        Those that leave nearly every question unanswered are left out.
        """
        rows: list[dict[str, float]] = fitted(self.settings.reader or OUR_READER, self.settings.model)["thresholds"]
        return [row for row in rows if row["own answered"] >= LEAST_ANSWERED]

    def _load_reader(self) -> Reader | None:
        """Return the reader of the settings, or None; its model loads at the first question."""
        return self._given_reader or self._models.reader()

    def _load_encoder(self) -> Encoder:
        """Open the encoder, and compare it with the one that the library was built with."""
        with self._lock:
            if self._encoder is None:
                encoder = self._given_encoder or self._models.encoder()
                if self.backend.facts.get("encoder") is None:
                    self.backend.facts.record("encoder", encoder.fingerprint)
                check_encoder(encoder, self.backend.facts.get("encoder"), self.name)
                self.backend.analyse(analysis_of(encoder))
                self._encoder = encoder
            return self._encoder


class _Models:
    """The models of settings, each loaded when it is first needed, for all libraries beside each other."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lock = settings, new_lock()
        self._encoder: Encoder | None = None
        self._reader: tuple[Reader | None] | None = None

    def encoder(self) -> Encoder:
        with self._lock:
            self._encoder = self._encoder or open_encoder(self._settings)
            return self._encoder

    def reader(self) -> Reader | None:
        with self._lock:
            self._reader = self._reader or (open_reader(self._settings.reader, self._settings),)
            return self._reader[0]


def _citation(given: Citation) -> Citation:
    """Return a citation whose fields can be compared; TypeError or ArgumentError."""
    if not isinstance(given, Citation):
        raise errors.wrong("citation", given, "a Citation")
    for name in ("doc_id", "quote", "sha256"):
        errors.check_text(f"citation.{name}", getattr(given, name))
    if given.source is not None and (not isinstance(given.source, str) or "\0" in given.source):
        raise errors.wrong("citation.source", given.source, "a path, or None")
    for name in ("start", "end", *(("answer_start", "answer_end") if given.answer is not None else ())):
        errors.check_whole(f"citation.{name}", getattr(given, name), -(2**63))
    return given


@cache
def default_library() -> Library:
    """Return the library of the shipped documents, built on first use in the cache folder.

    Every model and every schema has one of its own, and documents that an earlier version shipped are dropped.
    """
    settings = Settings.from_environment()
    library = Library(settings.cache / f"seeds-{SCHEMA_VERSION}-{fingerprint(settings)}.pincite", settings)
    report = library.add(seeds_folder())
    if report.failed:
        raise LibraryError(f"the shipped documents cannot be read: {report.failed[0]}")
    library.remove(*(document.doc_id for document, state in library.verify_sources() if state == "missing"))
    return library


def ask(
    question: str, *, history: Sequence[Message] = (), k: int = 5, where: Mapping[str, Any] | None = None
) -> Answer:
    """Ask the shipped documents; see Library.ask. The first call builds their library (seconds)."""
    return default_library().ask(question, history=history, k=k, where=where)
