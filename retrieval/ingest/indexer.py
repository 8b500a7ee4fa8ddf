"""Documents are added and removed: what is new is parsed, encoded and stored, one batch after another."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from retrieval.embedding import INSTALL, MULTILINGUAL, Encoder, languages_of
from retrieval.errors import ContentError, DocumentError, EmptyError, LibraryDamagedError, StorageError
from retrieval.files import absolute
from retrieval.ingest.encode import encode, vectors_by_content
from retrieval.ingest.files import ParsedDocument, find_files, from_memory, is_unchanged, load, on_disk
from retrieval.records import Document
from retrieval.settings import Settings
from retrieval.storage import Backend, FileState, IndexedDocument
from retrieval.text import composed, language_name

Source = str | os.PathLike[str] | Document
Progress = Callable[[int, int, str], None]  # done, total, name of what was done last
BATCH_CHARACTERS = 64 * 600  # 64 usual passages, encoded and written together: about 3 s of work that Ctrl-C can lose


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be added, or not wholly, and why."""

    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


@dataclass(slots=True)
class Report:
    """What an add did: doc_ids, failures with their reasons, and what was added but not wholly read.

    foreign: language -> number of documents added in it, of those that the model does not know.
    """

    added: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    incomplete: list[Failure] = field(default_factory=list)
    foreign: Counter[str] = field(default_factory=Counter)

    @property
    def hint(self) -> str:
        """What finds more in languages that the model does not know; "" where there are none."""
        count = self.foreign.total()
        if not count:
            return ""
        named = " and ".join(map(language_name, sorted(self.foreign)))
        counted = f"{count} document{'s are' if count > 1 else ' is'}"
        return f"{counted} in {named}; {INSTALL} finds more, with PINCITE_MODEL={MULTILINGUAL}"

    def __str__(self) -> str:
        counts = (self.added, self.unchanged, self.replaced, self.failed)
        return "{} added, {} unchanged, {} replaced, {} failed".format(*(len(names) for names in counts))


