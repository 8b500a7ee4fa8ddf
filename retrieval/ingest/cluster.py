"""Files are parsed, split and encoded by actors on a Ray cluster, and stored by this process.

It alone writes, whatever the library is kept in: a passage cost 41 ms of a core to encode, and 0.4 ms to unpack and
store in SQLite (xquad-r-en), so one writer keeps up with some 90 cores; and adding, replacing and failing stay as they
are in `indexer`, one transaction at a time. The library is the checkpoint: a file that is in it as it is now is not
sent out again, so a killed run loses only what was encoded and not yet written. Ray's own CheckpointConfig records the
rows that Ray writes, and would be a second truth beside the library's.

None of Ray's readers is used, only paths travel to the actors: all machines must see the files under the same paths,
and have pincite and the model installed.
Ray carries code between its processes by pickle and does not check who connects; use clusters on closed networks.
"""

import json
import logging
import os
import platform
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.embedding import Encoder, PassageVectors, open_encoder
from retrieval.errors import ClusterError, ContentError, DocumentError, EmptyError, EncoderMismatchError
from retrieval.ingest.encode import encode
from retrieval.ingest.files import ParsedDocument, load, name_of
from retrieval.ingest.indexer import Indexer, Progress, Report, Source
from retrieval.records import Document, Passage
from retrieval.settings import Settings
from retrieval.storage import Backend, FileState, IndexedDocument

if TYPE_CHECKING:
    import pyarrow

