"""A library is made to match a folder: what has moved, what is gone, what is to be read.

What moved is told by its content, and it is linked in the same transaction that removes what is gone, before anything
is read: a file that is gone stops answering at once, however much there is to add.
"""

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.embedding import Encoder
from retrieval.errors import DocumentError, SyncError
from retrieval.ingest.files import identify, is_unchanged, name_of, on_disk, walk
from retrieval.ingest.ignore import Ignored, ignored_in
from retrieval.ingest.indexer import Failure, Indexer, Progress, Report
from retrieval.settings import Settings
from retrieval.storage import Backend, FileState

FEW = 10  # files that may always go missing together, if others stay


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, by the paths of the files; moved: (before, now). In a dry run, what it would do.

    hint: as in `Report`.
    """

    added: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    incomplete: list[Failure] = field(default_factory=list)
    hint: str = ""

    def __str__(self) -> str:
        return ", ".join(
            f"{len(getattr(self, name))} {name}"
            for name in ("added", "unchanged", "replaced", "moved", "removed", "failed")
        )

    def changes(self) -> bool:
        """Tell whether anything was changed in the library."""
        return bool(self.added or self.replaced or self.moved or self.removed)


@dataclass(frozen=True, slots=True)
class _Found:
    """A folder's files by name, as far as the library and the folder differ, and what the library knows of it.

    present: what the folder holds; fresh: those of them that the library does not know as they are now.
    """

    known: dict[str, FileState]
    present: set[str]
    fresh: dict[str, Path]

    def gone(self) -> list[str]:
        """Return what is known and not there any more; what is in a folder that cannot be read may still be."""
        closed = tuple(name + os.sep for name, path in self.fresh.items() if os.path.isdir(path))  # noqa: PTH112
        return [name for name in self.known if name not in self.present and not name.startswith(closed)]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to make a library match a folder.

    links: files to point at documents that the library holds; gone: files to drop; fresh: files to read; moved:
    where a file is now -> where it was.
    """

    found: _Found
    links: dict[str, FileState]
    gone: list[str]
    moved: dict[str, str]

    def fresh(self) -> dict[str, Path]:
        """Return name -> path of the files to read."""
        return {name: path for name, path in self.found.fresh.items() if name not in self.links}

    def lost(self) -> list[str]:
        """Return the files that are gone and nowhere else in the folder; no folders that can be read again."""
        elsewhere, known = set(self.moved.values()), self.found.known
        lost = [name for name in self.gone if name not in elsewhere]
        return [name for name in lost if known[name].doc_id or not Path(name).is_dir()]

    def report(self, read: Report) -> SyncReport:
        """Return the report of this plan after what was to be read was read."""
        known, failed = self.found.known, {failure.source for failure in read.failed}
        kept = [name for name in self.found.present if name not in self.found.fresh]
        still = [Failure(name, known[name].reason) for name in kept if known[name].reason]
        same = [name for name in self.links if name not in self.moved]
        added: list[str] = []
        replaced: list[str] = []
        for name in self.fresh():
            if name not in failed:
                (replaced if name in known and known[name].doc_id else added).append(name)
        return SyncReport(
            added, sorted([name for name in kept if not known[name].reason] + same), replaced,
            [(before, name) for name, before in self.moved.items()], self.lost(),
            sorted(still + read.failed, key=lambda failure: failure.source), read.incomplete,
            read.hint,
        )  # fmt: skip


def plan(backend: Backend, folder: Path, ignored: Ignored, max_bytes: int) -> Plan:
    """Compare a folder with what a library knows of it. Reads only files that may be of a content that it holds."""
    files = backend.files.all()
    known = {name: state for name, state in files.items() if name.startswith(str(folder) + os.sep)}
    here = {name_of(path): path for path in walk(folder, ignored)}
    fresh = {name: path for name, path in here.items() if name not in known or not is_unchanged(path, known[name])}
    found = _Found(known, set(here), fresh)
    links = _links(backend, fresh, {state.size for state in files.values() if state.doc_id}, max_bytes)
    gone = found.gone() + _strays(backend, files.keys() - known, links)
    return Plan(found, links, gone, _moved(files, links, gone))


