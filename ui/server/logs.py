"""Logs as one JSON object a line, each with the request that it belongs to."""

import logging
import sys
from contextvars import ContextVar
from typing import IO

from pythonjsonlogger.json import JsonFormatter

request_id: ContextVar[str] = ContextVar("request_id", default="")  # of the request that is being answered
_NAMES = {"levelname": "level", "name": "logger", "message": "event"}


class _Formatter(JsonFormatter):
    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        request = request_id.get()
        return log_data | ({"request": request} if request else {})


def as_json(stream: IO[str] = sys.stderr) -> None:
    """Write what is logged to a stream, times in UTC: Pincite's own from information upward, warnings of the rest."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(list(_NAMES), rename_fields=_NAMES, timestamp="time"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("ui").setLevel(logging.INFO)
    logging.captureWarnings(True)


def adopt(*names: str) -> None:
    """Let loggers that came with handlers of their own write as the others do."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
