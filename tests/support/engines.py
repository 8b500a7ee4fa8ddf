"""The real Milvus Lite server as a process of its own, to be stopped and started again by tests."""

import contextlib
import importlib.util
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrieval import Settings
from retrieval.storage.base import Backend
from retrieval.storage.opening import open_backend

START_SECONDS = 60  # it imports for seconds on a busy machine
_names = itertools.count(1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Engine:
    """A server on a port of this machine that keeps its data in a folder."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in ("pymilvus", "milvus_lite") if importlib.util.find_spec(name) is None]
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)}; pip install 'pincite[cluster]'")
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", self.folder, "--host", "127.0.0.1"]
        with (self.folder.parent / f"{self.folder.name}.log").open("a") as log:
            self._process = subprocess.Popen([*map(str, command), "--port", str(self.port)], stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail(f"Milvus Lite did not start: {log.name}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Let it be slow without end."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGCONT)

    def address(self) -> str:
        """Return the address of a library that nothing else uses."""
        return f"milvus://127.0.0.1:{self.port}/test{next(_names)}"


def patient(seconds: float = 30.0, **others: object) -> Settings:
    return Settings(threshold=0.0, milvus_seconds=seconds, **others)


def opened(place: object, **settings: object) -> Backend:
    """Open what keeps a library: a folder, or an address of a server."""
    return open_backend(str(place), patient(**settings), create=True)[1]
