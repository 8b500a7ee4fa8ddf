"""The FAISS index over passage vectors: a cache of the database, caught up or rebuilt when behind. Never the truth.

Flat in half precision up to 100,000 passages; above that inverted lists of 8-bit codes (IVF, Jégou et al., 2011). Both
find candidates that search scores again by their stored vectors. An index never changes once made: what was added since
is compared beside it, what was removed is masked, and when there is much of either, the next snapshot takes it in.
Measured (python -m eval kinds 100000, one thread; the ten best among 200 candidates scored again):

    index                      looked through     build s    MB  recall@10    ms
    Flat                       all                    0.1   154      1.000   9.6
    SQfp16                     all                    0.1    77      1.000   4.1
    SQ8                        all                    0.1    38      1.000   3.2
    IVF632,SQ8                 63 | 202 lists         1.3    40       .912 | .988  0.7 | 1.5
    IVF632,PQ48x4fs            202 lists              1.5     4       .534   0.2
    the same, Refine(SQ8)      202, k_factor 16 | 64  1.7    43       .828 | .972  1.1 | 2.5
    HNSW32,SQ8                 efSearch 200 | 400    14.4    66       .960 | .995  0.6 | 1.0

Flat 8-bit codes are trained, and cut off what is added later and lies outside: half precision needs no training.
Product codes need the 8-bit ones beside them for that recall, so they save nothing, in the millions neither. HNSW was
left out: a tenth of the other's building speed for 1 ms of a question, and nothing can be removed from it.

`vectors.faiss` is FAISS's own file, opened by memory map, with a trailer: magic, generation covered and its stamp,
size, CRC-32. One file, renamed into place, so an index and its generation cannot come apart.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats
from retrieval.files import new_file, remove_abandoned
from retrieval.linalg import dots
from retrieval.parallel import new_lock
from retrieval.storage.codec import decode_vectors
from retrieval.storage.local.database import Database

SAMPLE = 32  # vectors for each list that it is trained on
ABANDONED_SECONDS = 600
_TRAILER = struct.Struct("<8sqqqI")
_MAGIC = b"pincite3"
_PROCESS = os.getpid()
_LISTED = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the index decides by.

    flat_most: passages up to which it is flat: 4 ms on one thread. probes: lists that a question is compared with: 9 ms
    at a million, of which that is a tenth. behind_share: of the index that may have changed before it is written
    again, and behind_most: at the most; 30 MB, 0.1 s to read on opening.
    checked: bytes that are checked at each end of a file, which hold all structure and any index that is flat and
    small. Between them are codes and ids of a large one; damage there can cost a candidate, and no wrong answer, for
    search reads the database.
    """

    flat_most: int = 100_000
    probes: int = 200
    behind_share: float = 0.1
    behind_most: int = 20_000
    checked: int = 16 * 2**20


