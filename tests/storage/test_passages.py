import numpy as np
import pytest
from fakes import HashedEncoder, about_bees, prepare, scattered

from retrieval.errors import QuestionError
from retrieval.records import Document
from retrieval.storage.local.faiss_index import StoredVectors
from retrieval.storage.local.fulltext import Fulltext
from retrieval.text import WORDS, terms


def test_passages_come_back_with_their_vectors(store):
    given = prepare(about_bees())
    store.documents.add([given])
    found = store.passages.candidates([2, 7, 1])
    assert [candidate.passage for candidate in found] == [given.passages[1], given.passages[0]]
    for candidate, passage, vectors in zip(found, given.passages[::-1], given.vectors[::-1], strict=True):
        np.testing.assert_allclose(candidate.vector, vectors.vector, atol=1 / 254)
        np.testing.assert_allclose(candidate.sentence_vectors, vectors.sentences, atol=1 / 60)
        bits, sentences = store.passages.tokens([candidate.id])[candidate.id]
        np.testing.assert_array_equal(bits, vectors.token_bits)
        np.testing.assert_array_equal(sentences, vectors.token_sentences)
        assert candidate.holding(WORDS)["honei"] == [0]
        assert set(candidate.holding(WORDS)) == terms.stems(passage.text)


def test_a_sentence_without_content_has_a_vector_of_zeros(store):
    store.documents.add([prepare(about_bees(text="?!"))])
    np.testing.assert_array_equal(store.passages.candidates([1])[0].sentence_vectors, np.zeros((1, 64)))


def test_bm25_is_as_robertson_and_sqlite_define_it(store):
    """Two passages of 5 and 3 words below a title of 1: k1 = 1.2, b = 0.75, title and text weighted alike."""
    store.documents.add([prepare(Document("d", "Bees", "Honey bees do not hibernate.\n\nColonies eat honey."))])
    store.documents.add(
        [prepare(Document("e", "Tea", "Green tea is good.")), prepare(Document("f", "Ice", "It melts."))]
    )
    found = store.passages.bm25(["honey"], 9, {})
    average = (1 + 5 + 1 + 3 + 1 + 4 + 1 + 2) / 4
    idf = np.log((4 - 2 + 0.5) / (2 + 0.5))
    idf = idf if idf > 0 else 1e-6  # SQLite's floor
    expected = {number: idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * length / average)) for number, length in ((1, 6), (2, 4))}
    assert found == pytest.approx(expected)
    assert list(found) == [2, 1]


def test_the_full_text_is_stemmed_and_without_accents(store):
    store.documents.add([prepare(about_bees(text="Étienne hibernates. Größe."))])
    words = ["etienne", "hibernating", "große", "grosse", "tienne", "hiber"]
    assert [word for word in words if store.passages.bm25([word], 9, {})] == ["etienne", "hibernating", "große"]
    assert store.passages.bm25([], 9, {}) == {}


@pytest.mark.parametrize(
    "words, most, expected",
    [
        (["rare", "often", "always"], 9, [1, 2, 3, 4]),  # 1 + 2 + 4 passages
        (["rare", "often", "always"], 6, [1, 2]),
        (["rare", "always"], 1, [1]),
        (["often", "always"], 1, [1, 2]),
        (["always", "unknown", "also"], 1, [1, 3]),
        (["always"], 1, [1, 2, 3, 4]),
        (["unknown"], 0, []),
    ],
)
def test_the_most_frequent_words_are_left_out_where_there_is_too_much(store, words, most, expected):
    store.documents.add(
        [prepare(about_bees(text="Rare, often, always, also.\n\nOften always.\n\nAlso always.\n\nAlways."))]
    )
    ids, scores = Fulltext(store.database, scored_most=most).bm25(words, 9)
    assert sorted(ids.tolist()) == expected and len(scores) == len(expected)


def test_words_are_counted_anew_when_something_was_added(store):
    store.documents.add([prepare(about_bees())])
    assert store.passages.document_frequencies(["bee", "wasp"]) == {"bee": 2}
    store.documents.add([prepare(about_bees("a2", "A wasp."))])
    assert store.passages.document_frequencies(["bee", "wasp"]) == {"bee": 3, "wasp": 1}


def test_rarity_is_robertsons(store):
    store.documents.add([prepare(about_bees(text="Honey.\n\nHoney bees.\n\nTea."))])
    expected = {"honei": np.log1p(1.5 / 2.5), "bee": np.log1p(0.5 / 3.5), "ic": np.log1p(3.5 / 0.5)}  # 3 titles: Bees
    assert store.passages.idf(["honey", "bees", "ice"]) == pytest.approx(expected)


