"""A Milvus server: its address, calls with bounded retries, its errors as ours.

pymilvus tries a call again with growing pauses while the server cannot be reached; the time that it may take is
Settings.milvus_seconds. Every call here can be made twice: rows have keys of their own, and reading changes nothing.
"""

import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from retrieval.errors import LibraryDamagedError, LibraryError, StorageError, UnreachableError
from retrieval.settings import Settings

try:
    import grpc
    from pymilvus import MilvusClient, MilvusException

    from retrieval.storage.milvus import schema as milvus_schema
except ImportError as error:
    raise LibraryError("a library on Milvus needs pymilvus; pip install 'pincite[cluster]'") from error

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what it logs with a traceback is raised as well
# Of two slashes pathlib leaves one.
_ADDRESS = re.compile(r"milvus://?(\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(\d+))?/([A-Za-z_]\w*)/?", re.ASCII)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds between attempts
READ_ROWS = 1000  # of a collection that is read whole, at a time
WRITTEN_ROWS = 256  # of passages: about 10 KB each


@dataclass(frozen=True, slots=True)
class Address:
    """Where a library is: a server, and a name that its collections begin with."""

    host: str
    port: int
    library: str

    @classmethod
    def of(cls, text: str) -> "Address":
        """Read "milvus://host:19530/name"; LibraryError where it is not one."""
        match = _ADDRESS.fullmatch(text)
        if match is None:
            hint = "expected milvus://HOST:PORT/NAME, with letters, digits and _ in NAME"
            raise LibraryError(f"{text!r} is no address of a library; {hint}")
        return cls(match[1], int(match[2] or 19530), match[3])

    def __str__(self) -> str:
        return f"milvus://{self.host}:{self.port}/{self.library}"


