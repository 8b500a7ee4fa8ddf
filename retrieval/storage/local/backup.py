"""Copies a library while it is used. Knows nothing about what it holds."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from retrieval.errors import LibraryDamagedError, StorageError
from retrieval.storage.local.documents import Store


def back_up(store: Store, library: Path, target: Path) -> Path:
    """Copy a library's folder to a new one; see Library.backup.

    The index goes first: it then covers no more than the database does, and is caught up on opening.
    """
    if os.path.lexists(target):
        raise StorageError(f"{target} is there already; name a new folder for the backup")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.partial-") as partial:
            _copy(store, library, Path(partial, "library"))
            Path(partial, "library").rename(target)
            _flush(target.parent)
    except LibraryDamagedError as error:
        hint = "restore it from an earlier backup, or add your documents to a new library"
        raise LibraryDamagedError(f"no backup was made in {target}: {library} is damaged; {hint}") from error
    except (OSError, StorageError) as error:
        raise StorageError(f"no backup was made in {target}: {error}") from error
    return target


def _copy(store: Store, library: Path, folder: Path) -> None:
    folder.mkdir()
    with suppress(FileNotFoundError):
        shutil.copy(library / "vectors.faiss", folder)
    store.copy(folder / "library.db")
    copied = Store(folder / "library.db")
    copied.check()
    copied.close()
    for path in [*folder.iterdir(), folder]:
        _flush(path)


def _flush(path: Path) -> None:
    """Have a file or a folder written to the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
