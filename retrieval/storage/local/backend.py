"""A library in a folder: the store, and the index over its vectors, as one backend. Knows nothing about ranking."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.embedding import Floats
from retrieval.errors import LibraryError
from retrieval.parallel import side_by_side
from retrieval.storage.candidates import Candidates
from retrieval.storage.local.backup import back_up
from retrieval.storage.local.documents import Store

if TYPE_CHECKING:
    from retrieval.storage.local.faiss_index import Vectors

LARGE = 20_000  # passages, from which on both indexes are asked at once: 62 -> 53 ms at a million
BM25_ROWS = 2000  # scores kept for candidates that only the vectors found


class Embedded(Store):
    """`library.db`, the truth, and `vectors.faiss`, a cache of it that is opened when first needed."""

    def __init__(self, folder: Path, create: bool = True) -> None:
        """Open or create a folder; LibraryError where there is none and none is to be made, or it is no library's."""
        if os.path.lexists(folder) and not os.path.isdir(folder):  # noqa: PTH112  # no error without permission
            raise LibraryError(f"{folder} is a file; a library is a folder")
        if not create and not os.path.lexists(folder / "library.db"):
            raise LibraryError(f"{folder} holds no library; make one with: pincite add --library {folder} PATH…")
        super().__init__(folder / "library.db")
        self.folder = folder
        self._vectors: Vectors | None = None
        self._opening = threading.Lock()

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder)

    def index(self, dim: int) -> "Vectors":
        """Return the index over all passage vectors, of `dim` dimensions each."""
        with self._opening:
            if self._vectors is None:
                from retrieval.storage.local.faiss_index import Vectors  # faiss takes 0.2 s to import

                self._vectors = Vectors(self, self.folder / "vectors.faiss", dim)
            return self._vectors

    def find(
        self, words: Sequence[str], vector: Floats, count: int, where: Mapping[str, Any]
    ) -> tuple[Candidates, dict[int, float]]:
        """See Backend.find; BM25 of the best 2,000 is returned, found or not."""
        allowed = self.allowed(where) if where else None
        index = self.index(len(vector))
        asked: list[Callable[[], Any]] = [
            lambda: self.bm25(words, max(BM25_ROWS, count), allowed),
            lambda: index.nearest(vector, count, allowed),
        ]
        (ids, scores), nearest = side_by_side(lambda ask: ask(), asked, 2 if len(index) > LARGE else 1)
        found = self.candidates(dict.fromkeys([*nearest, *ids[:count].tolist()]))
        return found, dict(zip(ids.tolist(), scores.tolist(), strict=True))

    def save(self) -> None:
        """Write the index's snapshot where it is behind."""
        if dim := self.dim():
            self.index(dim).save()

    def size(self) -> int:
        """Return the bytes of the folder's files."""
        return sum(file.stat().st_size for file in self.folder.iterdir() if file.is_file())

    def backup(self, target: Path) -> Path:
        """Copy the folder; see Library.backup."""
        return back_up(self, self.folder, target)

    def close(self) -> None:
        """Write the index's snapshot where it is behind, and close the files."""
        with self._opening:
            if self._vectors is not None:
                self._vectors.save()
                self._vectors = None
        super().close()