class Client:
    """A connection to one server, for the collections of one library. Safe to use from several threads."""

    def __init__(self, address: Address, settings: Settings, read_rows: int = READ_ROWS) -> None:
        """Connect; UnreachableError where the server does not answer in time, or refuses the token.

        read_rows: what is asked for at a time.
        """
        self.address = address
        self.seconds = settings.milvus_seconds  # a call may take that long, with all attempts
        self._read_rows = read_rows
        self._index, self._shards = settings.milvus_index, settings.milvus_shards
        if self._index not in milvus_schema.KINDS:
            raise LibraryError(
                f"PINCITE_MILVUS_INDEX is {self._index!r}; expected one of {', '.join(milvus_schema.KINDS)}"
            )
        secure: dict[str, Any] = {"secure": bool(settings.milvus_tls)}
        if settings.milvus_tls not in ("", "1"):
            if not os.access(settings.milvus_tls, os.R_OK):
                raise LibraryError(f"PINCITE_MILVUS_TLS names {settings.milvus_tls}, which cannot be read")
            secure["server_pem_path"] = settings.milvus_tls
        scheme = "https" if settings.milvus_tls else "http"
        self._client: Any = self._tried(
            lambda seconds: MilvusClient(
                f"{scheme}://{address.host}:{address.port}",
                token=settings.milvus_token,
                timeout=seconds,
                dedicated=True,
                **secure,
            )
        )
        self.version = self.call("get_server_version")

    @property
    def name(self) -> str:
        """The address."""
        return str(self.address)

    def damaged(self, reason: object) -> LibraryDamagedError:
        """Return the error that says that this library is damaged, and what to do."""
        return LibraryDamagedError(f"{self.name} is damaged ({reason}); restore it from a backup, or add it anew")

    def _tried(self, attempt: Callable[[float], Any]) -> Any:
        """Return what an attempt returns, given the seconds that are left; try again while the server is away."""
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            left = self.seconds - (time.monotonic() - began)
            try:
                return attempt(max(left, 1.0))
            except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
                explained = _explained(error, self.address, self.seconds)
                if not _is_away(error) or left < pause:
                    raise explained from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of MilvusClient; a collection that a restart has released is loaded and asked again."""

        def attempt(seconds: float) -> Any:
            function = getattr(self._client, method)
            try:
                return function(*arguments, timeout=seconds, **options)
            except MilvusException as error:
                if method == "load_collection" or not _IS_RELEASED.search(str(error.message)):
                    raise
            self._client.load_collection(arguments[0], timeout=seconds)
            return function(*arguments, timeout=seconds, **options)

        return self._tried(attempt)

    def collection(self, part: str) -> str:
        """Return the full name of one of the library's collections."""
        return f"{self.address.library}_{part}"

    def has(self, part: str) -> bool:
        """Tell whether a collection is there, and load it if so; one that was made by half is finished."""
        name = self.collection(part)
        if not self.call("has_collection", name):
            return False
        try:
            self.call("load_collection", name)
        except StorageError:
            self._index_and_load(part)
        return True

    # --- rows

    def upsert(self, part: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows over those with the same keys."""
        for first in range(0, len(rows), WRITTEN_ROWS):
            self.call("upsert", self.collection(part), [dict(row) for row in rows[first : first + WRITTEN_ROWS]])

    def delete(self, part: str, filter: str) -> None:
        """Delete the rows that a filter finds."""
        self.call("delete", self.collection(part), filter=filter)

    def delete_in(self, part: str, field: str, values: Iterable[str], also: str = "") -> None:
        """Delete the rows that have one of the values, none of which may come from a person. also: a filter."""
        for some in self._portions(values):
            self.delete(part, _any_of(field, some, also))

    def query_in(
        self, part: str, field: str, values: Iterable[str], fields: Sequence[str], also: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows that have one of the values; see `delete_in`."""
        for some in self._portions(values):
            yield from self.query(part, _any_of(field, some, also), fields, strong=True)

    def get(self, part: str, keys: Sequence[str], fields: Sequence[str], strong: bool = False) -> list[dict[str, Any]]:
        """Return rows by primary key, in no order; keys that are not there are left out. strong: see `query`."""
        found: list[dict[str, Any]] = []
        for some in self._portions(keys):
            found += self.call("get", self.collection(part), some, output_fields=list(fields), **_level(strong))
        return found

    def query(self, part: str, filter: str, fields: Sequence[str], strong: bool = False) -> Iterator[dict[str, Any]]:
        """Yield all rows that a filter finds, in no order.

        strong: with what other clients have just written, for which a cluster lets wait until all its nodes have seen
        it; what was written over this connection is there in any case.
        """
        name, given = self.collection(part), {"filter": filter, "output_fields": list(fields), **_level(strong)}
        rows = self.call("query", name, limit=self._read_rows + 1, **given)
        if len(rows) <= self._read_rows:
            yield from rows
            return
        # Its making has calls that know no time limit, so it is not the first to ask a server that may be away.
        pages = self.call("query_iterator", name, batch_size=self._read_rows, **given)
        try:
            while some := self._next(pages):
                yield from some
        finally:
            pages.close()

    def _portions(self, values: Iterable[str]) -> Iterator[list[str]]:
        """Cut values into lists of as many as one call names."""
        every, most = list(values), self._read_rows
        return (every[first : first + most] for first in range(0, len(every), most))

    def _next(self, pages: Any) -> list[dict[str, Any]]:
        return list(self._tried(lambda _: pages.next()))

    def sample(self, part: str, fields: Sequence[str], limit: int) -> list[dict[str, Any]]:
        """Return up to `limit` rows, any of them."""
        given = {"filter": "", "output_fields": list(fields), "limit": limit, **_level(True)}
        return list(self.call("query", self.collection(part), **given))

    def count(self, part: str, filter: str = "", strong: bool = False) -> int:
        """Count the rows that a filter finds. strong: see `query`."""
        given = {"filter": filter, "output_fields": ["count(*)"], **_level(strong)}
        rows = self.call("query", self.collection(part), **given)
        return int(rows[0]["count(*)"])

    def search(
        self, part: str, field: str, value: Any, limit: int, filter: str, fields: Sequence[str], strong: bool
    ) -> list[dict[str, Any]]:
        """Return the rows closest to a vector, or to a text by BM25, best first. strong: see `query`."""
        wide = {"ef": max(2 * limit, 128), "nprobe": 128}
        given = {"params": {name: wide[name] for name in self._search_params(field)}}
        hits = self.call(
            "search", self.collection(part), [value], anns_field=field, limit=limit, filter=filter,
            search_params=given, output_fields=list(fields), **_level(strong),
        )[0]  # fmt: skip
        return [{"id": hit["id"], **hit["entity"]} for hit in hits]

    def _search_params(self, field: str) -> list[str]:
        if field != "vector" or self._index == "FLAT":
            return []
        return ["nprobe"] if self._index == "IVF_SQ8" else ["ef"]

    # --- collections

    def create(self, part: str, dim: int = 0) -> None:
        """Make and load a collection, unless another client was faster. dim: of passage vectors."""
        schema = milvus_schema.passages(dim) if part == "passages" else milvus_schema.records()
        try:
            self.call("create_collection", self.collection(part), schema=schema, num_shards=self._shards,
                      consistency_level="Session")  # fmt: skip
        except StorageError:
            if not self._appears(part):
                raise
        self._index_and_load(part)

    def _appears(self, part: str) -> bool:
        """Tell whether a collection that another client may be making is there within two seconds."""
        for pause in (0.0, 0.1, 0.3, 0.6, 1.0):
            time.sleep(pause)
            if self.call("has_collection", self.collection(part)):
                return True
        return False

    def _index_and_load(self, part: str) -> None:
        for index in milvus_schema.indexes(part, self._index, "lite" in self.version):
            with suppress(StorageError):  # another client made it; without it, loading fails
                # To wait for each costs 0.5 s, also where nothing is there to be indexed.
                self.call("create_index", self.collection(part), index, sync=False)
        self.call("load_collection", self.collection(part))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _level(strong: bool) -> dict[str, str]:
    return {"consistency_level": "Strong" if strong else "Session"}


def _any_of(field: str, values: Sequence[str], also: str) -> str:
    return f"{field} in {json.dumps(list(values))}" + (f" and {also}" if also else "")


_REFUSED = re.compile("unauthenticated|auth check|permission|privilege", re.IGNORECASE)
_IS_AWAY = re.compile("unavailable|connect|timeout|deadline|channel", re.IGNORECASE)
_IS_RELEASED = re.compile("not (fully )?loaded|released", re.IGNORECASE)


def _code(error: BaseException) -> object:
    """Return gRPC's code, which may be that of the error that pymilvus made another of."""
    code = getattr(error, "code", None)
    code = code() if callable(code) else code
    cause = error.__cause__
    return code if isinstance(code, grpc.StatusCode) or cause in (None, error) else _code(cause)


def _is_refused(error: BaseException) -> bool:
    codes = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
    return _code(error) in codes or bool(_REFUSED.search(str(error)))


def _is_away(error: BaseException) -> bool:
    """Tell whether an error is of a server that does not answer, now."""
    no_answer = isinstance(_code(error), grpc.StatusCode) or isinstance(error, grpc.FutureTimeoutError)
    return not _is_refused(error) and (no_answer or bool(_IS_AWAY.search(str(error))))


def _explained(error: BaseException, address: Address, seconds: float) -> LibraryError:
    """Return an error of pymilvus or gRPC as ours, which names the server and says what to do."""
    server = f"the Milvus server at {address.host}:{address.port}"
    if _is_refused(error):
        hint = "set PINCITE_MILVUS_TOKEN to user:password, or to an API key that may use it"
        return UnreachableError(f"{server} refuses the token; {hint}")
    if _is_away(error):
        hint = "check that it runs, and the address (PINCITE_MILVUS_TLS for https); then try again"
        return UnreachableError(f"{server} has not answered within {seconds:g} s; {hint}")
    return StorageError(f"{server} says: {getattr(error, 'message', '') or error}")
