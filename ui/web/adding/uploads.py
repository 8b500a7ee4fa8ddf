"""Files that people send: each kept in a folder named by its content, under its own name, which may be its title.

Quotes are compared with them and their pages are shown, so every copy of a page must find them at the same path.
"""

import re
from contextlib import suppress
from pathlib import Path

from retrieval import Library
from retrieval.errors import DocumentError
from retrieval.files import flush, sha256, write_atomically
from retrieval.parsers import FORMATS

MOST_BYTES = 10 * 2**30


class Uploads:
    """A folder of uploaded files, made when the first arrives."""

    def __init__(self, folder: Path | None, most: int = MOST_BYTES) -> None:
        """folder: None where uploads have nowhere to stay. most: bytes of all of them."""
        self.folder, self._most = folder, most

    @classmethod
    def of(cls, library: Library, folder: Path | None) -> "Uploads":
        """Choose the folder that was named or, where the library itself is a folder, one in it."""
        own = None if library.name.startswith("milvus:") else library.path / "uploads"
        return cls(folder.expanduser().absolute() if folder else own)

    def keep(self, name: str, content: bytes) -> Path:
        """Write a file under its name, without what has a meaning in paths; DocumentError where it is not kept or read.

        The same content under the same name has the same path, and is left alone where it is there.
        """
        if self.folder is None:
            raise DocumentError(
                name, "has nowhere to stay; start the page with --uploads and a folder all copies share"
            )
        suffix = Path(name).suffix.lower()
        if suffix not in FORMATS:
            raise DocumentError(name, f"files of type {suffix or '(none)'} are not read")
        path = self.folder / sha256(content)[:12] / _kept_name(name)
        if not path.exists() and self._size() + len(content) > self._most:
            raise DocumentError(name, f"at most {self._most / 2**30:.0f} GB are kept; remove documents")
        if not path.exists() or path.read_bytes() != content:
            write_atomically(path, content)
            flush(self.folder)
        return path

    def is_named(self, source: str, name: str) -> bool:
        """Tell whether a document's file is one of these, and was sent under this name."""
        return Path(source).parent.parent == self.folder and Path(source).name == _kept_name(name)

    def _size(self) -> int:
        """Return the bytes of all files that are kept."""
        kept = self.folder.glob("*/*") if self.folder else ()
        return sum(path.stat().st_size for path in kept if path.is_file())

    def drop(self, source: str | None) -> None:
        """Delete the file of a document if it is one of these."""
        if source and Path(source).parent.parent == self.folder:
            Path(source).unlink(missing_ok=True)
            with suppress(OSError):  # the same content may be there under another name
                Path(source).parent.rmdir()


def _kept_name(name: str) -> str:
    """Return the name that a file keeps: its own, without what has a meaning in paths."""
    stem = re.sub(r"[^\w,;()'’&+-]+", " ", Path(name).stem).strip(" -")[:40].strip() or "upload"
    return f"{stem}{Path(name).suffix.lower()}"
