"""The FAISS index over passage vectors: a cache of the store, caught up or rebuilt when behind. Never the truth.

`vectors.faiss` is FAISS's own file with a trailer: magic, generation covered, CRC-32 of what comes before. One file,
renamed into place, so an index and its generation cannot come apart.
"""

import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Floats
from retrieval.models import write_atomically
from retrieval.store import Store

_TRAILER = struct.Struct("<8sQI")
# One thread: a question is milliseconds, and threads that wait for each other cost more (and starve the encoder).
faiss.omp_set_num_threads(1)
_MAGIC = b"pincite1"


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
        """Use the snapshot if it is whole and not ahead of the store (as after restoring a backup)."""
        try:
            content = self._path.read_bytes()
            magic, generation, checksum = _TRAILER.unpack(content[-_TRAILER.size :])
        except (OSError, struct.error):
            return
        body = memoryview(content)[: -_TRAILER.size]
        if magic != _MAGIC or zlib.crc32(body) != checksum or generation > self._store.generation():
            return
        index = faiss.deserialize_index(np.frombuffer(body, np.uint8))
        if index.d == self._dim:
            self._index, self._generation, self._saved = index, generation, generation

    def catch_up(self) -> None:
        """Take in what was added and removed since, by this process or another."""
        generation = self._store.generation()
        if generation == self._generation:
            return
        with self._lock:
            if generation < self._generation:  # the library was replaced by an older copy
                self._index, self._generation = self._empty(), 0
            for first, last in self._store.removed_since(self._generation):
                self._index.remove_ids(faiss.IDSelectorRange(first, last + 1))
            for ids, vectors in self._store.vectors_since(self._generation):
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
        try:
            write_atomically(self._path, body + _TRAILER.pack(_MAGIC, generation, zlib.crc32(body)))
            self._saved = generation
        except OSError:
            return

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
