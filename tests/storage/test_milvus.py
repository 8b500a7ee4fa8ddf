"""Writers on a server that are cut short, or write at once. The server is Milvus Lite's real one."""

import threading
import time
from concurrent import futures

import pytest
from engines import opened, patient
from fakes import HashedEncoder, about_bees, assert_answers, numbered, prepare

from retrieval import Library
from retrieval.records import Document

pytest.importorskip("pymilvus", reason="not installed: pip install 'pincite[cluster]'")
from retrieval.storage.milvus.backend import MilvusBackend
from retrieval.storage.milvus.client import Address, Client

ENCODER = HashedEncoder()


class Cut(Client):
    """A connection that ends at the n-th write; what is read before changes nothing."""

    def __init__(self, address, settings, calls):
        self.left = 10_000
        super().__init__(address, settings)
        self.left = calls

    def call(self, method, *arguments, **options):
        self.left -= method in ("upsert", "delete", "create_collection")
        if self.left < 0:
            raise KeyboardInterrupt
        return super().call(method, *arguments, **options)


def from_file(doc_id, text, path="/d/a.txt"):
    return prepare(Document(doc_id, "Ants", text, path), (10, 1))


def states(backend):
    """Return the texts of all documents, each found by its words, and nothing else."""
    backend.check()
    texts = [backend.documents.get(document.doc_id).text for document, _ in backend.documents.all()]
    found, _ = backend.passages.find(["word"], ENCODER.question("word").vector, 200, {})
    assert {candidate.passage.text for candidate in found} == set(texts)
    return set(texts)


def cut_short(address, calls, write):
    """Run a write that ends after so many calls; tell whether it was done before."""
    writer = MilvusBackend(Cut(Address.of(address), patient(), calls))
    try:
        write(writer)
    except KeyboardInterrupt:
        return False
    return True


def later(address):
    """Open a library when what others have begun is taken for abandoned."""
    return MilvusBackend(Client(Address.of(address), patient()), abandoned_seconds=-1.0)


WRITES = {
    "replace": (
        lambda backend: backend.documents.add([from_file("a2", "A second word."), prepare(about_bees("m1", "Another word."))]),
        [{"A first word.", "A second word."}, {"One word.", "Another word."}], {"A second word.", "Another word."},
    ),
    "remove": (lambda backend: backend.documents.remove(["m1"]), [{"A first word."}, {"One word.", None}], {"A first word."}),
    "drop a file": (lambda backend: backend.files.rearrange({}, ["/d/a.txt"]), [{"One word."}, {"A first word.", None}], {"One word."}),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRITES)
def test_a_write_that_is_cut_short_is_seen_whole_or_not_at_all(engine, kind):
    write, either, after = WRITES[kind]
    address = engine.address()
    backend = opened(address)
    for calls in range(60):
        backend.documents.remove(["a1", "a2", "m1"])
        backend.documents.add([from_file("a1", "A first word."), prepare(about_bees("m1", "One word."))])
        done = cut_short(address, calls, write)
        reader = opened(address)
        seen = states(reader)
        assert all(len(seen & texts) == 1 or (None in texts and not seen & texts) for texts in either), calls
        if done:
            break
        write(opened(address))
        assert states(backend) == after, calls
        later(address).documents.remove(["nothing"])
        assert states(backend) == after, calls
        assert backend.passages.count() == len(after), calls
        left = backend.client.query("records", 'kind in ["text", "document", "note"]', ["kind"])
        assert sorted(row["kind"] for row in left) == sorted([*["document"] * len(after), *["text"] * len(after)]), (
            calls
        )
    assert calls > 3 and done


def test_what_a_killed_writer_left_is_tidied_up_by_the_next(engine):
    address = engine.address()
    backend = opened(address)
    backend.documents.add([prepare(about_bees("m1", "One word."))])
    calls = 0
    while backend.passages.count() == 1:  # until it is cut between the passages and the document's row
        calls += 1
        assert not cut_short(
            address, calls, lambda writer: writer.documents.add([prepare(about_bees("x", "Left behind."))])
        )
    assert states(backend) == {"One word."}
    later(address).documents.add([prepare(about_bees("m2", "Two word."))])
    assert (backend.passages.count(), states(backend)) == (2, {"One word.", "Two word."})


