"""Passages read last stay in a few arrays: whatever room there is, the same are found with the same vectors."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fakes import about_bees, prepare, scattered

from retrieval.storage.cache import PassageCache
from retrieval.storage.local.faiss_index import StoredVectors
from retrieval.storage.local.passages import Passages
from retrieval.text import WORDS

QUESTION = np.random.RandomState(1).standard_normal(64).astype(np.float32)
ALL = range(1, 303)


@pytest.fixture(params=[4096, 7], ids=["room", "no-room"])
def room(request):
    """For how many passages the cache has room."""
    return request.param


@pytest.fixture
def kept(room, many):
    """302 passages, of which all or only seven are kept in memory."""
    return Passages(many.database, many.folder / "vectors.faiss", cache=PassageCache(room, 1))


@pytest.fixture
def many(store):
    """A store of 302 passages."""
    store.documents.add([scattered("s", 300, 5), prepare(about_bees())])
    return store


@pytest.fixture
def expected(many):
    """Id -> vector of every passage, read apart from what is kept."""
    blocks = StoredVectors(many.database).between(0, 1, 64)
    return {int(own): row for ids, rows in blocks for own, row in zip(ids, rows, strict=True)}


def assert_right(found, wanted, expected):
    assert found.ids == [each.id for each in found] == wanted
    np.testing.assert_allclose(
        found.passage_products(QUESTION), [expected[own] @ QUESTION for own in wanted], rtol=1e-4
    )
    rows = [row @ QUESTION for each in found for row in each.sentence_vectors]
    np.testing.assert_allclose(found.sentence_products(QUESTION), rows, rtol=1e-3, atol=1e-5)
    assert np.diff(found.starts).tolist() == [len(each.passage.sentences) for each in found]


def test_any_passages_in_any_order(kept, expected):
    random = np.random.RandomState(2)
    for count in (1, 3, 7, 8, 50, 302, 2, 302, 6):
        wanted = random.permutation(ALL)[:count].tolist()
        assert_right(kept.candidates(wanted), wanted, expected)


def test_those_that_are_gone_are_left_out(kept, expected):
    assert_right(kept.candidates([0, 5, 999, 2]), [5, 2], expected)
    assert_right(kept.candidates([999]), [], expected)
    assert_right(kept.candidates([]), [], expected)


def test_what_was_found_stays_while_others_are_read(kept, expected):
    found = [(wanted, kept.candidates(wanted)) for wanted in ([3, 1, 302], [9, 8], list(ALL[100:105]))]
    kept.candidates(list(ALL))
    kept.candidates(list(ALL[:6]))
    for wanted, own in found:
        assert_right(own, wanted, expected)


@pytest.mark.slow
def test_many_threads_at_once(kept, expected):

    def ask(number):
        random = np.random.RandomState(number)
        for _ in range(30):
            wanted = random.permutation(ALL)[: 1 + random.randint(9)].tolist()
            assert_right(kept.candidates(wanted), wanted, expected)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))


def test_stems_are_found_by_the_sentences_that_hold_them(store):
    store.documents.add([prepare(about_bees())])
    first, second = store.passages.candidates([1, 2])
    assert first.holding(WORDS)["honei"] == [0]
    assert first.holding(WORDS)["shiver"] == [1]
    assert second.holding(WORDS)["honei"] == [0]


def test_reading_ahead_changes_nothing(room, many, expected):
    kept = Passages(many.database, many.folder / "vectors.faiss", disk_seconds=-1, cache=PassageCache(room, 1))
    for wanted in (list(ALL), [*ALL[::-2], 999], [1], []):
        assert_right(kept.candidates(wanted), [own for own in wanted if own in ALL], expected)