def _links(backend: Backend, fresh: dict[str, Path], sizes: set[int], max_bytes: int) -> dict[str, FileState]:
    """Return the state of each file whose content the library holds, read from a file of the same type."""
    links = {}
    for name, path in fresh.items():
        try:
            if path.stat().st_size not in sizes:
                continue
            doc_id, size, mtime_ns = identify(path, max_bytes)
        except (DocumentError, OSError):
            continue  # to be said when it is read
        held = backend.documents.header(doc_id)
        if held and held.source and Path(held.source).suffix.lower() == path.suffix.lower():
            links[name] = FileState(size, mtime_ns, doc_id, "")
    return links


def _strays(backend: Backend, elsewhere: Collection[str], links: Mapping[str, FileState]) -> list[str]:
    """Return the files outside the folder that are not there any more, and whose content is now in it."""
    documents = [backend.documents.header(state.doc_id) for state in links.values() if state.doc_id]
    sources = {document.source for document in documents if document and document.source}
    return sorted(source for source in sources if source in elsewhere and not os.path.lexists(source))


def _moved(files: Mapping[str, FileState], links: Mapping[str, FileState], gone: Iterable[str]) -> dict[str, str]:
    """Return where a file is now -> the one that held its document and does so no more."""
    left: dict[str, str] = {}
    now = [(name, files[name].doc_id) for name in [*gone, *links] if name in files]
    for name, doc_id in now:
        if doc_id and (name not in links or links[name].doc_id != doc_id):
            left[doc_id] = name
    touched = {name for name, doc_id in now if name in links and links[name].doc_id == doc_id}
    fresh = {name: str(state.doc_id) for name, state in links.items() if name not in touched}
    return {name: left.pop(doc_id) for name, doc_id in fresh.items() if doc_id in left}


def doubt(plan: Plan, folder: Path) -> str | None:
    """Return why what is gone may not have been deleted on purpose, or None."""
    known = plan.found.known
    lost = [name for name in plan.lost() if known[name].doc_id]
    total = sum(state.doc_id is not None for state in known.values())
    if lost and len(lost) > (min(FEW, total - 1) if 2 * len(lost) > total else total):
        return f"{len(lost):,} of the {total:,} files in {folder} that the library holds are gone"
    parents = Counter(str(parent) for name in lost for parent in Path(name).parents)
    for parent, count in parents.items():
        if count > FEW and _is_hollow(parent):
            return f"{parent} is empty, and the library holds {count:,} files of it"
    return None


def _is_hollow(folder: str) -> bool:
    """Tell whether a folder is there and empty, as where nothing is mounted."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False


def sync(
    backend: Backend, open_encoder: Callable[[], Encoder], settings: Settings, folder: Path, *, ignore: Iterable[str],
    sure: bool, dry_run: bool, progress: Progress | None,
) -> SyncReport:  # fmt: skip
    """Make a library match a folder; see Library.sync. open_encoder: called when the first file is encoded."""
    folder = on_disk(folder)
    if not os.path.isdir(folder):  # noqa: PTH112  # no error for a name that is too long
        raise SyncError(f"{folder} is not a folder that is there; to remove what it held: pincite remove")
    planned = plan(backend, folder, ignored_in(folder, ignore), settings.max_file_bytes)
    reason = None if sure or dry_run else doubt(planned, folder)
    if reason:
        raise SyncError(f"{reason}; if they were deleted on purpose, say so with --yes (sure=True)")
    if dry_run:
        return planned.report(Report())
    if planned.links or planned.gone:
        backend.files.rearrange(planned.links, planned.gone)
    fresh = planned.fresh()
    if not fresh:
        return planned.report(Report())
    return planned.report(Indexer(backend, open_encoder, settings, progress).add_files(fresh.values()))
