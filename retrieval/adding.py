"""Adding documents: read, compare, split, encode, store, one batch after another. Knows nothing about questions."""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.documents import Loaded, absolute, find_files, from_memory, load
from retrieval.encoder import Encoder, PassageVectors
from retrieval.errors import ContentError, DocumentError, LibraryDamagedError, StorageError
from retrieval.passages import split
from retrieval.records import Document, Passage, Scalar
from retrieval.settings import Settings
from retrieval.backend import Backend, Content, FileState, Prepared, content

Source = str | os.PathLike[str] | Document
Progress = Callable[[int, int, str], None]
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


@dataclass(slots=True)
class _Batch:
    """Documents read but not yet stored. names: as progress shows them; replaced: doc_id of the earlier version."""

    loaded: list[Loaded] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    replaced: list[str | None] = field(default_factory=list)
    size: int = 0  # characters


class Adder:
    """One run of adding to a store."""

    def __init__(self, store: Backend, encoder: Callable[[], Encoder], settings: Settings) -> None:
        self._store = store
        self._encoder = encoder
        self._settings = settings
        self._files = store.files()
        self._report = Report()
        self._batch = _Batch()
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
        for item in items:
            name = item.doc_id if isinstance(item, Document) else str(item)
            try:
                if isinstance(item, Document):
                    self._take_document(item)
                else:
                    self._take_file(item, name)
            except ContentError as error:
                self._fail(error.source, error.reason, True, error.size, error.mtime_ns)
            except DocumentError as error:
                self._fail(error.source, error.reason, is_file=isinstance(item, Path))
            if self._batch.size > BATCH_PASSAGES * 600:  # characters of a usual passage
                self._flush()
        self._flush()
        return self._report

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
        loaded = from_memory(document)
        _check_fields(document)
        before = self._store.document(document.doc_id)
        if before == document:
            self._count(self._report.unchanged, document.doc_id, document.doc_id)
        else:
            self._queue(loaded, document.doc_id, None if before is None else document.doc_id)

    def _take_file(self, path: Path, name: str) -> None:
        """Put a file into the batch unless the store has its content already.

        A file that failed is tried again every time: what stood in its way may have been the disk or a setting.
        """
        _check_is_no_folder(path)
        state = self._files.get(name)
        if state is not None and state.doc_id and not state.reason and is_unchanged(path, state):
            self._count(self._report.unchanged, state.doc_id, name)
            return
        loaded = load(path, self._settings.max_file_bytes)
        doc_id = loaded.document.doc_id
        if any(waiting.document.doc_id == doc_id for waiting in self._batch.loaded):
            self._flush()
        known = self._store.header(doc_id)
        if known is None:
            self._queue(loaded, name, None if state is None else state.doc_id)
            return
        now = FileState(loaded.size, loaded.mtime_ns, doc_id, "")
        gone = [known.source] if known.source and not os.path.lexists(known.source) else []
        self._store.rearrange({name: now}, gone)
        self._count(self._report.unchanged, doc_id, name)

    def _queue(self, loaded: Loaded, name: str, replaced: str | None) -> None:
        if warning := loaded.document.metadata.get("warnings"):
            self._report.incomplete.append(Failure(name, str(warning)))
        self._batch.loaded.append(loaded)
        self._batch.names.append(name)
        self._batch.replaced.append(replaced)
        self._batch.size += len(loaded.document.text)

    def _count(self, names: list[str], doc_id: str, name: str) -> None:
        names.append(doc_id)
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total, name)

    def _fail(self, name: str, reason: str, is_file: bool, size: int = 0, mtime_ns: int = 0) -> None:
        """Report a failure and remember it, so that the library can say what it does not cover.

        What was read of a file before stays: nothing that was acknowledged is lost to a bad moment.
        size, mtime_ns: see Backend.fail_file.
        """
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
        batch, self._batch = self._batch, _Batch()
        if not batch.loaded:
            return
        try:
            self._store.add(self._prepare(batch))
        except LibraryDamagedError:
            raise
        except StorageError as error:
            for loaded, name in zip(batch.loaded, batch.names, strict=True):
                self._fail(name, f"not stored: {error}", is_file=loaded.size > 0)
            return
        for loaded, name, replaced in zip(batch.loaded, batch.names, batch.replaced, strict=True):
            self._count(self._report.replaced if replaced else self._report.added, loaded.document.doc_id, name)

    def _prepare(self, batch: _Batch) -> list[Prepared]:
        """Split and encode documents together, so that batches hold passages of like length."""
        encoder = self._encoder()
        split_up = [
            split(item.document, item.blocks, encoder.count_tokens, encoder.max_tokens) for item in batch.loaded
        ]
        titled = [(p, item.document.title) for item, own in zip(batch.loaded, split_up, strict=True) for p in own]
        vectors = iter(self._vectors(titled, [doc_id for doc_id in batch.replaced if doc_id]))
        prepared = []
        for item, own in zip(batch.loaded, split_up, strict=True):
            file = None if item.document.source is None or not item.size else (item.size, item.mtime_ns)
            prepared.append(Prepared(item.document, own, [next(vectors) for _ in own], file))
        return prepared

    def _vectors(self, titled: Sequence[tuple[Passage, str]], replaced: Iterable[str]) -> list[PassageVectors]:
        """Encode passages, given with the titles of their documents; none twice, nor what replaced documents hold."""
        known: dict[Content, PassageVectors] = {}
        for doc_id in replaced:
            known |= self._store.vectors_of(doc_id)
        contents = [content(passage, title) for passage, title in titled]
        new = list({own: index for index, own in enumerate(contents) if own not in known}.values())
        passages, titles = [titled[index][0] for index in new], [titled[index][1] for index in new]
        for index, made in self._encoder().encode_passages(passages, titles):
            known[contents[new[index]]] = made
        return [known[own] for own in contents]


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
