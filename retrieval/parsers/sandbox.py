"""Works on content in a process of its own with limits on time and memory. Knows nothing about files or formats.

One worker serves one file after another; it is started with the first and replaced when it fails. It gets the content
through a pipe and answers with JSON; what it may not do says `confinement`. It ends with its parent.
"""

import atexit
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import IO, Any

from retrieval.parallel import new_lock
from retrieval.parsers.base import Block, ParsedText, UnreadableError
from retrieval.parsers.confinement import confine, end_with, grant
from retrieval.parsers.formats import parse

SECONDS = 60.0  # for one file, and more for a large one: 1,000 pages of PDF take about 10
SECONDS_PER_MB = 4.0
MEMORY = 2 << 30  # bytes of address space; recognizing a page takes 1.3 GB of it
_LONGEST_ANSWER = 1 << 29  # bytes
_SIZE = struct.Struct("<Q")
_CODE = "from retrieval.parsers.sandbox import serve; serve({memory})"
# What the worker sees of the environment: where programs and their data are, and the language of messages.
_ENVIRONMENT = "PATH LD_LIBRARY_PATH LANG LC_ALL LC_CTYPE PYTHONHOME SYSTEMROOT".split()


class Sandbox:
    """A worker process that parses; safe to use from several threads, which wait for each other."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._lock = new_lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._held: list[str] = []

    def parse(self, suffix: str, content: bytes) -> ParsedText:
        """Do what `reading.parse` does; UnreadableError as `run`."""
        answer = self.run(content, "parse", suffix)
        blocks = tuple(Block(*[*own, tuple(map(tuple, turns)), row]) for *own, turns, row in answer["blocks"])
        asides = tuple(map(tuple, answer["asides"]))
        return ParsedText(answer["text"], answer["title"], blocks, answer["metadata"], asides=asides)

    def run(self, content: bytes, name: str, *arguments: Any) -> dict[str, Any]:
        """Do one of the jobs that the worker knows; arguments: what JSON can carry.

        UnreadableError where the content is damaged, or takes too much time or memory, or crashes the worker.
        """
        seconds = self._seconds + SECONDS_PER_MB * (len(content) >> 20)
        job = json.dumps([seconds, name, *arguments]).encode()
        with self._lock:
            try:
                process = self._running()
            except (OSError, EOFError, ValueError) as error:
                raise UnreadableError("cannot be read: the process that reads files cannot be started") from error
            overdue = threading.Event()
            timer = threading.Timer(seconds, _end, (process, overdue))
            timer.start()
            try:
                answer = _exchange(process, job, content)
            except (OSError, ValueError, EOFError) as error:
                process.kill()
                raise UnreadableError(_reason(process.wait(), seconds if overdue.is_set() else 0)) from error
            finally:
                timer.cancel()
        if "error" in answer:
            raise UnreadableError(answer["error"])
        return answer

    def confinement(self) -> list[str]:
        """Return what holds the worker: "limits", "Landlock 7", "seccomp", "audit hook", as far as they are there."""
        with self._lock:
            try:
                self._running()
            except (OSError, EOFError, ValueError):
                return []
            return self._held

    def close(self) -> None:
        """End the worker; the next parse starts another."""
        with self._lock:
            if self._process is not None and self._owner == os.getpid():
                self._process.kill()
                self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        """Return a worker that runs and belongs to this process, not to one that this was forked from."""
        if self._process is None or self._process.poll() is not None or self._owner != os.getpid():
            folder = str(Path(__file__).resolve().parents[2])
            paths = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
            limits = {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE.format(memory=self._memory)],
                env=limits | {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self._owner = os.getpid()
            self._held = json.loads(_receive(_stdout(self._process), 1000))  # ready: what follows is on the file's time
        return self._process


def _reason(code: int, overdue: float) -> str:
    if overdue:
        return f"takes longer than {overdue:g} s to read; it is damaged, or too complex"
    return f"cannot be read: the reader crashed (exit code {code}); the file is damaged, or too complex"


def _end(process: subprocess.Popen[bytes], overdue: threading.Event) -> None:
    overdue.set()
    process.kill()


def _exchange(process: subprocess.Popen[bytes], job: bytes, content: bytes) -> dict[str, Any]:
    """Send one job and wait for its answer; OSError, ValueError or EOFError where none comes."""
    assert process.stdin is not None
    _send(process.stdin, job)
    _send(process.stdin, content)
    answer: dict[str, Any] = json.loads(_receive(_stdout(process), _LONGEST_ANSWER))
    return answer


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


def _send(stream: IO[bytes], content: bytes) -> None:
    stream.write(_SIZE.pack(len(content)))
    stream.write(content)
    stream.flush()


def _receive(stream: IO[bytes], most: int = sys.maxsize) -> bytes:
    """Read one message; EOFError where the stream ends before it does, ValueError where it is longer than `most`."""
    (size,) = _SIZE.unpack(_exactly(stream, _SIZE.size))
    if size > most:
        raise ValueError(f"a message of {size} bytes; expected at most {most}")
    return _exactly(stream, size)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


# --- the worker's side


def serve(memory: int) -> None:
    """Answer jobs from stdin until it ends. memory: bytes of address space; what needs more fails."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print is no answer
    sys.setrecursionlimit(3000)  # nested lists of a saved web page
    held = confine(memory)
    _send(answers, json.dumps(held).encode())
    while True:
        try:
            job, content = json.loads(_receive(sys.stdin.buffer)), _receive(sys.stdin.buffer)
        except EOFError:
            return
        grant(job[0])
        end_with(0, True)
        answer = json.dumps(_answer(job[1:], content, memory), ensure_ascii=False)
        end_with(0, False)
        _send(answers, answer.encode("utf-8", "replace"))


def _parsed(content: bytes, suffix: str) -> dict[str, Any]:
    reading = parse(suffix, content)
    blocks = [astuple(block) for block in reading.blocks]
    made = {"text": reading.text, "title": reading.title, "blocks": blocks, "metadata": reading.metadata}
    return made | {"asides": reading.asides}


def _places(content: bytes, pages: list[int], quote: str) -> dict[str, Any]:
    from retrieval.parsers.pdf.highlight import places

    return places(content, pages, quote)


def _picture(content: bytes, page: int) -> dict[str, Any]:
    from retrieval.parsers.pdf.highlight import picture

    return picture(content, page)


_JOBS: dict[str, Callable[..., dict[str, Any]]] = {"parse": _parsed, "places": _places, "picture": _picture}


def _answer(job: list[Any], content: bytes, memory: int) -> dict[str, Any]:
    """Do one job; every error becomes an answer, because the other files must go on."""
    name, *arguments = job
    try:
        return _JOBS[name](content, *arguments)
    except UnreadableError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": f"needs more than {memory >> 20:,} MB of memory to read"}
    except RecursionError:
        return {"error": "is nested too deeply"}
    except Exception as error:
        kind = arguments[0] if name == "parse" else ".pdf"
        return {"error": f"is damaged, or no {kind} file ({type(error).__name__}: {str(error)[:200]})"}


shared = Sandbox()
atexit.register(shared.close)