@pytest.mark.parametrize(
    "where, expected",
    [
        ({}, ["a", "b", "c"]),
        ({"doc_id": "a"}, ["a"]),
        ({"doc_id": ["a", "c"]}, ["a", "c"]),
        ({"source": "/docs/b.txt"}, ["b"]),
        ({"title": "Bees"}, ["a", "b", "c"]),
        ({"year": 2018}, ["a", "b"]),
        ({"year": "2018"}, ["a", "b"]),
        ({"year": [2018, 2019]}, ["a", "b", "c"]),
        ({"year": 2018, "publication": "Eurasia Daily Monitor"}, ["a"]),
        ({"open": True}, ["c"]),
        ({'a "b" [0].c': "x"}, ["a"]),
        ({"größe": "é"}, ["b"]),
        ({"unknown": "x"}, []),
        ({"year": []}, []),
        ({"publication": "x' OR 1=1 --"}, []),
    ],
    ids=str,
)
def test_where(store, where, expected):
    metadata = {
        "a": {"year": 2018, "publication": "Eurasia Daily Monitor", 'a "b" [0].c': "x"},
        "b": {"year": "2018", "größe": "é"},
        "c": {"year": 2019, "open": True},
    }
    for doc_id, fields in metadata.items():
        store.documents.add([prepare(about_bees(doc_id, metadata=fields, source=f"/docs/{doc_id}.txt"))])
    allowed = store.passages.allowed(where)
    assert list(dict.fromkeys(candidate.passage.doc_id for candidate in store.passages.candidates(allowed))) == expected
    assert set(store.passages.bm25(["honey"], 9, where)) == set(allowed)


@pytest.mark.parametrize("value", [None, {"a": 1}, [None], object()], ids=["none", "dict", "list of none", "object"])
def test_a_condition_that_compares_nothing_is_refused(store, value):
    with pytest.raises(QuestionError, match=r"^where\['year'\] is "):
        store.passages.allowed({"year": value})


def test_vectors_are_read_in_blocks_by_generation(store):
    store.documents.add([scattered("a", 5000, 1)])
    store.documents.add([scattered("b", 2, 2)])
    blocks = list(StoredVectors(store.database).between(0, 2, 64))
    assert [vectors.shape for _, vectors in blocks] == [(4096, 64), (906, 64)]
    assert np.concatenate([ids for ids, _ in blocks]).tolist() == list(range(1, 5003))
    ((ids, _),) = StoredVectors(store.database).between(1, 2, 64)
    assert ids.tolist() == [5001, 5002]
    vectors = StoredVectors(store.database)
    assert [vectors.count_between(0, 1), vectors.count_between(0, 2), vectors.count_between(2, 2)] == [5000, 5002, 0]


def test_a_sample_is_spread_over_all(store):
    given = scattered("a", 100, 1)
    store.documents.add([given])
    rows = np.array([vectors.vector for vectors in given.vectors])
    np.testing.assert_allclose(StoredVectors(store.database).sample(7, 64), rows[::14], atol=1 / 254)
    np.testing.assert_allclose(StoredVectors(store.database).sample(300, 64), rows, atol=1 / 254)


def test_what_was_removed_is_told_by_generation(store):
    store.documents.add([scattered("a", 5000, 1)])
    store.documents.add([scattered("b", 2, 2)])
    store.documents.remove(["b", "a"])
    assert StoredVectors(store.database).removed_since(2) == [(5001, 5002), (1, 5000)]
    assert StoredVectors(store.database).removed_since(3) == []


@pytest.mark.parametrize("often", [2, 100])
def test_a_document_that_is_replaced_while_it_is_sought_is_found_once(store, often):
    """Between the question to one index and that to the other; without end, at most once."""
    versions = iter(range(1000))

    def replace():
        store.documents.add([prepare(about_bees("m1", f"Version {next(versions)} word."))])

    def disturbed(*arguments, ask=store.passages.fulltext.bm25):
        found = ask(*arguments)
        if next(versions) < often:
            replace()
        return found

    replace()
    vector = HashedEncoder().question("word").vector
    assert len(store.passages.find(["word"], vector, 200, {})[0]) == 1  # and is kept in memory
    store.passages.fulltext.bm25 = disturbed
    found = [candidate.passage.text for candidate in store.passages.find(["word"], vector, 200, {})[0]]
    assert found == [store.documents.get("m1").text]
