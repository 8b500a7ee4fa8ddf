"""Files that people send: kept beside the library under names of ours. Knows nothing about HTTP or what files hold."""

import hashlib
import re
from pathlib import Path

from retrieval.errors import DocumentError
from retrieval.reading import FORMATS


class Uploads:
    """A folder of uploaded files, made when the first arrives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> Path:
        """Write a file under a name that keeps the letters of its own; DocumentError where its type is not read."""
        suffix = Path(name).suffix.lower()
        if suffix not in FORMATS:
            raise DocumentError(name, f"files of type {suffix or '(none)'} are not read")
        self._folder.mkdir(exist_ok=True)
        stem = re.sub(r"[^a-z0-9]+", "-", Path(name).stem.lower()).strip("-")[:40] or "upload"
        path = self._folder / f"{stem}-{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
        path.write_bytes(content)
        return path

    def drop(self, source: str | None) -> None:
        """Delete the file of a document if it is one of these."""
        if source and Path(source).parent == self._folder:
            Path(source).unlink(missing_ok=True)
