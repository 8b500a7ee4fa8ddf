"""Hash files, and write files and folders that are there whole or not at all.

What is written goes to a temporary name beside its target, to the disk itself, and is then renamed: a reader, a crash
or a power cut finds the old content or the new one, never a part.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from retrieval.errors import ArgumentError, wrong


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return a path in full, without "~" and "..".

    TypeError where it is none. ArgumentError where there can be no such path, or where it is empty: a forgotten
    variable makes that, and it would mean the working directory.
    """
    given = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    if not isinstance(given, str):
        raise wrong("a path", given, "text or a Path")
    if not given.strip() or "\0" in given:
        raise ArgumentError(f"a path is {given!r}; expected the name of a file or folder")
    try:
        return Path(os.path.abspath(Path(given).expanduser()))  # noqa: PTH100  # Path.absolute keeps ".."
    except RuntimeError as error:
        raise ArgumentError(f"{given}: {error}") from error


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Yield the path of an empty file to write to; at the end it replaces `target`, unless the block raises.

    The file stands beside the target and is named `{target.name}.partial-…`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f"{target.name}.partial-", delete=False) as file:
        partial = Path(file.name)
    try:
        yield partial
        flush(partial)
        partial.replace(target)
        flush(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file whole or not at all; the folder is made where there is none."""
    with new_file(target) as partial:
        partial.write_bytes(content)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield the path of an empty folder to fill; at the end it becomes `target`, unless the block raises.

    It stands in a folder beside the target that is named `{target.name}.partial-…`. OSError where the target is there
    already and holds something.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.partial-") as temporary:
        partial = Path(temporary, "new")
        partial.mkdir()
        yield partial
        for path in [*partial.rglob("*"), partial]:
            flush(path)
        partial.rename(target)
        flush(target.parent)


def remove_abandoned(paths: Iterable[Path], seconds: float = 3600) -> None:
    """Delete files and folders that have not changed for so long: what was killed while it wrote has left them."""
    for path in paths:
        with suppress(FileNotFoundError):  # another process was first
            if time.time() - path.stat().st_mtime <= seconds:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def flush(path: Path) -> None:
    """Have a file or the names in a folder written to the disk itself; Windows writes names by itself."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
