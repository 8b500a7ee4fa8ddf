"""Files that people send: kept under names of ours.

Quotes are compared with them and their pages are shown, so every copy of a page must find them at the same path.
"""

import hashlib
import re
from pathlib import Path

from retrieval import Library
from retrieval.errors import DocumentError
from retrieval.parsers import FORMATS


class Uploads:
    """A folder of uploaded files, made when the first arrives."""

    def __init__(self, folder: Path | None) -> None:
        """folder: None where uploads have nowhere to stay."""
        self._folder = folder

    @classmethod
    def of(cls, library: Library, folder: Path | None) -> "Uploads":
        """Choose the folder that was named or, where the library itself is a folder, one in it."""
        own = None if library.name.startswith("milvus:") else library.path / "uploads"
        return cls(folder.expanduser().absolute() if folder else own)

    def keep(self, name: str, content: bytes) -> Path:
        """Write a file under a name that keeps the letters of its own; DocumentError where it is not kept or read."""
        if self._folder is None:
            raise DocumentError(
                name, "has nowhere to stay; start the page with --uploads and a folder all copies share"
            )
        suffix = Path(name).suffix.lower()
        if suffix not in FORMATS:
            raise DocumentError(name, f"files of type {suffix or '(none)'} are not read")
        self._folder.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"[^a-z0-9]+", "-", Path(name).stem.lower()).strip("-")[:40] or "upload"
        path = self._folder / f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
        path.write_bytes(content)
        return path

    def drop(self, source: str | None) -> None:
        """Delete the file of a document if it is one of these."""
        if source and Path(source).parent == self._folder:
            Path(source).unlink(missing_ok=True)
