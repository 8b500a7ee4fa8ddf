"""What ranking asks of every place where a library is kept: the same candidates, scores and counts, by any filter."""

import numpy as np
import pytest
from engines import opened
from fakes import HashedEncoder, about_bees, prepare, scattered

from retrieval.errors import QuestionError
from retrieval.records import Document
from retrieval.search.retriever import rank
from retrieval.storage.local.backend import LocalBackend
from retrieval.text.terms import question_words

ENCODER = HashedEncoder()
WORDS = (
    "bee hive honey river bridge ferry tea leaf ash flight lamp keeper ice stone bread rye seed bean book naïve пчёлы"
)


@pytest.fixture
def many():
    """Documents of a few sentences of random words, and as many one-word passages as make one index not enough."""
    random = np.random.RandomState(7)
    words = WORDS.split()

    def sentence():
        return " ".join(random.choice(words, 1 + random.randint(9))).capitalize() + "."

    texts = [
        "\n\n".join(" ".join(sentence() for _ in range(1 + random.randint(3))) for _ in range(5)) for _ in range(40)
    ]
    titles = [" ".join(random.choice(words, 2)) for _ in texts]
    made = [
        prepare(Document(f"d{n:02}", title, text)) for n, (title, text) in enumerate(zip(titles, texts, strict=True))
    ]
    return [*made, scattered("s", 120, 5)]


def found(passages, question, where=None):
    """Return what is found by where it stands, and BM25 by where it stands."""
    encoded = ENCODER.question(question)
    candidates, scores = passages.find(question_words(question), encoded.vector, 200, where or {})
    places = {candidate.id: (candidate.passage.doc_id, candidate.passage.start) for candidate in candidates}
    return set(places.values()), {places[key]: score for key, score in scores.items() if key in places}


def test_all_backends_find_and_rank_the_same(backend, many, tmp_path):
    expected = LocalBackend(tmp_path / "expected")
    for each in (backend, expected):
        each.documents.add(many)
    for question in (
        "honey bee hives",
        "ferry naïve пчёлы bridge",
        "stone ice lamp keeper rye",
        "word7 bee",
        "no such",
    ):
        (places, scores), (own, by_sqlite) = found(backend.passages, question), found(expected.passages, question)
        assert len(places ^ own) <= 2  # ties at the end of the two hundred
        same = scores.keys() & by_sqlite.keys()
        assert len(same) >= len(by_sqlite) - 2
        assert [scores[key] for key in same] == pytest.approx([by_sqlite[key] for key in same], rel=1e-6)
        words = question_words(question)
        assert backend.passages.idf(words) == pytest.approx(expected.passages.idf(words))
        assert backend.passages.document_frequencies(words) == expected.passages.document_frequencies(words)
        best, known = (
            [
                (r.candidate.passage.doc_id, r.candidate.passage.start)
                for r in rank(b, question, ENCODER.question(question), 5, {})
            ]
            for b in (backend, expected)
        )
        assert best == known


CONDITIONS = [
    ({"kind": "news"}, "ab"), ({"kind": ["news", "blog"]}, "abc"), ({"kind": []}, ""), ({"issue": "7"}, "a"),
    ({"issue": 7}, "a"), ({"share": 1.5}, "b"), ({"open": True}, "a"), ({"open": False}, "b"), ({"none": "x"}, ""),
    ({"doc_id": ["a", "c"]}, "ac"), ({"title": "Bees"}, "abcd"), ({"source": "/x/c"}, "c"),
    ({"date": "2018-06"}, ""), ({"date": "2018-06..2018-07"}, "ab"), ({"date": "2018-06-15.."}, "bcd"),
    ({"date": "..2018-06"}, "a"), ({"date": "2018..2019", "kind": "blog"}, "c"), ({"date": ["..2017", "2019.."]}, "d"),
    ({'" or 1 == 1 or "': "x"}, ""), ({"kind": '"] or true or ["'}, ""), ({"quote": 'He said "no" \\'}, "d"),
]  # fmt: skip


def test_words_are_counted_alike_in_a_large_library(engine, many):
    from retrieval.storage.milvus.passages import Passages
    from retrieval.storage.milvus.snapshot import Committed

    backend = opened(engine.address())
    backend.documents.add(many)
    question, words = "honey naïve пчёлы word7", question_words("honey naïve пчёлы word7 nothing")
    large = Passages(backend.client, Committed(backend.client), small=0)
    assert large.idf(words) == backend.passages.idf(words)
    assert large.document_frequencies(words) == backend.passages.document_frequencies(words)
    assert found(large, question) == found(backend.passages, question)


@pytest.mark.filterwarnings("error")
def test_conditions_choose_documents(backend):
    fields = {
        "a": {"kind": "news", "issue": 7, "open": True, "date": "2018-06-14"},
        "b": {"kind": "news", "share": 1.5, "open": False, "date": "2018-07-01T12:00"},
        "c": {"kind": "blog", "date": "2018-08-31"},
        "d": {"kind": "essay", "date": "2020", "quote": 'He said "no" \\'},
    }
    backend.documents.add(
        [prepare(about_bees(name, source=f"/x/{name}", metadata=own)) for name, own in fields.items()]
    )
    for where, expected in CONDITIONS:
        vector = ENCODER.question("honey").vector
        candidates, _ = backend.passages.find(["honey"], vector, 9, where)
        assert "".join(sorted({each.passage.doc_id for each in candidates})) == expected, where
        assert len(backend.passages.bm25(["honey"], 9, where)) == 2 * len(expected), where
    with pytest.raises(QuestionError, match="where\\['kind'\\]"):
        backend.passages.find(["honey"], vector, 9, {"kind": {"a": 1}})


def test_another_process_sees_what_was_written(backend, place):
    other = opened(place)
    assert found(other.passages, "honey")[0] == set()
    backend.documents.add([prepare(about_bees())])
    assert len(found(other.passages, "honey")[0]) == 2
    other.documents.remove(["a1"])
    assert found(backend.passages, "honey")[0] == set()
    other.close()
