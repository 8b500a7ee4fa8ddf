"""Copy a library to another backend, as it is or encoded anew, and make backups that are whole or not at all."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import EncoderMismatchError, LibraryDamagedError, LibraryError, StorageError, check_text
from retrieval.files import new_folder, remove_abandoned
from retrieval.records import Document
from retrieval.storage.base import Backend, IndexedDocument

ABANDONED_SECONDS = 86_400  # after which a backup that is not whole yet was killed
BATCH_PASSAGES = 512  # written together
Progress = Callable[[int, int, str], None]
Encode = Callable[[Sequence[IndexedDocument]], Sequence[IndexedDocument]]


@dataclass(frozen=True, slots=True)
class Totals:
    """What two libraries must have in common to hold the same.

    spans: SHA-256 over doc_id, hash, text and the passages' spans of all documents, in the order of doc_id.
    """

    documents: int
    passages: int
    files: int
    spans: str


def totals(library: Backend, batch_passages: int = BATCH_PASSAGES) -> Totals:
    """Read a library whole and return its totals; StorageError where it is written to meanwhile."""
    digest, passages = hashlib.sha256(), 0
    documents = sorted(library.documents.all(), key=lambda item: item[0].doc_id)
    for batch in _batches(documents, batch_passages):
        items = library.documents.indexed(batch)
        if len(items) != len(batch):
            raise StorageError(f"{library.name} is being written to; copy it when that is done")
        for item in items:
            passages += len(item.passages)
            spans = [(p.start, p.end, p.number, p.sentences) for p in item.passages]
            digest.update(repr((item.document.doc_id, item.document.title, item.document.sha256, spans)).encode())
            digest.update(item.document.text.encode("utf-8", "surrogatepass"))
    return Totals(len(documents), passages, len(library.files.all()), digest.hexdigest())


def _batches(documents: Iterable[tuple[Document, int]], batch_passages: int) -> Iterator[list[str]]:
    """Cut documents, each with its number of passages, into lists of doc_ids to be read together."""
    batch, waiting = list[str](), 0
    for document, passages in documents:
        batch.append(document.doc_id)
        waiting += passages
        if waiting >= batch_passages:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch


def copy(
    source: Backend, target: Backend, progress: Progress | None = None, batch_passages: int = BATCH_PASSAGES,
    encode: Encode | None = None,
) -> Totals:  # fmt: skip
    """Copy all that a library holds into another, which may hold part of it already; return what both then hold.

    What the target holds beyond that is removed only if it is a document of the same doc_id.
    batch_passages: written together. encode: gives documents the vectors of the target's encoder; None where it is that
    of the source. Raises EncoderMismatchError where it is another, StorageError where the two differ at the end.
    """
    if encode is None:
        _check_encoders(source, target)
    every, there = source.documents.all(), target.documents.all()
    held = {document.doc_id: (document, passages) for document, passages in there}
    missing = [item for item in every if held.get(item[0].doc_id) != item]
    done = len(every) - len(missing)
    for batch in _batches(missing, batch_passages):
        items = source.documents.indexed(batch)
        target.documents.add(encode(items) if encode else items)
        done += len(batch)
        if progress:
            progress(done, len(every), batch[-1])
    _copy_files(source, target)
    _copy_feedback(source, target)
    _copy_versions(source, target)
    target.save()
    return _verified(source, target)


def _check_encoders(source: Backend, target: Backend) -> None:
    own = source.facts.get("encoder")
    if own is not None:
        target.facts.record("encoder", own)
    if target.facts.get("encoder") != own:
        raise EncoderMismatchError(
            f"{target.name} was built with encoder {target.facts.get('encoder')}, and {source.name} with {own}; "
            "copy into a new library, or encode it anew (pincite copy --model)"
        )


def _copy_files(source: Backend, target: Backend) -> None:
    """Point the target's files at its documents; those that failed, with their reasons."""
    there = target.files.all()
    missing = {path: state for path, state in source.files.all().items() if there.get(path) != state}
    if links := {path: state for path, state in missing.items() if state.doc_id}:
        target.files.rearrange(links, [])
    for path, state in missing.items():
        if not state.doc_id:
            target.files.fail(path, state.reason, state.size, state.mtime_ns)


def _copy_feedback(source: Backend, target: Backend) -> None:
    there = Counter(repr(given[1:]) for given in target.facts.feedback())
    for given in source.facts.feedback():
        if there[repr(given[1:])]:
            there[repr(given[1:])] -= 1
        else:
            target.facts.add_feedback(*given[1:])


def _copy_versions(source: Backend, target: Backend) -> None:
    """Copy the earlier versions, oldest first, to a target that keeps any; its bound is its own."""
    there = {(version.document.doc_id, version.document.sha256) for version in target.versions.all()}
    for version in source.versions.all():
        name = (version.document.doc_id, version.document.sha256)
        if name not in there and (whole := source.versions.get(*name)):
            target.versions.keep(whole)


def _verified(source: Backend, target: Backend) -> Totals:
    """Return what both hold; StorageError names what differs."""
    own, copied = totals(source), totals(target)
    if own != copied:
        hint = "if the source was written to meanwhile or the target held more, copy again into a new library"
        raise StorageError(f"{target.name} holds {copied}, and {source.name} {own}; {hint}")
    return own


@contextmanager
def backed_up(name: str, target: Path) -> Iterator[Path]:
    """Yield an empty folder to fill with a copy of the library called `name`; it becomes `target`, whole or not at all.

    StorageError where no backup can be made there, LibraryDamagedError where the library is damaged.
    """
    if os.path.lexists(target):
        raise StorageError(f"{target} is there already; name a new folder for the backup")
    check_text("the folder of a backup", str(target))
    killed = (path for path in target.parent.glob("*.partial-*") if (path / "new" / "library.db").exists())
    remove_abandoned(killed, ABANDONED_SECONDS)
    try:
        with new_folder(target) as folder:
            yield folder
    except LibraryDamagedError as error:
        hint = "restore it from an earlier backup, or add your documents to a new library"
        raise LibraryDamagedError(f"no backup was made in {target}: {name} is damaged; {hint}") from error
    except (OSError, LibraryError) as error:
        raise StorageError(f"no backup was made in {target}: {error}") from error
