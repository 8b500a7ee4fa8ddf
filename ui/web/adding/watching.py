"""A folder that a page's library follows while the page is served, and how that stands."""

import logging
import threading
import time
from pathlib import Path

from retrieval import Library
from retrieval.files import absolute
from retrieval.ingest import SyncReport, watch
from ui.words import one_line

_log = logging.getLogger(__name__)


class _Stopped(Exception):
    """The page ends while a folder is being read; what was read is kept."""


class Watched:
    """Keeps a library in step with a folder, in a thread of its own; nothing that is asked waits for it.

    state: what a person is told of it, one line.
    """

    def __init__(self, library: Library, folder: Path) -> None:
        self._library, self._folder = library, absolute(folder)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watched folder", daemon=True)
        self.state = f"Reading {self._named}"

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a file that is being read is finished first."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def _named(self) -> str:
        return f"the folder {one_line(self._folder.name or str(self._folder))}"

    def _run(self) -> None:
        try:
            for news in watch(self._synced, self._folder, self._library.path, self._stop):
                if not isinstance(news, SyncReport):
                    self.state = f"Cannot follow {self._named}: {one_line(str(news))}"
        except _Stopped:
            pass
        except Exception:
            _log.exception("a folder is no longer watched")
            self.state = f"{self._named.capitalize()} is no longer followed; the terminal where Pincite runs says why."

    def _synced(self) -> SyncReport:
        report = self._library.sync(self._folder, progress=self._progress)
        self.state = f"Following {self._named}, as it was at {time.strftime('%H:%M')}"
        return report

    def _progress(self, done: int, total: int, _: str) -> None:
        if self._stop.is_set():
            raise _Stopped
        self.state = f"Reading {self._named}: {done:,} of {total:,}"