class Indexer:
    """One run of adding to a library.

    `add` does all of it in this process. Where files are parsed and encoded elsewhere (see `cluster`), the same steps
    are called one by one: `expand` the sources, ask `must_read` of every file, say of each of those what came of it by
    `take`, `link` or `fail`, and `finish`.
    """

    def __init__(
        self, backend: Backend, open_encoder: Callable[[], Encoder], settings: Settings,
        progress: Progress | None = None,
    ) -> None:  # fmt: skip
        """Take note of the files that the library knows. open_encoder: called when the first document is encoded."""
        self._backend = backend
        self._open_encoder = open_encoder
        self._settings = settings
        self._progress = progress
        self._files = backend.files.all()
        self._report = Report()
        self._batch: list[ParsedDocument | IndexedDocument] = []
        self._characters = 0  # in the batch
        self._replaced: dict[str, str] = {}  # name of a document in the batch -> doc_id of its earlier version
        self._done = self._total = 0

    def add(self, sources: Iterable[Source]) -> Report:
        """Add every source; see Library.add."""
        return self._run(self.expand(sources))

    def add_files(self, files: Iterable[Path]) -> Report:
        """Add files whose absolute paths are given, none of them a folder to be looked into."""
        items = list(files)
        self._total = len(items)
        return self._run(items)

    def _run(self, items: Iterable[Path | Document]) -> Report:
        for item in items:
            if isinstance(item, Document):
                self.add_document(item)
            elif self.must_read(item):
                try:
                    parsed = load(item, self._settings.max_file_bytes)
                except DocumentError as error:
                    self.fail(error)
                else:
                    self.take(parsed)
        return self.finish()

    def expand(self, sources: Iterable[Source]) -> list[Path | Document]:
        """Replace folders by their files; a path that is not there fails at once. Progress counts what this returns."""
        items: dict[Path | str, Path | Document] = {}
        for source in sources:
            if isinstance(source, Document):
                items[source.doc_id] = source
                continue
            try:
                path = on_disk(absolute(source))
                self._forget_gone(path)
                items |= {file: file for file in find_files(path)}
            except (DocumentError, OSError, ValueError) as error:
                reason = getattr(error, "reason", "") or getattr(error, "strerror", "") or str(error)
                self._report.failed.append(Failure(str(source), reason))
        self._total = len(items)
        return list(items.values())

    def _forget_gone(self, path: Path) -> None:
        """Forget failed files at or below a path that are not there any more: they miss nothing."""
        failed = [name for name, state in self._files.items() if state.reason and not state.doc_id]
        gone = [name for name in failed if _is_at_or_below(name, str(path)) and not os.path.lexists(name)]
        if gone:
            self._backend.files.forget(gone)

    def must_read(self, path: Path) -> bool:
        """Tell whether a file is to be read; if not, count it as unchanged, or as failed for a closed folder.

        A file that failed is tried again every time: what stood in its way may have been the disk or a setting.
        """
        state = self._files.get(str(path))
        try:
            _check_is_no_folder(path)
        except DocumentError as error:
            self.fail(error)
            return False
        if state is not None and state.doc_id and not state.reason and is_unchanged(path, state):
            self._count(self._report.unchanged, state.doc_id, str(path))
            return False
        return True

    def add_document(self, document: Document) -> None:
        """Add a document that was made in memory, unless the library has it already."""
        try:
            parsed = from_memory(document)
        except DocumentError as error:
            return self.fail(error, is_file=False)
        before = self._backend.documents.get(document.doc_id)
        if before == parsed.document:
            self._count(self._report.unchanged, document.doc_id, document.doc_id)
        else:
            self._queue(parsed, None if before is None else document.doc_id)

    def take(self, document: ParsedDocument | IndexedDocument) -> None:
        """Add what was read of a file, encoded or not, unless the library has its content already."""
        doc_id, path = document.document.doc_id, _name(document)
        if any(waiting.document.doc_id == doc_id for waiting in self._batch):
            self._flush()
        if self._backend.documents.header(doc_id) is None:
            state = self._files.get(path)
            self._queue(document, None if state is None else state.doc_id)
        else:
            size, mtime_ns = document.file or (0, 0)
            self.link(path, FileState(size, mtime_ns, doc_id, ""))

    def link(self, path: str, now: FileState) -> None:
        """Point a file at the document that holds its content."""
        known = self._backend.documents.header(now.doc_id or "")
        if known is None:
            return self.fail(DocumentError(path, "was removed from the library meanwhile; add it again"))
        gone = [known.source] if known.source and not os.path.lexists(known.source) else []
        self._backend.files.rearrange({path: now}, gone)
        self._count(self._report.unchanged, known.doc_id, path)

    def fail(self, error: DocumentError, is_file: bool = True) -> None:
        """Report a failure and remember it, so that the library can say what it does not cover.

        What was read of a file before stays, unless it is empty now: nothing that was acknowledged is lost to a bad
        moment.
        """
        name, reason = error.source, error.reason
        size, mtime_ns = (error.size, error.mtime_ns) if isinstance(error, ContentError) else (0, 0)
        self._report.failed.append(Failure(name, reason))
        before = self._files.get(name)
        if is_file and (before is None or (before.reason, before.size, before.mtime_ns) != (reason, size, mtime_ns)):
            with suppress(StorageError):  # the disk is full: the report still says it
                if isinstance(error, EmptyError):
                    self._backend.files.rearrange({name: FileState(size, mtime_ns, None, reason)}, [])
                else:
                    self._backend.files.fail(name, reason, size, mtime_ns)
        self._progressed(name)

    def finish(self) -> Report:
        """Store what waits, and return the report of the whole run."""
        self._flush()
        return self._report

    def _queue(self, document: ParsedDocument | IndexedDocument, replaced: str | None) -> None:
        """Let a document wait until there are enough to be encoded and stored together."""
        name = _name(document)
        if warning := document.document.metadata.get("warnings"):
            self._report.incomplete.append(Failure(name, str(warning)))
        if replaced:
            self._replaced[name] = replaced
        self._batch.append(document)
        self._characters += len(document.document.text)
        if self._characters > BATCH_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        """Encode and store what waits, in one transaction; when it cannot be stored, each document says so."""
        batch, replaced = self._batch, self._replaced
        self._batch, self._replaced, self._characters = [], {}, 0
        if not batch:
            return
        try:
            self._backend.documents.add(self._encoded(batch, replaced.values()))
        except LibraryDamagedError:
            raise
        except StorageError as error:
            for document in batch:
                self.fail(DocumentError(_name(document), f"not stored: {error}"), document.file is not None)
            return
        for document in batch:
            names = self._report.replaced if _name(document) in replaced else self._report.added
            self._count(names, document.document.doc_id, _name(document))
        languages = (str(document.document.metadata.get("language", "")) for document in batch)
        self._report.foreign.update(own for own in languages if own and self._known and own not in self._known)

    @cached_property
    def _known(self) -> frozenset[str]:
        """The languages that the model knows, none for any."""
        return languages_of(self._open_encoder())

    def _encoded(
        self, batch: Sequence[ParsedDocument | IndexedDocument], replaced: Iterable[str]
    ) -> list[IndexedDocument]:
        """Encode what is only parsed so far, but for passages that the replaced documents hold already."""
        parsed = [document for document in batch if isinstance(document, ParsedDocument)]
        if not parsed:
            return [document for document in batch if isinstance(document, IndexedDocument)]
        known = vectors_by_content(self._backend.documents.indexed(replaced))
        made = iter(encode(parsed, self._open_encoder(), known))
        return [next(made) if isinstance(document, ParsedDocument) else document for document in batch]

    def _count(self, names: list[str], doc_id: str, name: str) -> None:
        names.append(doc_id)
        self._progressed(name)

    def _progressed(self, name: str) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total, name)


