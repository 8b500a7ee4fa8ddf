"""A folder is watched, and a library kept in step with it."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from retrieval.errors import StorageError, SyncError
from retrieval.ingest.indexer import Failure
from retrieval.ingest.sync import SyncReport

AWAY_SECONDS = 0.5  # between looks for a folder that is away
UNSEEN_SECONDS = 60.0  # between looks at a folder where nothing is heard of: network drives tell of no changes
_LISTEN_MS = 250  # so long one call waits for changes; the first one makes sure that the watch is on
_QUIET_MS = 400  # so long a burst of changes is waited for


def watch(
    sync: Callable[[], SyncReport], folder: Path, library: Path, stop: threading.Event | None = None
) -> Iterator[SyncReport | SyncError | StorageError]:
    """Call `sync` at once and whenever something in the folder changes; yield what is new, until `stop` is set.

    A report is yielded where the library changed or other files failed than before; an error where it differs from
    the one before, for a folder or a disk that is away may come back. library: its folder, which may be in `folder`.
    """
    said: list[Failure] | str | None = None
    for _ in changes(folder, library, stop):
        try:
            report = sync()
        except (SyncError, StorageError) as error:
            if said != str(error):
                said = str(error)
                yield error
            continue
        if said != report.failed or report.changes():
            yield report
        said = report.failed


def changes(folder: Path, library: Path, stop: threading.Event | None = None) -> Iterator[set[str]]:
    """Yield at once, and then when something in a folder may have changed: the paths that did, none where unknown.

    What changes in the library's folder is left out. Nothing that changes while the caller works is missed. A folder
    that goes away is waited for. Ends when `stop` is set.
    """
    from watchfiles import Change, watch

    stop = stop or threading.Event()
    own = str(library) + os.sep
    while not stop.is_set():
        watched, yielded = _identity(folder), None
        with suppress(FileNotFoundError):
            for batch in watch(
                folder, watch_filter=lambda _, name: not name.startswith(own), debounce=_QUIET_MS,
                yield_on_timeout=True, rust_timeout=_LISTEN_MS, stop_event=stop,
            ):  # fmt: skip
                is_another = (Change.deleted, str(folder)) in batch or _identity(folder) != watched
                if batch or is_another or yielded is None or time.monotonic() - yielded > UNSEEN_SECONDS:
                    yielded = time.monotonic()
                    yield {name for _, name in batch}
                if is_another:  # nothing is heard of the one that has its name now
                    break
        if yielded is None:  # the folder is not there: the caller is to say so
            yield set()
        while not folder.is_dir() and not stop.wait(AWAY_SECONDS):
            pass


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another of its name, or None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
