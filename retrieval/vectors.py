"""The FAISS index over passage vectors: a cache of the store, caught up or rebuilt when behind. Never the truth.

`vectors.faiss` is FAISS's own file with a trailer: magic, generation covered and its stamp, CRC-32 of all that
comes before. One file, renamed into place, so an index and its generation cannot come apart.
"""

import struct
import threading
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Floats
from retrieval.models import write_atomically
from retrieval.store import Store

_TRAILER = struct.Struct("<8sqqI")
# One thread: a question is milliseconds, and threads that wait for each other cost more (and starve the encoder).
faiss.omp_set_num_threads(1)
_MAGIC = b"pincite2"
ABANDONED_SECONDS = 600


class Vectors:
    """Passage vectors by id, searched by cosine. Safe to use from several threads."""

    def __init__(self, store: Store, path: Path, dim: int) -> None:
        """Read the snapshot; one that is missing, damaged or of another dimension is built anew from the store."""
        self._store = store
        self._path = path
        self._dim = dim
        self._lock = threading.Lock()
        self._generation = 0
        self._saved = -1
        self._index: Any = self._empty()
        self._load()
        self.catch_up()

    def _empty(self) -> Any:
        return faiss.IndexIDMap2(faiss.IndexFlatIP(self._dim))

    def _load(self) -> None:
        """Use the snapshot if it is whole and of this store's own past (it is not after restoring a backup)."""
        try:
            content = self._path.read_bytes()
            magic, generation, stamp, checksum = _TRAILER.unpack(content[-_TRAILER.size :])
        except (OSError, struct.error):
            return
        whole = memoryview(content)
        if magic != _MAGIC or zlib.crc32(whole[:-4]) != checksum or stamp != self._store.stamp(generation):
            return
        index = faiss.deserialize_index(np.frombuffer(whole[: -_TRAILER.size], np.uint8))
        if index.d == self._dim:
            self._index, self._generation, self._saved = index, generation, generation

    def catch_up(self) -> None:
        """Take in what was added and removed since, by this process or another."""
        if self._store.generation() == self._generation:
            return
        with self._lock:
            generation = self._store.generation()
            for first, last in self._store.removed_since(self._generation):
                self._index.remove_ids(faiss.IDSelectorRange(first, last + 1))
            for ids, vectors in self._store.vectors_since(self._generation, self._dim):
                self._index.remove_ids(faiss.IDSelectorBatch(ids))  # from a block that another write overtook
                self._index.add_with_ids(vectors, ids)
            self._generation = generation

    def save(self) -> None:
        """Write the snapshot where it is behind; a disk that is full costs only the time to rebuild later."""
        self.catch_up()
        if self._saved == self._generation:
            return
        with self._lock:
            body = faiss.serialize_index(self._index).tobytes()
            generation = self._generation
        trailer = _TRAILER.pack(_MAGIC, generation, self._store.stamp(generation) or 0, 0)[:-4]
        with suppress(OSError):
            self._sweep()
            write_atomically(self._path, body + trailer + struct.pack("<I", zlib.crc32(trailer, zlib.crc32(body))))
            self._saved = generation

    def _sweep(self) -> None:
        """Delete what a process that was killed while it wrote a snapshot has left behind."""
        for path in self._path.parent.glob(f"{self._path.name}?*"):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink(missing_ok=True)

    def nearest(self, vector: Floats, count: int, allowed: NDArray[np.int64] | None = None) -> list[int]:
        """Return the ids of the `count` closest passages by cosine, best first, among the allowed ones if given."""
        self.catch_up()
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))  # type: ignore[call-arg]
        with self._lock:
            count = min(count, self._index.ntotal)
            if not count:
                return []
            _, ids = self._index.search(vector[None, :], count, params=parameters)
        return [int(found) for found in ids[0] if found >= 0]