def remove(backend: Backend, names: Iterable[str]) -> list[str]:
    """Remove documents by doc_id or path, and forget files that could not be read; see Library.remove.

    A document that other files hold too stays theirs when the path of one is given.
    """
    sources = {document.doc_id: document.source for document, _ in backend.documents.all()}
    earlier = {version.document.doc_id for version in backend.versions.all()}
    files = backend.files.all()
    alone = [(source, doc_id) for doc_id, source in sources.items() if source and source not in files]
    doc_ids: dict[str, None] = {}
    paths: dict[str, str | None] = {}  # of files -> doc_id
    for name in names:
        if name in sources or name in earlier:
            doc_ids[name] = None
            continue
        above = composed(str(absolute(name)))
        paths |= {path: state.doc_id for path, state in files.items() if _is_at_or_below(composed(path), above)}
        doc_ids |= {doc_id: None for source, doc_id in alone if _is_at_or_below(composed(source), above)}
    failed = [path for path, doc_id in paths.items() if not doc_id]
    held = {path: doc_id for path, doc_id in paths.items() if doc_id and doc_id not in doc_ids}
    if failed:
        backend.files.forget(failed)
    if held:
        backend.files.rearrange({}, held)
    removed = backend.documents.remove(doc_ids) if doc_ids else []
    kept = backend.documents.hashes(list(set(held.values()))) if held else {}
    gone = dict.fromkeys(doc_id for doc_id in held.values() if doc_id not in kept)
    return [*removed, *gone, *failed, *(path for path, doc_id in held.items() if doc_id in kept)]


def _name(document: ParsedDocument | IndexedDocument) -> str:
    """Return what progress and reports call a document: its file's path, or its doc_id where it has no file."""
    return document.document.doc_id if document.file is None else str(document.document.source)


def _is_at_or_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _check_is_no_folder(path: Path) -> None:
    """Refuse what `find_files` lists of folders: those that may not be read; DocumentError says why."""
    if not os.path.isdir(path):  # noqa: PTH112  # no error without permission
        return
    try:
        next(path.iterdir(), None)
    except OSError as error:
        raise DocumentError(str(path), error.strerror or str(error)) from error
