import os
import threading
from dataclasses import replace

import numpy as np
import pytest
from fakes import HashedEncoder, scattered

from retrieval.embedding.base import unit
from retrieval.storage.local.backend import LocalBackend
from retrieval.storage.local.faiss_index import FaissIndex, Limits, StoredVectors

DIM = HashedEncoder.dim
QUESTIONS = unit(np.random.RandomState(0).standard_normal((20, DIM)))


@pytest.fixture
def store(tmp_path):
    with_documents = LocalBackend(tmp_path)
    for number in range(3):
        with_documents.documents.add([scattered(f"d{number}", 300, number, {"kind": number % 2})])
    yield with_documents
    with_documents.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vectors.faiss"


def brute_force(store, question, count, allowed=None):
    """Rank every passage of the store by cosine, without FAISS."""
    blocks = list(StoredVectors(store.database).between(0, store.facts.generation(), DIM))
    ids, vectors = np.concatenate([ids for ids, _ in blocks]), np.concatenate([rows for _, rows in blocks])
    order = np.argsort(-(vectors @ question), kind="stable")
    return [int(found) for found in ids[order] if allowed is None or found in allowed][:count]


def assert_current(vectors, store, count=50, close=1e-3):
    """The snapshot's vectors are rounded to half precision, so what is as near to three digits may change places."""
    rows = {
        int(own): row
        for ids, block in StoredVectors(store.database).between(0, store.facts.generation(), DIM)
        for own, row in zip(ids, block, strict=True)
    }
    for question in QUESTIONS:
        found, expected = vectors.nearest(question, count), brute_force(store, question, count)
        assert len(set(found)) == len(expected)
        np.testing.assert_allclose(
            [rows[own] @ question for own in found], [rows[own] @ question for own in expected], atol=close
        )


@pytest.mark.parametrize("count", [1, 10, 900, 5000])
def test_nearest_equals_brute_force(store, path, count):
    assert_current(FaissIndex(store.database, path, DIM), store, count, close=1e-6)


@pytest.mark.parametrize("where", [{"kind": 0}, {"kind": 1}, {"doc_id": "d2"}, {"kind": [0, 1]}, {"kind": 5}], ids=str)
def test_only_allowed_ones(store, path, where):
    vectors, allowed = FaissIndex(store.database, path, DIM), store.passages.allowed(where)
    for question in QUESTIONS:
        assert vectors.nearest(question, 40, allowed) == brute_force(store, question, 40, set(allowed.tolist()))


# 900 passages are many, and 100 much to compare one by one. All lists are read: noise has no clusters.
LARGE = Limits(flat_most=700, probes=100, behind_most=100)


def assert_near(vectors, store, where=None, least=0.9):
    """Most of the 50 nearest are found, and nothing that is not in the store or not allowed."""
    allowed = None if where is None else store.passages.allowed(where)
    known = set(brute_force(store, QUESTIONS[0], 10_000, allowed))
    hits = 0
    for question in QUESTIONS:
        found = vectors.nearest(question, 50, allowed)
        assert len(found) == len(set(found)) == min(50, len(known))
        assert known.issuperset(found)
        hits += len(set(found) & set(brute_force(store, question, 50, allowed)))
    assert hits >= least * len(QUESTIONS) * min(50, len(known))


@pytest.mark.slow
@pytest.mark.parametrize("where", [None, {"kind": 1}, {"doc_id": "d2"}, {"kind": 5}], ids=str)
def test_many_are_indexed_by_lists(store, path, where):
    vectors = FaissIndex(store.database, path, DIM, LARGE)
    assert vectors._view.index.nlist == 60
    assert_near(vectors, store, where)
    vectors.save()
    assert_near(FaissIndex(store.database, path, DIM, LARGE), store, where)


def test_all_can_be_asked_for_of_many(store, path):
    assert sorted(FaissIndex(store.database, path, DIM, LARGE).nearest(QUESTIONS[0], 900)) == list(range(1, 901))


def test_few_changes_are_seen_and_leave_the_snapshot_of_many_as_it_is(store, path):
    FaissIndex(store.database, path, DIM, LARGE).save()
    written = path.stat().st_mtime_ns
    store.documents.add([scattered("d3", 40, 9)])
    store.documents.remove(["d3"])
    store.documents.add([scattered("d4", 40, 10, {"kind": 1})])
    for _ in range(2):
        vectors = FaissIndex(store.database, path, DIM, LARGE)
        assert_near(vectors, store)
        assert_near(vectors, store, {"kind": 1})
        vectors.save()
    assert path.stat().st_mtime_ns == written


def test_many_changes_are_taken_into_the_snapshot_of_many(store, path):
    FaissIndex(store.database, path, DIM, LARGE).save()
    vectors = FaissIndex(store.database, path, DIM, LARGE)
    store.documents.remove(["d1"])
    store.documents.add([scattered("d3", 90, 9), scattered("d4", 60, 10)])
    assert_near(vectors, store)
    vectors.save()
    assert (len(vectors._view.ids), len(vectors._view.gone), vectors._view.index.ntotal) == (0, 0, 750)
    assert_near(vectors, store)
    assert_near(FaissIndex(store.database, path, DIM, LARGE), store)


