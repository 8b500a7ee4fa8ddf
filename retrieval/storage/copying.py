"""Moves a library from one backend to another without encoding again. Knows nothing about either of them."""

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import EncoderMismatchError, LibraryDamagedError, LibraryError, StorageError
from retrieval.records import Document
from retrieval.storage.base import Backend
from retrieval.storage.local.backend import Embedded

BATCH_PASSAGES = 512  # written together
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Totals:
    """What two libraries must have in common to hold the same.

    spans: SHA-256 over doc_id, hash, text and the passages' spans of all documents, in the order of doc_id.
    """

    documents: int
    passages: int
    files: int
    spans: str


def totals(library: Backend) -> Totals:
    """Read a library whole and return its totals; StorageError where it is written to meanwhile."""
    digest, passages = hashlib.sha256(), 0
    documents = sorted(library.documents(), key=lambda item: item[0].doc_id)
    for batch in _batches(documents):
        items = library.prepared(batch)
        if len(items) != len(batch):
            raise StorageError(f"{library.name} is being written to; copy it when that is done")
        for item in items:
            passages += len(item.passages)
            spans = [(p.start, p.end, p.number, p.sentences) for p in item.passages]
            digest.update(repr((item.document.doc_id, item.document.title, item.document.sha256, spans)).encode())
            digest.update(item.document.text.encode("utf-8", "surrogatepass"))
    return Totals(len(documents), passages, len(library.files()), digest.hexdigest())


def _batches(documents: Iterable[tuple[Document, int]]) -> Iterator[list[str]]:
    """Cut documents, each with its number of passages, into lists of doc_ids to be read together."""
    batch, waiting = list[str](), 0
    for document, passages in documents:
        batch.append(document.doc_id)
        waiting += passages
        if waiting >= BATCH_PASSAGES:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch


def copy(source: Backend, target: Backend, progress: Progress | None = None) -> Totals:
    """Copy all that a library holds into another, which may hold part of it already; return what both then hold.

    What the target holds beyond that is removed only if it is a document of the same doc_id. Raises
    EncoderMismatchError where the target was built with another encoder, StorageError where the two differ at the end.
    """
    _check_encoders(source, target)
    every, there = source.documents(), target.documents()
    held = {document.doc_id: (document, passages) for document, passages in there}
    missing = [item for item in every if held.get(item[0].doc_id) != item]
    done = len(every) - len(missing)
    for batch in _batches(missing):
        target.add(source.prepared(batch))
        done += len(batch)
        if progress:
            progress(done, len(every), batch[-1])
    _copy_files(source, target)
    _copy_feedback(source, target)
    target.save()
    return _verified(source, target)


def _check_encoders(source: Backend, target: Backend) -> None:
    own = source.meta("encoder")
    if own is not None:
        target.set_meta("encoder", own)
    if target.meta("encoder") != own:
        raise EncoderMismatchError(
            f"{target.name} was built with encoder {target.meta('encoder')}, and {source.name} with {own}; "
            "copy into a new library"
        )


def _copy_files(source: Backend, target: Backend) -> None:
    """Point the target's files at its documents; those that failed, with their reasons."""
    there = target.files()
    missing = {path: state for path, state in source.files().items() if there.get(path) != state}
    if links := {path: state for path, state in missing.items() if state.doc_id}:
        target.rearrange(links, [])
    for path, state in missing.items():
        if not state.doc_id:
            target.fail_file(path, state.reason, state.size, state.mtime_ns)


def _copy_feedback(source: Backend, target: Backend) -> None:
    there = Counter(repr(given[1:]) for given in target.feedback())
    for given in source.feedback():
        if there[repr(given[1:])]:
            there[repr(given[1:])] -= 1
        else:
            target.add_feedback(*given[1:])


def _verified(source: Backend, target: Backend) -> Totals:
    """Return what both hold; StorageError names what differs."""
    own, copied = totals(source), totals(target)
    if own != copied:
        hint = "if the source was written to meanwhile or the target held more, copy again into a new library"
        raise StorageError(f"{target.name} holds {copied}, and {source.name} {own}; {hint}")
    return own


def export(source: Backend, target: Path) -> Path:
    """Copy a library into a new folder, which is there whole or not at all; return the folder."""
    if os.path.lexists(target):
        raise StorageError(f"{target} is there already; name a new folder for the backup")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.partial-") as partial:
            copied = Embedded(Path(partial, "library"))
            copy(source, copied)
            copied.close()
            copied.folder.rename(target)
    except LibraryDamagedError:
        raise
    except (OSError, LibraryError) as error:
        raise StorageError(f"no backup was made in {target}: {error}") from error
    return target
