"""Promise 3 for several processes: what is acknowledged to one is what all others see. See support/histories.py."""

import json
from pathlib import Path

import pytest
from engines import opened
from histories import Read, Write, violations

NAMES = 4
WRITES = 24  # of each writer
SHARED = """
import json, sys, time
from engines import patient
from fakes import HashedEncoder
from retrieval import Document, Library
library = Library(sys.argv[1], patient(), encoder=HashedEncoder())
def timed(do):
    start = time.monotonic_ns()
    return do(), start, time.monotonic_ns()
told = []
def tell(*fields):
    told.append(fields)
print("ready", flush=True)
"""
WRITER = SHARED + """
writer, names, count, apart = map(int, sys.argv[2:])
sys.stdin.readline()
for number in range(count):
    name = f"d{(number * (2 if apart else writer + 1) + writer) % names}"
    if number % 5 == 4:
        _, start, end = timed(lambda: library.remove(name))
        tell(name, None, start, end)
    else:
        text, ends = f"Word {number} of writer {writer}.", []
        _, start, end = timed(lambda: library.add(
            Document(name, "Bees", text), progress=lambda *_: ends.append(time.monotonic_ns())))
        tell(name, text, start, *ends)
print(json.dumps(told))
"""  # fmt: skip
READER = (
    SHARED
    + """
import threading
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), ended.set()), daemon=True).start()
def whole():
    every = [library.document(document.doc_id) for document in library.documents()]
    return [(document.doc_id, document.text) for document in every if document]
def one_by_one(names=[f"d{number}" for number in range(int(sys.argv[2]))]):
    return [(name, document.text) for name in names if (document := library.document(name))]
def found():
    return [(hit.passage.doc_id, hit.passage.text) for hit in library.search("word", 100)]
last = False
while not last:
    last = ended.is_set()
    for look in (found, one_by_one, whole):
        seen, start, end = timed(look)
        tell(look.__name__, seen, start, end)
print(json.dumps(told))
"""
)


def test_two_write_and_three_read_what_was_acknowledged(place, python):
    """In a folder the writers write the same documents, and all agree at any moment on what is there."""
    in_folder = isinstance(place, Path)
    opened(place).close()
    readers = [python(READER, place, NAMES) for _ in range(3)]
    writers = [python(WRITER, place, number, NAMES, WRITES, int(not in_folder)) for number in range(2)]
    for process in (*readers, *writers):
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in writers:
        process.stdin.write("go\n")
        process.stdin.flush()
    written = [told(process) for process in writers]
    read = [told(process) for process in readers]  # one look begins after the last write
    writes = [Write(*line) for some in written for line in some]
    reads = [Read(way, [tuple(pair) for pair in seen], *times) for some in read for way, seen, *times in some]
    assert [len(some) for some in written] == [WRITES, WRITES]
    assert min(len(some) for some in read) >= 3
    assert list(violations(writes, reads, atomic=in_folder)) == []


def told(process):
    """Let a process end and return what it told."""
    out, trouble = process.communicate()
    assert process.returncode == 0, trouble
    return json.loads(out)


A, B, GONE = Write("d", "a", 10, 20), Write("d", "b", 30, 40), Write("d", None, 50, 60)


@pytest.mark.parametrize(
    ("seen", "said"),
    [([(("d", "a"), 21, 22)], []), ([((), 5, 15)], []), ([(("d", "b"), 22, 35)], []),
     ([((), 21, 22)], ["look saw None of d, which was replaced before"]),
     ([(("d", "a"), 41, 42)], ["look saw 'a' of d, which was replaced before"]),
     ([(("d", "b"), 61, 62)], ["look saw 'b' of d, which was replaced before"]),
     ([(("d", "b"), 21, 29)], ["look saw 'b' of d, which was not written yet"]),
     ([(("d", "b"), 31, 33), (("d", "a"), 34, 36)], ["look saw 'a' of d after something newer"]),
     ([(("e", "a"), 1, 2)], ["look saw e, which nobody wrote"])],
)  # fmt: skip
def test_the_check_sees_what_it_should(seen, said):
    """The test above would fail if a library showed it."""
    reads = [Read("look", [pair] if pair else [], start, end) for pair, start, end in seen]
    assert list(violations([A, B, GONE], reads)) == said


def test_the_check_sees_a_document_that_is_there_twice():
    assert list(violations([A], [Read("look", [("d", "a"), ("d", "a")], 25, 26)])) == ["look saw d twice"]