class StoredVectors:
    """The passage vectors as the database has them, by generation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_between(self, after: int, until: int) -> int:
        """Count the passages added after one generation, up to another."""
        with self._database.reading() as connection:
            query = "SELECT count(*) FROM passages WHERE generation > ? AND generation <= ?"
            return int(connection.execute(query, (after, until)).fetchone()[0])

    def between(self, after: int, until: int, dim: int) -> Iterator[tuple[NDArray[np.int64], Floats]]:
        """Yield (ids, (n, dim) vectors) of passages added after one generation, up to another, in blocks of 4,096."""
        with self._database.reading() as connection:
            cursor = connection.execute(
                "SELECT id, vector FROM passages WHERE generation > ? AND generation <= ? ORDER BY generation, id",
                (after, until),
            )
            while rows := cursor.fetchmany(4096):
                yield np.array([row[0] for row in rows], np.int64), _decoded([row[1] for row in rows], dim)

    def sample(self, count: int, dim: int) -> Floats:
        """Return (n, dim) vectors of about `count` passages, or all if there are fewer, spread evenly over all."""
        with self._database.reading() as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM passages")]
            chosen = json.dumps(ids[:: max(1, len(ids) // count)])
            query = f"SELECT vector FROM passages WHERE id {_LISTED}"
            return _decoded([row[0] for row in connection.execute(query, (chosen,))], dim)

    def removed_since(self, generation: int) -> list[tuple[int, int]]:
        """Return (first, last) ids of the passages removed after a generation."""
        with self._database.reading() as connection:
            return connection.execute("SELECT first, last FROM removed WHERE generation > ?", (generation,)).fetchall()


def _decoded(stored: Sequence[bytes], dim: int) -> Floats:
    """Return (n, dim) vectors; ValueError where one is of another dimension."""
    return decode_vectors(b"".join(stored), len(stored)).reshape(len(stored), dim)


@dataclass(frozen=True, slots=True)
class _View:
    """One moment of the index; a new one replaces it, so that readers need no lock.

    index covers the database up to generation `covered`; what came from there to `generation` is in ids (n,) and rows
    (n, dim). gone: sorted ids that were removed since `covered`.
    """

    index: Any
    covered: int
    generation: int
    ids: NDArray[np.int64]
    rows: Floats
    gone: NDArray[np.int64]

    def is_behind(self, limits: Limits) -> bool:
        """Tell whether so much has changed that the index should be written anew."""
        changed = len(self.ids) + len(self.gone)
        return changed > min(limits.behind_share * int(self.index.ntotal), limits.behind_most)


class FaissIndex:
    """Passage vectors by id, searched by cosine. Safe to use from several threads."""

    def __init__(self, database: Database, path: Path, dim: int, limits: Limits = Limits()) -> None:
        """Map the snapshot; one that is missing, damaged or of another dimension is built anew from the database."""
        self._database, self._vectors = database, StoredVectors(database)
        self._limits = limits
        self._path = path
        self._dim = dim
        self._lock = new_lock()
        self._written = 0
        self._view = self._seen(_flat(dim), 0)
        self._load()
        self.catch_up()

    def _seen(self, index: Any, generation: int) -> _View:
        """Return a view of an index with nothing changed since."""
        none = np.zeros(0, np.int64)
        return _View(index, generation, generation, none, np.zeros((0, self._dim), np.float32), none)

    def _load(self) -> bool:
        """Use the snapshot if it covers more than what is there."""
        index, generation = self._snapshot(faiss.IO_FLAG_MMAP_IFC)
        if index is None or generation <= self._view.covered:
            return False
        self._view, self._written = self._seen(index, generation), generation
        return True

    def _snapshot(self, flags: int) -> tuple[Any, int]:
        """Return (index, generation) of a snapshot that is whole and of this database's own past, else (None, 0).

        It is not of its past after a backup was restored.
        """
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END) - _TRAILER.size
                file.seek(max(0, size))
                magic, generation, stamp, length, checksum = _TRAILER.unpack(file.read())
            whole = magic == _MAGIC and length == size
            whole = whole and checksum == _checksum(self._path, size, generation, stamp, self._limits.checked)
            if not whole or stamp != self._database.stamp(generation):
                return None, 0
            index = faiss.read_index(str(self._path), flags)
        except (OSError, struct.error, RuntimeError):  # RuntimeError: FAISS cannot read it
            return None, 0
        return (index, generation) if index.d == self._dim else (None, 0)

    def __len__(self) -> int:
        return int(self._view.index.ntotal) + len(self._view.ids)

    def catch_up(self) -> None:
        """Take in what was added and removed since, by this process or another."""
        if self._database.generation() == self._view.generation:
            return
        with self._lock:
            generation = self._database.generation()
            if self._is_far_behind(generation) and not (self._load() and not self._is_far_behind(generation)):
                self._view = self._seen(self._taken_in(generation), generation)
            elif generation != self._view.generation:
                self._view = self._caught_up(self._view, generation)

    def _is_far_behind(self, generation: int) -> bool:
        """Tell whether too much was added to be compared one by one."""
        view = self._view
        added = len(view.ids) + self._vectors.count_between(view.generation, generation)
        return added > (self._limits.behind_most if view.index.ntotal else self._limits.flat_most)

    def _caught_up(self, view: _View, generation: int) -> _View:
        gone = np.union1d(view.gone, self._removed_since(view.generation))
        ids, rows = [view.ids], [view.rows]
        for some, vectors in self._vectors.between(view.generation, generation, self._dim):
            ids.append(some)
            rows.append(vectors)
        joined = np.concatenate(ids)
        kept = ~np.isin(joined, gone)
        return replace(view, generation=generation, ids=joined[kept], rows=np.concatenate(rows)[kept], gone=gone)

    def _removed_since(self, generation: int) -> NDArray[np.int64]:
        ranges = [np.arange(first, last + 1) for first, last in self._vectors.removed_since(generation)]
        return np.concatenate([np.zeros(0, np.int64), *ranges])

    def save(self) -> None:
        """Write the snapshot where it is behind; a disk that is full costs only the time to rebuild later."""
        self.catch_up()
        with self._lock:
            if self._view.is_behind(self._limits):
                self._view = self._seen(self._taken_in(self._view.generation), self._view.generation)
            if self._view.covered > self._written:
                with suppress(OSError, RuntimeError):
                    self._write(self._view.index, self._view.covered)
                    self._map()

    def _map(self) -> None:
        """Use the file that was just written in place of the same in memory."""
        index, written = self._snapshot(faiss.IO_FLAG_MMAP_IFC)
        if written == self._view.covered:
            self._view, self._written = replace(self._view, index=index), written

    def _taken_in(self, generation: int) -> Any:
        """Return an index of all passages up to a generation: the snapshot's with what has changed, or a new one."""
        count = self._vectors.count_between(0, generation)
        index, covered = self._snapshot(0)
        if index is None or not _suits(index, count, self._limits.flat_most):
            index, covered = self._new(count), 0
        with _all_cores():
            if covered:
                index.remove_ids(faiss.IDSelectorBatch(self._removed_since(covered)))
            for ids, vectors in self._vectors.between(covered, generation, self._dim):
                index.add_with_ids(vectors, ids)
        return index

    def _new(self, count: int) -> Any:
        """Return an empty index of the kind for `count` passages, trained."""
        if count <= self._limits.flat_most:
            return _flat(self._dim)
        count_of_lists = lists(count)
        index = faiss.index_factory(self._dim, f"IVF{count_of_lists},SQ8", faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = 1  # says nothing of it on the terminal
        with _all_cores():
            index.train(self._vectors.sample(SAMPLE * count_of_lists, self._dim))
        return index

    def _write(self, index: Any, generation: int) -> None:
        """Write beside the snapshot and rename; OSError or RuntimeError where the disk refuses."""
        remove_abandoned(self._path.parent.glob(f"{self._path.name}?*"), ABANDONED_SECONDS)
        stamp = self._database.stamp(generation) or 0
        with new_file(self._path) as written:
            faiss.write_index(index, str(written))
            size = written.stat().st_size
            checksum = _checksum(written, size, generation, stamp, self._limits.checked)
            with written.open("ab") as file:
                file.write(_TRAILER.pack(_MAGIC, generation, stamp, size, checksum))

    def nearest(self, vector: Floats, count: int, allowed: NDArray[np.int64] | None = None) -> list[int]:
        """Return the ids of the `count` closest passages by cosine, best first, among the allowed ones if given."""
        self.catch_up()
        view = self._view
        scores, ids = _search(view, vector, count, allowed, self._limits.probes)
        if len(view.ids):
            mask = slice(None) if allowed is None else np.isin(view.ids, allowed)
            scores = np.concatenate([scores, dots(view.rows[mask], vector)])
            ids = np.concatenate([ids, view.ids[mask]])
        nearest: list[int] = ids[np.argsort(-scores, kind="stable")[:count]].tolist()
        return nearest


def _search(
    view: _View, vector: Floats, count: int, allowed: NDArray[np.int64] | None, probes: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Return (scores, ids) of the closest in the index, without those that are gone or not allowed."""
    # One thread: a question is milliseconds, and threads that wait for each other cost more (and starve the encoder).
    # OpenMP's number is each thread's own, so every one that asks says it.
    faiss.omp_set_num_threads(1)
    index, selector, share = view.index, None, 1.0
    count = min(count, index.ntotal)
    if allowed is not None:
        selector, share = _selector(allowed), len(allowed) / max(1, index.ntotal)
    elif len(view.gone):
        selector = faiss.IDSelectorNot(_selector(view.gone))
    if not count or not share:
        return np.zeros(0, np.float32), np.zeros(0, np.int64)
    if isinstance(index, faiss.IndexIVF):  # few allowed ones: as many of them as of all otherwise
        wanted = max(probes, 4 * count * index.nlist / index.ntotal) / min(1.0, share)
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=min(index.nlist, round(wanted)))
    else:
        parameters = faiss.SearchParameters(sel=selector)
    scores, ids = index.search(vector[None, :], count, params=parameters)
    return scores[0][ids[0] >= 0], ids[0][ids[0] >= 0]


def _selector(ids: NDArray[np.int64]) -> Any:
    """Return a selector of ids, as one bit each."""
    marks = np.zeros(int(ids.max(initial=0)) + 1, bool)
    marks[ids] = True
    return faiss.IDSelectorBitmap(np.packbits(marks, bitorder="little"))


def _flat(dim: int) -> Any:
    codes = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap(codes)


def lists(count: int) -> int:
    """Return how many lists an index of `count` vectors has: comparing with their means costs as much as one probe."""
    return int(2 * count**0.5)


def _suits(index: Any, count: int, flat_most: int) -> bool:
    """Tell whether an index is of the kind, and about of the number of lists, that `count` vectors want."""
    if not isinstance(index, faiss.IndexIVF):
        return count <= flat_most
    return count > flat_most / 2 and 0.5 < index.nlist / lists(count) < 2


def _checksum(path: Path, size: int, generation: int, stamp: int, checked: int) -> int:
    """Return the CRC-32 of both ends, `checked` bytes each, of a file of `size` bytes, and of what it covers."""
    checksum = zlib.crc32(struct.pack("<qqq", size, generation, stamp))
    with path.open("rb") as file:
        checksum = zlib.crc32(file.read(min(size, checked)), checksum)
        file.seek(max(0, size - checked))
        return zlib.crc32(file.read(min(size, checked)), checksum)


@contextmanager
def _all_cores() -> Iterator[None]:
    """Let FAISS use every core meanwhile, in this thread; one in a forked process, where OpenMP waits for ever."""
    faiss.omp_set_num_threads(1 if os.getpid() != _PROCESS else os.cpu_count() or 1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(1)