def test_what_another_process_has_saved_is_used(store, path):
    vectors = FaissIndex(store.database, path, DIM, LARGE)
    vectors.save()
    other = LocalBackend(store.folder)
    other.documents.add([scattered("d3", 300, 9)])
    FaissIndex(other.database, path, DIM, LARGE).save()
    vectors.catch_up()
    assert (vectors._view.covered, vectors._view.index.ntotal) == (4, 1200)
    assert_near(vectors, store)


def test_a_library_that_shrank_is_exact_again(store, path):
    FaissIndex(store.database, path, DIM, LARGE).save()
    store.documents.remove(["d1", "d2"])
    FaissIndex(store.database, path, DIM, LARGE).save()
    assert_current(FaissIndex(store.database, path, DIM, LARGE), store)


def test_damage_inside_a_large_snapshot_costs_little(store, path):
    limits = replace(LARGE, checked=20_000)
    FaissIndex(store.database, path, DIM, limits).save()
    content = bytearray(path.read_bytes())
    content[40_000:40_100] = b"\xa5" * 100
    path.write_bytes(content)
    vectors = FaissIndex(store.database, path, DIM, limits)
    assert vectors._view.covered == 3
    for question in QUESTIONS:
        exact = set(brute_force(store, question, 50))
        assert len(exact.intersection(vectors.nearest(question, 50))) > 35


def test_an_empty_store_has_nothing_near(tmp_path):
    store = LocalBackend(tmp_path)
    vectors = FaissIndex(store.database, tmp_path / "vectors.faiss", DIM)
    assert vectors.nearest(QUESTIONS[0], 5) == []
    vectors.save()
    assert FaissIndex(store.database, tmp_path / "vectors.faiss", DIM).nearest(QUESTIONS[0], 5) == []


def test_what_another_process_does_is_seen(store, path):
    vectors = FaissIndex(store.database, path, DIM)
    other = LocalBackend(store.folder)
    other.documents.add([scattered("d3", 100, 9), scattered("d0", 50, 10)])
    assert_current(vectors, store)
    other.documents.remove(["d1", "d3"])
    assert_current(vectors, store)
    assert len(vectors.nearest(QUESTIONS[0], 1000)) == 350


def test_a_snapshot_is_taken_and_caught_up(store, path):
    FaissIndex(store.database, path, DIM).save()
    store.documents.remove(["d1"])
    store.documents.add([scattered("d4", 70, 11)])
    vectors = FaissIndex(store.database, path, DIM)
    assert_current(vectors, store)
    before = path.read_bytes()
    vectors.save()
    assert path.read_bytes() != before


def test_a_current_snapshot_is_not_written_again(store, path):
    FaissIndex(store.database, path, DIM).save()
    written = path.stat().st_mtime_ns
    vectors = FaissIndex(store.database, path, DIM)
    vectors.save()
    assert path.stat().st_mtime_ns == written


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 5, 60, 1000, 100_000, -30, -21, -13, -5, -1])
def test_a_damaged_snapshot_is_built_anew(store, path, place):
    FaissIndex(store.database, path, DIM).save()
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    assert_current(FaissIndex(store.database, path, DIM), store)


@pytest.mark.parametrize("size", [0, 1, 27, 28, 1000])
def test_a_cut_snapshot_is_built_anew(store, path, size):
    FaissIndex(store.database, path, DIM).save()
    path.write_bytes(path.read_bytes()[:size])
    assert_current(FaissIndex(store.database, path, DIM), store)


def test_a_snapshot_of_another_dimension_is_built_anew(store, path):
    """As after the vectors were made anew by another model in the same number of writes."""
    vectors = FaissIndex(store.database, path, DIM)
    vectors._write(vectors._new(0), 3)
    vectors._dim = 32
    vectors._write(vectors._new(0), 3)
    assert_current(FaissIndex(store.database, path, DIM), store)


def test_a_snapshot_of_another_history_is_built_anew(store, path, tmp_path):
    """library.db was deleted and filled again, further than the snapshot covers: the ids mean other passages."""
    FaissIndex(store.database, path, DIM).save()
    anew = LocalBackend(tmp_path / "anew")
    for number in range(5):
        anew.documents.add([scattered(f"d{number}", 300, 20 + number)])
    assert_current(FaissIndex(anew.database, path, DIM), anew)


def test_a_disk_that_refuses_the_snapshot_costs_only_time(store, path):
    path.mkdir()
    vectors = FaissIndex(store.database, path, DIM)
    vectors.save()
    assert_current(vectors, store)
    assert [found.name for found in path.parent.iterdir() if found.name.startswith("vectors.faiss")] == [
        "vectors.faiss"
    ]


def test_what_a_killed_process_left_is_swept(store, path):
    old, new = path.with_name("vectors.faissold"), path.with_name("vectors.faissnew")
    old.touch()
    new.touch()
    os.utime(old, (1, 1))
    FaissIndex(store.database, path, DIM).save()
    assert (old.exists(), new.exists()) == (False, True)


def test_threads_may_search_while_documents_come_and_go(store, path):
    vectors, errors, done = FaissIndex(store.database, path, DIM), [], threading.Event()

    def search():
        while not done.is_set():
            found = vectors.nearest(QUESTIONS[0], 30)
            if len(found) != 30 or len(set(found)) != 30:
                errors.append(found)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(30):
        store.documents.add([scattered(f"new{number % 3}", 2, 100 + number)])
        store.documents.remove([f"new{(number + 1) % 3}"])
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert_current(vectors, store)
