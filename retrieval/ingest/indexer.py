"""Adding documents: read, compare, encode, store, one batch after another. Knows nothing about questions.

Files are read here, or by a `Reader` elsewhere that may encode them too: what is then done with them is the same.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from retrieval.embedding import Encoder
from retrieval.errors import ContentError, DocumentError, LibraryDamagedError, StorageError
from retrieval.ingest.encode import prepare
from retrieval.ingest.files import Loaded, absolute, find_files, from_memory, load
from retrieval.records import Document, Scalar
from retrieval.settings import Settings
from retrieval.storage import Backend, FileState, Prepared, vectors_by_content

Source = str | os.PathLike[str] | Document
Progress = Callable[[int, int, str], None]
Read = Loaded | Prepared | FileState | DocumentError  # FileState: of a file whose content the library holds
Reader = Callable[[Iterator[Path]], Iterator[tuple[Path, Read]]]
BATCH_PASSAGES = 64  # encoded and written together: about 3 s of work that Ctrl-C can lose


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be added, or not wholly, and why."""

    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Report:
    """What an add did: doc_ids, failures with their reasons, and what was added but not wholly read."""

    added: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    incomplete: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        counts = (self.added, self.unchanged, self.replaced, self.failed)
        return "{} added, {} unchanged, {} replaced, {} failed".format(*(len(names) for names in counts))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A document not yet stored. name: as progress shows it; replaced: doc_id of the earlier version."""

    read: Loaded | Prepared
    name: str
    replaced: str | None
    is_file: bool


class Adder:
    """One run of adding to a store. reader: where files are read, if not here."""

    def __init__(
        self, store: Backend, encoder: Callable[[], Encoder], settings: Settings, reader: Reader | None = None
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._settings = settings
        self._files = store.files()
        self._report = Report()
        self._reader = reader or self._read_here
        self._batch: list[_Waiting] = []
        self._size = 0  # characters
        self._progress: Progress | None = None
        self._done = self._total = 0

    def add(self, sources: Iterable[Source], progress: Progress | None) -> Report:
        """Add every source; see Library.add."""
        return self._run(self._expand(sources), progress)

    def add_files(self, files: Iterable[Path], progress: Progress | None) -> Report:
        """Add files whose absolute paths are given, none of them a folder to be looked into."""
        return self._run(list(files), progress)

    def _run(self, items: Sequence[Path | Document], progress: Progress | None) -> Report:
        self._progress = progress
        self._total = len(items)
        for _, alike in groupby(items, type):
            run = list(alike)
            for document in (item for item in run if isinstance(item, Document)):
                self._take_document(document)
            for path, read in self._reader(self._changed(item for item in run if isinstance(item, Path))):
                self._take_file(path, read)
        self._flush()
        return self._report

    def _read_here(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Read]]:
        for path in paths:
            try:
                yield path, load(path, self._settings.max_file_bytes)
            except DocumentError as error:
                yield path, error

    def _expand(self, sources: Iterable[Source]) -> list[Path | Document]:
        """Replace folders by their files; a path that is not there fails at once."""
        items: dict[Path | str, Path | Document] = {}
        for source in sources:
            if isinstance(source, Document):
                items[source.doc_id] = source
                continue
            try:
                path = absolute(source)
                self._forget_gone(path)
                items |= {file: file for file in find_files(path)}
            except (DocumentError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: no such ~user
                reason = getattr(error, "reason", "") or getattr(error, "strerror", "") or str(error)
                self._report.failed.append(Failure(str(source), reason))
        return list(items.values())

    def _forget_gone(self, path: Path) -> None:
        """Forget failed files at or below a path that are not there any more: they miss nothing."""
        below = (str(path), str(path) + os.sep)
        failed = [name for name, state in self._files.items() if state.reason and not state.doc_id]
        gone = [
            name for name in failed if (name == below[0] or name.startswith(below[1])) and not os.path.lexists(name)
        ]
        if gone:
            self._store.forget(gone)

    def _take_document(self, document: Document) -> None:
        """Put a document that was made in memory into the batch unless the store has it already."""
        try:
            loaded = from_memory(document)
            _check_fields(document)
        except DocumentError as error:
            return self._fail(error, is_file=False)
        before = self._store.document(document.doc_id)
        if before == document:
            self._count(self._report.unchanged, document.doc_id, document.doc_id)
        else:
            self._queue(_Waiting(loaded, document.doc_id, None if before is None else document.doc_id, is_file=False))

    def _changed(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Yield the files that are to be read, and count those that are as they were.

        A file that failed is tried again every time: what stood in its way may have been the disk or a setting.
        """
        for path in paths:
            state = self._files.get(str(path))
            try:
                _check_is_no_folder(path)
            except DocumentError as error:
                self._fail(error)
                continue
            if state is not None and state.doc_id and not state.reason and is_unchanged(path, state):
                self._count(self._report.unchanged, state.doc_id, str(path))
            else:
                yield path

    def _take_file(self, path: Path, read: Read) -> None:
        """Put what was read of a file into the batch unless the store has its content already."""
        if isinstance(read, DocumentError):
            return self._fail(read)
        if isinstance(read, FileState):
            return self._link(path, read)
        doc_id = read.document.doc_id
        if any(waiting.read.document.doc_id == doc_id for waiting in self._batch):
            self._flush()
        if self._store.header(doc_id) is None:
            state = self._files.get(str(path))
            return self._queue(_Waiting(read, str(path), None if state is None else state.doc_id, is_file=True))
        size, mtime_ns = (read.size, read.mtime_ns) if isinstance(read, Loaded) else read.file or (0, 0)
        self._link(path, FileState(size, mtime_ns, doc_id, ""))

    def _link(self, path: Path, now: FileState) -> None:
        """Point a file at the document that holds its content."""
        known = self._store.header(now.doc_id or "")
        if known is None:
            return self._fail(DocumentError(str(path), "was removed from the library meanwhile; add it again"))
        gone = [known.source] if known.source and not os.path.lexists(known.source) else []
        self._store.rearrange({str(path): now}, gone)
        self._count(self._report.unchanged, known.doc_id, str(path))

    def _queue(self, waiting: _Waiting) -> None:
        """Let a document wait until there are enough to be encoded and stored together."""
        if warning := waiting.read.document.metadata.get("warnings"):
            self._report.incomplete.append(Failure(waiting.name, str(warning)))
        self._batch.append(waiting)
        self._size += len(waiting.read.document.text)
        if self._size > BATCH_PASSAGES * 600:  # characters of a usual passage
            self._flush()

    def _count(self, names: list[str], doc_id: str, name: str) -> None:
        names.append(doc_id)
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total, name)

    def _fail(self, error: DocumentError, is_file: bool = True) -> None:
        """Report a failure and remember it, so that the library can say what it does not cover.

        What was read of a file before stays: nothing that was acknowledged is lost to a bad moment.
        """
        name, reason = error.source, error.reason
        size, mtime_ns = (error.size, error.mtime_ns) if isinstance(error, ContentError) else (0, 0)
        self._report.failed.append(Failure(name, reason))
        before = self._files.get(name)
        if is_file and (before is None or (before.reason, before.size, before.mtime_ns) != (reason, size, mtime_ns)):
            with suppress(StorageError):  # the disk is full: the report still says it
                self._store.fail_file(name, reason, size, mtime_ns)
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total, name)

    def _flush(self) -> None:
        """Encode and store what waits, in one transaction; when it cannot be stored, each document says so."""
        batch, self._batch, self._size = self._batch, [], 0
        if not batch:
            return
        try:
            self._store.add(self._prepared(batch))
        except LibraryDamagedError:
            raise
        except StorageError as error:
            for waiting in batch:
                self._fail(DocumentError(waiting.name, f"not stored: {error}"), waiting.is_file)
            return
        for waiting in batch:
            names = self._report.replaced if waiting.replaced else self._report.added
            self._count(names, waiting.read.document.doc_id, waiting.name)

    def _prepared(self, batch: Sequence[_Waiting]) -> list[Prepared]:
        """Encode what was only read so far, but for passages that replaced documents hold already."""
        loaded = [waiting.read for waiting in batch if isinstance(waiting.read, Loaded)]
        replaced = [waiting.replaced for waiting in batch if waiting.replaced] if loaded else []
        known = vectors_by_content(self._store.prepared(replaced))
        made = iter(prepare(loaded, self._encoder(), known) if loaded else [])
        return [waiting.read if isinstance(waiting.read, Prepared) else next(made) for waiting in batch]