def test_a_writer_whose_passages_are_deleted_meanwhile_writes_them_again(engine):
    address = engine.address()
    writer, other = opened(address), opened(address)
    write = writer.passages.write

    def disturbed(own, given):
        write(own, given)
        if not states_of.get("disturbed"):
            states_of["disturbed"] = True
            other.documents.add([prepare(about_bees("m1", "The other word."))])

    states_of = {}
    writer.passages.write = disturbed
    writer.documents.add([prepare(about_bees("m1", "One word."))])
    assert states(other) == {"One word."}
    assert other.passages.count() == 1


def test_a_writer_whose_text_is_deleted_meanwhile_writes_it_again(engine):
    """As by another writer that had deleted the passages before they were written."""
    address = engine.address()
    writer, other, left = opened(address), opened(address), [1]
    write = writer.passages.write

    def disturbed(own, given):
        write(own, given)
        if left and left.pop():
            other.client.delete_in("records", "doc", [own.key], 'kind == "text"')

    writer.passages.write = disturbed
    writer.documents.add([prepare(about_bees("m1", "One word."))])
    assert states(other) == {"One word."}


def test_a_reader_finds_one_version_while_another_takes_its_place(engine):
    address = engine.address()
    writer, reader = opened(address), opened(address)
    words, vector = ["word"], ENCODER.question("word").vector
    versions = [prepare(about_bees("m1", f"Version {number} word.")) for number in range(10)]

    def write():
        for version in versions:
            time.sleep(0.15)
            writer.documents.add([version])

    writer.documents.add(versions[:1])
    writing = threading.Thread(target=write)
    writing.start()
    seen = []
    while writing.is_alive():
        found, _ = reader.passages.find(words, vector, 200, {})
        seen += [int(candidate.passage.text.split()[1]) for candidate in found] + [-1] * (len(found) != 1)
        assert reader.documents.get("m1").text.startswith("Version")
    writing.join()
    assert seen == sorted(seen) and -1 not in seen
    assert reader.passages.find(words, vector, 200, {})[0][0].passage.text == "Version 9 word."


def test_writers_at_once_write_everything_once(engine):
    address = engine.address()
    opened(address)
    given = [prepare(numbered(number, 0)) for number in range(12)]

    def write(shift):
        writer = opened(address)
        for first in range(0, 12, 3):
            writer.documents.add([given[(first + shift + offset) % 12] for offset in range(3)])

    with futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(write, (0, 4, 8)))
    reader = opened(address)
    reader.check()
    assert sorted(document.doc_id for document, _ in reader.documents.all()) == sorted(
        f"d{number}" for number in range(12)
    )
    assert (reader.passages.count(), reader.documents.count()) == (72, 12)


def test_more_rows_than_one_call_returns_are_read(engine):
    backend = MilvusBackend(Client(Address.of(engine.address()), patient(), read_rows=7))
    given = [f"a{number:02}" for number in range(40)]
    backend.documents.add([from_file(name, f"Bees shiver {name}.", f"/d/{name}.txt") for name in given])
    assert [document.doc_id for document, _ in backend.documents.all()] == given
    assert sorted(backend.files.all()) == [f"/d/{name}.txt" for name in given]
    assert len(backend.passages.find(["bees"], ENCODER.question("bees").vector, 200, {})[0]) == 40
    backend.check()
    assert backend.documents.remove(given) == given
    assert [part.count() for part in (backend.documents, backend.passages, backend.files)] == [0, 0, 0]


ADD = """
import sys
from engines import patient
from fakes import HashedEncoder, numbered
from retrieval import Library
library = Library(sys.argv[1], patient(), encoder=HashedEncoder())
for number in range(30):
    library.add(numbered(number, 0), progress=lambda done, total, name: print(name, flush=True))
"""


@pytest.mark.parametrize("after", [1, 6, 13])
def test_a_process_that_is_killed_loses_nothing_that_it_acknowledged(engine, python, after):
    address = engine.address()
    process = python(ADD, address)
    told = [process.stdout.readline().strip() for _ in range(after)]
    process.kill()
    with Library(address, patient(), encoder=ENCODER) as library:
        assert_answers(library, told)
        library.check()
        library.add([numbered(number, 0) for number in range(30)])
        assert (library.info()["documents"], library.info()["passages"]) == (30, 180)
        assert_answers(library, ["d0", f"d{after}", "d29"])
