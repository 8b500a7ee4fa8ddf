"""What a running page tells of itself: questions counted and timed, a line for each in the log, and its library's size.

Without `texts`, nothing that anybody asked is kept or written.
"""

import logging
import time
from collections.abc import Callable, Iterator
from copy import copy

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from retrieval import Answer, Library, PinciteError
from retrieval.errors import QuestionError

_OUTCOMES = ("answered", "partly", "not_found", "reply", "refused", "failed")
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_log = logging.getLogger(__name__)


class Watch:
    """Prometheus metrics of one page and its first library, in a registry of their own.

    texts: whether to log questions.
    """

    def __init__(self, library: Library, *, texts: bool = False) -> None:
        self._library = library
        self._texts = texts
        self.registry = CollectorRegistry()
        self._questions = Counter("pincite_questions", "Questions asked.", ["outcome"], registry=self.registry)
        self._seconds = Histogram(
            "pincite_question_seconds", "From question to answer.", buckets=_SECONDS, registry=self.registry
        )
        for outcome in _OUTCOMES:  # a rate needs them from the beginning
            self._questions.labels(outcome)
        self.registry.register(_Facts(library))
        ProcessCollector(registry=self.registry)

    def of(self, library: Library) -> "Watch":
        """Return what counts the questions to another library of the same page with those to this one."""
        other = copy(self)
        other._library = library
        return other

    def question(self, question: str, answering: Callable[[], Answer]) -> Answer:
        """Return what `answering` returns, or raise what it raises, and remember how it went.

        The outcome is the answer's own, "refused" where the question was not one, "failed" where anything else was
        wrong.
        """
        began = time.perf_counter()
        outcome, citations = "failed", 0
        try:
            answer = answering()
            outcome, citations = answer.outcome.replace(" ", "_"), len(answer.citations)
            return answer
        except (QuestionError, TypeError, ValueError, KeyError):
            outcome = "refused"
            raise
        finally:
            self._record(question, outcome, citations, time.perf_counter() - began)

    def _record(self, question: str, outcome: str, citations: int, seconds: float) -> None:
        self._questions.labels(outcome).inc()
        self._seconds.observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            facts = {"outcome": outcome, "ms": round(seconds * 1e3, 1), "citations": citations}
            text = {"question": question} if self._texts else {}
            _log.info("question", extra=facts | {"generation": self._generation()} | text)

    def _generation(self) -> int | None:
        try:
            return self._library.generation()
        except PinciteError:
            return None


class _Facts(Collector):
    """The library's size, read when somebody looks."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            facts = self._library.info()
        except (PinciteError, OSError):
            facts = {}
        yield GaugeMetricFamily("pincite_library_up", "Whether the library answers.", float(bool(facts)))
        for name, said in (
            ("generation", "Number of the last write."), ("documents", "Documents that can be asked."),
            ("passages", "Passages that can be found."), ("failed", "Files that could not be read."),
        ):  # fmt: skip
            if facts:
                yield GaugeMetricFamily(f"pincite_library_{name}", said, float(facts[name]))
