"""Commands in processes of their own, forked from one that has imported the page, which takes five seconds each time.

That `python -m ui` itself starts, as people start it, is tested in tests/ui/cli/test_serve.py.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["ui.web"])


class Command:
    """A command that runs, with its stdout to be read. given: to read from stdin; log: file for stderr."""

    def __init__(self, arguments: list[object], environment: Mapping[str, str], log: Path, given: str = "") -> None:
        stdin, giving = _FORKS.Pipe(duplex=False)
        reading, stdout = _FORKS.Pipe(duplex=False)
        os.write(giving.fileno(), given.encode())
        giving.close()
        texts = list(map(str, arguments))
        self.log, self.process = log, _FORKS.Process(target=_run, args=(texts, dict(environment), stdin, stdout, log))
        self.process.start()
        stdin.close()
        stdout.close()
        self.stdout = os.fdopen(os.dup(reading.fileno()), encoding="utf-8")
        reading.close()

    def interrupt(self, by: signal.Signals = signal.SIGINT) -> int:
        """Send what Ctrl+C sends, or another signal, and wait for the end; the exit code."""
        os.kill(self.process.pid, by)
        return self.end()

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self) -> int:
        """Wait for the end; the exit code."""
        self.process.join(60)
        self.stdout.close()
        assert self.process.exitcode is not None, self.log.read_text()
        return self.process.exitcode


def _run(arguments: list[str], environment: dict[str, str], stdin: Connection, stdout: Connection, log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(stdin.fileno(), 0)
    os.dup2(stdout.fileno(), 1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 2)
    stdin.close()
    stdout.close()
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
        for number, mode in enumerate("rww")
    )
    sys.argv = ["pincite", *arguments]
    from ui.cli import main

    sys.exit(main())