TOGETHER = 8  # files encoded at once, and sent back at once unless there are very many
TASKS = 20_000  # at most, of one job: Ray keeps a record of each
SECONDS = 5.0  # for a connection; Ray itself would try for minutes
_QUIET = {  # Ray reads these when it is imported
    "RAY_USAGE_STATS_ENABLED": "0",  # else it reports home
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else it writes to stdout what happens to machines
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # else it takes 127.0.0.1 for a mistake
_NOT_READ = {"doc_id": "", "size": 0, "mtime_ns": 0, "reason": "", "is_empty": False, "packed": b""}
_FIELDS = ("doc_id", "title", "text", "source", "metadata", "sha256")  # of Document
_KINDS = ("vector", "sentences", "token_bits", "token_sentences")  # of PassageVectors, in its order


@dataclass(frozen=True, slots=True)
class Work:
    """What an actor is told. encoder: None for the one that the settings name; known: doc_ids that need no encoding."""

    settings: Settings
    encoder: Encoder | None
    fingerprint: str
    known: frozenset[str]


class Encoding:
    """An actor: it reads and encodes one table of paths after another, with one thread."""

    def __init__(self, work: Work) -> None:
        """Open the encoder on this machine; EncoderMismatchError where its vectors are not the library's."""
        self._work = work
        self._encoder = work.encoder or open_encoder(work.settings)
        if self._encoder.fingerprint != work.fingerprint:
            raise EncoderMismatchError(
                f"{platform.node()} has encoder {self._encoder.fingerprint}, the library {work.fingerprint}; install "
                "the same model on every machine of the cluster"
            )

    def __call__(self, files: "pyarrow.Table") -> Iterator["pyarrow.Table"]:
        """Yield a row for each path, as `_rows` makes it of what was read."""
        import pyarrow

        paths = files["path"].to_pylist()
        for first in range(0, len(paths), TOGETHER):
            rows = self._rows(paths[first : first + TOGETHER])
            columns = {name: [row[name] for row in rows] for name in rows[0]}
            packed = pyarrow.array(columns.pop("packed"), pyarrow.large_binary())
            yield pyarrow.table(columns).append_column("packed", packed)

    def _rows(self, paths: Sequence[str]) -> list[dict[str, Any]]:
        """Parse some files, and encode together those that the library does not hold."""
        rows = {path: {"path": path, **_NOT_READ} for path in paths}
        fresh: dict[str, ParsedDocument] = {}
        for path in paths:
            try:
                parsed = load(Path(path), self._work.settings.max_file_bytes)
            except DocumentError as error:
                rows[path] |= {"reason": error.reason, "is_empty": isinstance(error, EmptyError)}
                if isinstance(error, ContentError):
                    rows[path] |= {"size": error.size, "mtime_ns": error.mtime_ns}
                continue
            size, mtime_ns = parsed.file or (0, 0)
            rows[path] |= {"doc_id": parsed.document.doc_id, "size": size, "mtime_ns": mtime_ns}
            if parsed.document.doc_id not in self._work.known:
                fresh[path] = parsed
        for path, made in zip(fresh, encode(list(fresh.values()), self._encoder), strict=True):
            rows[path] |= {"packed": pack(made)}
        return list(rows.values())


@dataclass(slots=True)
class Job:
    """One run. passages: doc_id -> number of passages encoded; lost: files that nothing came back for; reason: why."""

    work: Work
    passages: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    reason: str = ""

    def run(self, paths: Iterable[Path], indexer: Indexer) -> None:
        """Send paths out, and hand what comes back to the indexer, each once, in the order in which it does.

        Where the cluster cannot go on this ends, so that what came back is stored before `verify` says so.
        """
        waiting: dict[str, None] = {}
        for path in paths:
            if name_of(path) == str(path):
                waiting[str(path)] = None
            else:  # Ray carries text only
                indexer.fail(DocumentError(name_of(path), "has a name that is not valid text; rename it"))
        for row in self._rows(list(waiting)) if waiting else ():
            if row["path"] in waiting:  # else sent back again after a machine was lost
                del waiting[row["path"]]
                self._hand_over(row, indexer)
        self.lost += waiting

    def _rows(self, paths: Sequence[str]) -> Iterator[dict[str, Any]]:
        from ray.data.exceptions import ExecutionTimeoutError
        from ray.exceptions import RayError

        try:
            for table in _tables(paths, self.work):
                yield from table.to_pylist()
        except ExecutionTimeoutError:
            self.reason = "no core was free for long, or a file ends the process that encodes it again and again"
        except RayError as error:
            self.reason = str(error).strip().splitlines()[-1]  # above it stands the actor's traceback

    def _hand_over(self, row: dict[str, Any], indexer: Indexer) -> None:
        if row["reason"]:
            kind = EmptyError if row["is_empty"] else ContentError
            indexer.fail(kind(row["path"], row["reason"], row["size"], row["mtime_ns"]))
        elif not row["packed"]:
            indexer.link(row["path"], FileState(row["size"], row["mtime_ns"], row["doc_id"], ""))
        else:
            made = unpack(row["packed"])
            self.passages[row["doc_id"]] = len(made.passages)
            indexer.take(made)

    def verify(self, backend: Backend, report: Report) -> None:
        """Compare the library with what was sent and encoded; ClusterError where anything is missing or there twice."""
        found = [*self._missing(), *self._differing(backend, report)]
        if found:
            raise ClusterError(f"{'; '.join(found)}; {report}; the same command again adds what is missing")

    def _missing(self) -> Iterator[str]:
        if self.lost:
            reason = f" ({self.reason})" if self.reason else ""
            yield f"the cluster gave back nothing for {len(self.lost):,} files, among them {self.lost[0]}{reason}"

    def _differing(self, backend: Backend, report: Report) -> Iterator[str]:
        held = {document.doc_id: count for document, count in backend.documents.all()}
        given = report.added + report.replaced + report.unchanged
        wrong = [doc_id for doc_id in given if held.get(doc_id) != self.passages.get(doc_id, held.get(doc_id, -1))]
        if wrong:
            yield f"{len(wrong):,} documents are not as they were added, among them {wrong[0]}"
        rows, expected = backend.passages.count(), sum(held.values())
        if rows != expected:
            yield f"the library holds {rows:,} passages of documents that have {expected:,}"


def _tables(paths: Sequence[str], work: Work) -> Iterator["pyarrow.Table"]:
    """Run the actors over the paths and yield what they make. ClusterError where there are no cores, else as Ray."""
    import ray.data

    cores = int(ray.cluster_resources().get("CPU", 0))
    if not cores:
        raise ClusterError("the Ray cluster has no cores for actors; start its nodes with some (ray start --num-cpus)")
    actors = max(1, cores - 1)  # one core is left to write
    strategy = ray.data.ActorPoolStrategy(min_size=1, initial_size=actors, max_size=actors)
    tasks = min(len(paths), max(ceil(len(paths) / TOGETHER), 4 * cores), TASKS)
    encoded = ray.data.from_items([{"path": path} for path in paths], override_num_blocks=tasks).map_batches(
        Encoding, fn_constructor_args=[work], batch_size=None, batch_format="pyarrow", compute=strategy, num_cpus=1
    )
    yield from encoded.iter_batches(batch_size=None, batch_format="pyarrow")


@contextmanager
def _connected(address: str) -> Iterator[None]:
    """Be part of the cluster while the block runs. ClusterError where it cannot be joined."""
    for name, value in (_QUIET | _LOOPBACK if address == "local" else _QUIET).items():
        os.environ.setdefault(name, value)
    try:
        import ray
        from ray.data import DataContext
    except ImportError as error:
        raise ClusterError("Ray is not installed here; pip install 'pincite[cluster]'") from error
    ours = not ray.is_initialized()
    try:
        if ours:
            _join(address)
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = DataContext.get_current().copy()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.max_errored_blocks = -1  # the other files go on; what is missing is said at the end
        with DataContext.current(context):
            yield
    finally:
        if ours:
            ray.shutdown()


def _join(address: str) -> None:
    """Connect to a cluster, or start one that listens on 127.0.0.1 only. ClusterError where there is none."""
    import ray

    host, _, port = address.rpartition(":")
    if address not in ("auto", "local") and (not port.isdecimal() or not host or "/" in host):
        raise ClusterError(f"{address!r} is no address of a Ray cluster; expected HOST:PORT, auto or local")
    try:
        if host:
            socket.create_connection((host.strip("[]"), int(port)), SECONDS).close()
        ray.init(
            address, log_to_driver=False, logging_level=logging.ERROR,
            include_dashboard=False if address == "local" else None,
        )  # fmt: skip
    except (OSError, RuntimeError) as error:
        raise ClusterError(
            f"there is no Ray cluster at {address}, or this machine is no part of it: {error}"
        ) from error


def add(
    backend: Backend, open_encoder: Callable[[], Encoder], given: Encoder | None, settings: Settings,
    sources: Iterable[Source], address: str, progress: Progress | None,
) -> Report:  # fmt: skip
    """Add sources as `Indexer.add` does, files by way of the cluster at `address`.

    address: HOST:PORT of a cluster that this machine is part of, "auto" to find it, or "local" for all cores of this
    machine. given: an encoder to be used in place of the one that the settings name; it travels to the actors.
    Raises ClusterError where Ray is missing or the work cannot go on, or when at the end the library does not hold
    every passage once; what was stored before stays. Ray ends this process a minute after the cluster's head is gone.
    """
    known = frozenset(state.doc_id for state in backend.files.all().values() if state.doc_id)
    told = replace(settings, threads=1, milvus_token="")  # actors write nothing
    job = Job(Work(told, given, open_encoder().fingerprint, known))
    indexer = Indexer(backend, open_encoder, settings, progress)
    with _connected(address):
        files: list[Path] = []
        for item in indexer.expand(sources):
            if isinstance(item, Document):
                indexer.add_document(item)
            elif indexer.must_read(item):
                files.append(item)
        job.run(files, indexer)
        report = indexer.finish()
    job.verify(backend, report)
    return report


def pack(prepared: IndexedDocument) -> bytes:
    """Return a NumPy archive: what JSON can hold, and one array for each kind of vector, a document's end to end."""
    document, made = prepared.document, prepared.vectors
    record = {
        "document": {name: getattr(document, name) for name in _FIELDS},
        "passages": [astuple(passage) for passage in prepared.passages],
        "tokens": [len(each.token_sentences) for each in made],
        "file": prepared.file,
    }
    buffer = BytesIO()
    kinds: dict[str, Any] = {name: np.concatenate([getattr(each, name) for each in made]) for name in _KINDS if made}
    np.savez(buffer, record=np.frombuffer(json.dumps(record, ensure_ascii=False).encode(), np.uint8), **kinds)
    return buffer.getvalue()


def unpack(packed: bytes) -> IndexedDocument:
    """Return what was packed, equal in every number and character; ValueError or KeyError where it is nothing such."""
    with np.load(BytesIO(packed), allow_pickle=False) as archive:
        arrays = dict(archive)
    record: dict[str, Any] = json.loads(arrays.pop("record").tobytes())
    passages = [_passage(*row) for row in record["passages"]]
    sentences = np.cumsum([len(passage.sentences) for passage in passages])[:-1]
    tokens = np.cumsum(record["tokens"])[:-1]
    ends: dict[str, Any] = {
        "vector": len(passages),
        "sentences": sentences,
        "token_bits": tokens,
        "token_sentences": tokens,
    }
    parts = zip(*(np.split(arrays[name], ends[name]) for name in _KINDS if passages), strict=True)
    file = None if record["file"] is None else tuple(record["file"])
    return IndexedDocument(Document(**record["document"]), passages, [PassageVectors(*part) for part in parts], file)


def _passage(doc_id: str, number: int, start: int, end: int, text: str, spans: list[list[int]], *rest: Any) -> Passage:
    return Passage(doc_id, number, start, end, text, tuple((a, b) for a, b in spans), *rest)
