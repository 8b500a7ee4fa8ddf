"""Whether a library can be asked: the model is loaded, the documents are there, the engine answers.

Recovers by itself: what failed is tried again when somebody asks.
"""

import logging
import math
import threading
import time
from typing import Any

from retrieval import Library, PinciteError
from retrieval.settings import seeds_folder
from ui.words import one_line

RETRY_SECONDS = 5.0  # from one attempt to get ready to the next
PATIENCE_SECONDS = 1.0  # for which a probe waits while another one still has no answer
_log = logging.getLogger(__name__)


class Readiness:
    """The state of one library. seeds: whether to add the shipped documents while warming."""

    def __init__(self, library: Library, *, seeds: bool = False) -> None:
        self._library = library
        self._seeds = seeds
        self._ready = threading.Event()
        self._warming = threading.Lock()
        self._checking = threading.Lock()
        self._problem = ""
        self._tried = -math.inf

    def warm(self) -> None:
        """Load the model, add the shipped documents where asked, and let waiting calls go on."""
        with self._warming:
            try:
                if self._seeds:
                    self._library.add(seeds_folder())
                if self._library.documents():
                    self._library.search("warm")
                self._problem = ""
            except (PinciteError, OSError) as error:
                self._problem = one_line(str(error))
                _log.error("not ready: %s", self._problem)
            finally:
                self._tried = time.monotonic()
                self._ready.set()

    def wait(self) -> None:
        """Return when `warm` is done."""
        self._ready.wait()

    def status(self) -> dict[str, Any]:
        """Tell whether warming is done, and what is wrong, in words for those who may use the library."""
        self._recover()
        return {"ready": self._ready.is_set(), "error": self._problem}

    def problem(self) -> str:
        """Say why questions cannot be answered now, "" where they can be, in words that tell a stranger nothing."""
        if not self._ready.is_set():
            return "the model is being loaded"
        self._recover()
        if self._problem:
            return "the library or the model cannot be used; the log says why"
        return "" if self._answers() else "the library does not answer; the log says why"

    def _recover(self) -> None:
        """Try again what failed, unless that is being tried or was a moment ago."""
        if self._problem and not self._warming.locked() and time.monotonic() - self._tried > RETRY_SECONDS:
            self.warm()

    def _answers(self) -> bool:
        """Read something from the library; one at a time, as that may take long where an engine is away."""
        if not self._checking.acquire(timeout=PATIENCE_SECONDS):
            return False
        try:
            self._library.generation()
            return True
        except (PinciteError, OSError) as error:
            _log.error("not ready: %s", one_line(str(error)))
            return False
        finally:
            self._checking.release()