def _check_is_no_folder(path: Path) -> None:
    """Refuse what `find_files` lists of folders: those that may not be read; DocumentError says why."""
    if not os.path.isdir(path):  # noqa: PTH112  # no error without permission
        return
    try:
        next(path.iterdir(), None)
    except OSError as error:
        raise DocumentError(str(path), error.strerror or str(error)) from error


def is_unchanged(path: Path, state: FileState) -> bool:
    """Tell from size and time of change whether a file is as it was when it was read, or when it failed."""
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (state.size, state.mtime_ns)


def _check_fields(document: Document) -> None:
    """Refuse what cannot be stored and found again; DocumentError names the field."""
    if not isinstance(document.source, str | None):
        raise DocumentError(document.doc_id, f"source is {document.source!r}; expected text or None")
    for key, value in document.metadata.items():
        finite = not isinstance(value, float) or math.isfinite(value)
        if not isinstance(key, str) or not isinstance(value, Scalar) or not finite:
            expected = "text, a finite number, true or false under a name"
            raise DocumentError(document.doc_id, f"metadata {key!r} is {value!r}; expected {expected}")
    try:
        "".join(map(str, [document.source, document.sha256, *document.metadata, *document.metadata.values()])).encode()
    except UnicodeEncodeError:
        raise DocumentError(document.doc_id, "source or metadata hold half of a surrogate pair") from None
