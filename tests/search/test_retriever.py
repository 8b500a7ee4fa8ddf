from dataclasses import replace

import numpy as np
import pytest
from articles import QUESTIONS
from fakes import HashedEncoder, prepare, scattered

from retrieval import Library, Settings
from retrieval.embedding.binary import rotation
from retrieval.errors import QuestionError
from retrieval.records import Document
from retrieval.search.fusion import merged
from retrieval.search.retriever import CANDIDATES, FIRST_WEIGHTS, RERANKED, rank
from retrieval.storage.local.backend import LocalBackend
from retrieval.storage.local.passages import Passages
from retrieval.text import terms

ENCODER = HashedEncoder()
WORDS = "bee hive honey river bridge ferry tea leaf ash flight lamp keeper ice stone bread rye seed bean book harvest"


@pytest.fixture
def many(tmp_path):
    """A store of 300 passages of a few sentences of random words, in 60 documents."""
    random, store = np.random.RandomState(7), LocalBackend(tmp_path)
    words = WORDS.split()

    def sentence():
        return " ".join(random.choice(words, 5)).capitalize() + "."

    for number in range(60):
        text = "\n\n".join(" ".join(sentence() for _ in range(1 + random.randint(3))) for _ in range(5))
        store.documents.add([prepare(Document(f"d{number:02}", text=text, metadata={"half": number // 30}))])
    yield store
    store.close()


def ranked(store, question, k=10, where=None):
    return rank(store, question, ENCODER.question(question), k, where or {})


def every_passage(store):
    return store.passages.candidates(range(1, store.passages.count() + 1))


def first_scores(store, question, candidates):
    """The first step of ranking, worked out over the candidates without an index."""
    vector = ENCODER.question(question).vector
    lexical = store.passages.bm25(question.lower().split(), 10_000, {})
    signals = {
        "passage": [float(c.vector @ vector) for c in candidates],
        "sentence": [max(float(row @ vector) for row in c.sentence_vectors) for c in candidates],
        "bm25": [lexical.get(c.id, 0.0) for c in candidates],
    }
    scores = np.zeros(len(candidates))
    for name, weight in FIRST_WEIGHTS.items():
        values = np.array(signals[name])
        scores += weight * (values - values.mean()) / values.std()
    return scores, signals


@pytest.mark.parametrize("question", ["honey bee hive", "ferry bridge", "stone ice lamp keeper rye", "harvest"])
def test_the_first_step_equals_brute_force(many, question):
    """Passages beyond those that are read closely keep the order of the fused signals over all candidates."""
    found = ranked(many, question, 300)
    candidates = [item.candidate for item in sorted(found, key=lambda item: item.candidate.id)]
    scores, signals = first_scores(many, question, candidates)
    for name, values in signals.items():
        expected = dict(zip([candidate.id for candidate in candidates], values, strict=True))
        for item in found:
            assert item.signals[name] == pytest.approx(expected[item.candidate.id], abs=1e-5)
    order = [candidates[index].id for index in np.argsort(-scores, kind="stable")]
    assert {item.candidate.id for item in found[:RERANKED]} == set(order[:RERANKED])
    by_id = dict(zip([candidate.id for candidate in candidates], scores, strict=True))
    assert all(
        item.score - item.behind == pytest.approx(by_id[item.candidate.id], abs=1e-4) for item in found[RERANKED:]
    )
    unread = [by_id[item.candidate.id] for item in found[RERANKED:]]
    assert unread == pytest.approx(sorted(unread, reverse=True), abs=1e-4)


def test_candidates_are_the_nearest_and_the_best_of_the_full_text(many):
    question = "honey bee"
    vector = ENCODER.question(question).vector
    nearest = sorted(every_passage(many), key=lambda c: -float(c.vector @ vector))[:CANDIDATES]
    lexical = list(many.passages.bm25(["honey", "bee"], CANDIDATES, {}))
    assert {item.candidate.id for item in ranked(many, question, 200)} <= {c.id for c in nearest} | set(lexical)


def test_asking_both_indexes_at_once_finds_the_same(many):
    words, vector = ["honey", "bee"], ENCODER.question("honey bee").vector
    at_once = Passages(many.database, many.folder / "vectors.faiss", large=0)
    found, expected = (each.find(words, vector, 50, {"half": 1}) for each in (at_once, many.passages))
    assert (found[0].ids, found[1]) == (expected[0].ids, expected[1])
    with pytest.raises(QuestionError):
        at_once.find(words, vector, 50, {"half": {}})


def test_every_candidate_comes_back_where_all_are_asked_for(many):
    found = ranked(many, "honey", 1000)
    assert sorted(item.candidate.id for item in found) == list(range(1, 301))
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("k", [1, 5, 29, 30, 31, 100])
def test_fewer_are_the_first_of_more(many, k):
    more = [item.candidate.id for item in ranked(many, "lamp keeper", 100)]
    assert [item.candidate.id for item in ranked(many, "lamp keeper", k)] == more[:k]


def test_maxsim_is_the_mean_of_each_tokens_closest(many):
    """Against the definition, token by token: the signs of a passage's tokens and the question's own vectors."""
    tokens = ENCODER.question("honey bee").tokens
    for item in ranked(many, "honey bee", 30):
        bits, _ = many.passages.tokens([item.candidate.id])[item.candidate.id]
        signs = 2.0 * np.unpackbits(bits, axis=1, count=ENCODER.dim) - 1
        cosines = signs @ tokens.T * np.sqrt(np.pi / 2 / ENCODER.dim)
        assert item.signals["maxsim"] == pytest.approx(cosines.max(axis=0).mean(), abs=1e-4)


def test_passages_with_more_bits_than_others_are_compared_by_as_many(tmp_path):
    """Those of earlier versions have more, of which the first are the same."""
    store, tokens = LocalBackend(tmp_path), ENCODER.question("honey bee").tokens
    for number, width in enumerate([8, 4, 8]):
        item = prepare(Document(f"d{number}", text=f"Honey flows. The bee has {number} wings."))
        cut = [replace(each, token_bits=each.token_bits[:, :width]) for each in item.vectors]
        store.documents.add([replace(item, vectors=cut)])
    for item in ranked(store, "honey bee", 3):
        bits, _ = store.passages.tokens([item.candidate.id])[item.candidate.id]
        signs = 2.0 * np.unpackbits(bits, axis=1, count=32) - 1
        cosines = signs @ tokens[:, :32].T * np.sqrt(2) * np.sqrt(np.pi / 2 / 32)
        assert item.signals["maxsim"] == pytest.approx(cosines.max(axis=0).mean(), abs=1e-4)
    store.close()


@pytest.mark.slow
def test_signs_of_rotated_vectors_estimate_cosines():
    """What maxsim rests on: the error is small against the distance of related tokens from others (0.3 to 0.7)."""
    random = np.random.RandomState(3)
    rows = random.standard_normal((500, 384))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    left, right = rows[:250], (rows[:250] + rows[250:]) / np.sqrt(2)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    turned = rotation(384)
    estimates = (np.sign(right @ turned) * (left @ turned)).sum(axis=1) * np.sqrt(np.pi / 2 / 128 * 384 / 128)
    errors = estimates - (left * right).sum(axis=1)
    assert np.abs(errors).mean() < 0.08 and abs(errors.mean()) < 0.01


def test_coverage_and_support_are_shares_of_the_terms_by_rarity(many):
    """Against the definition, term by term; for support a term that is not there counts by its closest token."""
    question = "honey glacier rye"
    encoded, rarity = ENCODER.question(question), many.passages.idf(question.split())
    total = sum(rarity.values())
    for item in ranked(many, question, 30):
        bits, numbers = many.passages.tokens([item.candidate.id])[item.candidate.id]
        signs = 2.0 * np.unpackbits(bits, axis=1, count=ENCODER.dim) - 1
        cosines = signs @ encoded.tokens.T * np.sqrt(np.pi / 2 / ENCODER.dim)
        shares = []
        start, text = item.candidate.passage.start, item.candidate.passage.text
        for number, (first, last) in enumerate(item.candidate.passage.sentences):
            stems = terms.stems(text[first - start : last - start])
            closest = dict(zip(encoded.terms, cosines[numbers == number].max(axis=0), strict=True))
            held = {term: 1.0 if term in stems else max(0.0, closest[term]) for term in rarity}
            expected = sum(rarity[term] * held[term] for term in rarity) / total
            assert item.sentences.support[number] == pytest.approx(expected, abs=1e-4)
            shares.append(sum(rarity[term] for term in rarity if term in stems) / total)
        assert item.signals["coverage"] == pytest.approx(max(shares), abs=1e-4)


def test_rarity_is_robertsons(tmp_path):
    store = LocalBackend(tmp_path)
    store.documents.add(
        [prepare(Document("d", text="Honey bees.\n\nHoney flows. Rye grows.\n\nTea.\n\nHoney and tea. Rye."))]
    )
    assert store.passages.idf(["honey", "rye"]) == pytest.approx(
        {"honei": np.log1p(1.5 / 3.5), "rye": np.log1p(2.5 / 2.5)}
    )


@pytest.mark.parametrize("where, expected", [({"half": 0}, range(30)), ({"half": 1}, range(30, 60))], ids=str)
def test_where_limits_every_candidate(many, where, expected):
    found = ranked(many, "honey bee", 300, where)
    assert len(found) == 150
    assert {item.candidate.passage.doc_id for item in found} == {f"d{number:02}" for number in expected}


def test_where_nothing_is_allowed_nothing_is_found(many):
    assert ranked(many, "honey", 10, {"half": 7}) == []


@pytest.mark.parametrize(
    "question", ["?!", "the of and", "漢字 言語", "🐝", "zzz qqq", "%_' \" OR NEAR(", "\x00a"], ids=ascii
)
def test_odd_questions_are_ranked_like_others(many, question):
    found = ranked(many, question)
    assert len(found) == 10
    assert np.isfinite([item.score for item in found]).all()


def test_passages_without_token_vectors_can_be_ranked(tmp_path):
    store = LocalBackend(tmp_path)
    store.documents.add([scattered("d", 100, 1)])
    found = ranked(store, "word7 word8")
    assert [item.signals["maxsim"] for item in found] == [0.0] * 10
    assert {item.candidate.passage.text for item in found[:2]} == {"word7", "word8"}


def test_of_copies_the_first_that_was_added_stands_first(tmp_path):
    store = LocalBackend(tmp_path)
    for doc_id in "zay":
        store.documents.add([prepare(Document(doc_id, text="Honey from the hive."))])
    assert [item.candidate.passage.doc_id for item in ranked(store, "honey")] == ["z", "a", "y"]


def test_a_single_passage_is_found(tmp_path):
    store = LocalBackend(tmp_path)
    store.documents.add([prepare(Document("d", text="Honey."))])
    assert [item.candidate.passage.text for item in ranked(store, "bread")] == ["Honey."]


# --- through the library, with the packaged model


def test_hits_carry_their_signals_and_their_place(asked):
    hits = asked.search("Who opened the bridge at Harwick?", k=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    best = hits[0]
    assert set(best.signals) == {"passage", "sentence", "bm25", "maxsim", "coverage"}
    assert all(isinstance(value, float) for value in best.signals.values())
    text = asked.document(best.passage.doc_id).text
    assert text[best.passage.start : best.passage.end] == best.passage.text
    start, end = best.best_sentence
    assert text[start:end] == "The bridge at Harwick was opened in 1932 by Mayor Ellen Brandt."


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_hit_is_in_its_document(asked, question):
    for hit in asked.search(question, k=20):
        text = asked.document(hit.passage.doc_id).text
        assert text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert hit.passage.start <= hit.best_sentence[0] < hit.best_sentence[1] <= hit.passage.end
        assert hit.best_sentence in hit.passage.sentences


@pytest.mark.parametrize(
    "where, expected",
    [
        ({"publication": "Eurasia Daily Monitor"}, {"Russia’s Allies Do Not Want to Take Part in Syrian Operation"}),
        ({"volume": 15, "issue": "96"}, {"Russia’s Allies Do Not Want to Take Part in Syrian Operation"}),
        ({"doc_id": ["lighthouse", "glacier"]}, {"Lighthouse", "Glacier"}),
        ({"kind": "memory"}, {"Lighthouse", "Glacier", "Bakery", "Library"}),
        ({"kind": "film"}, set()),
    ],
    ids=["publication", "volume and issue", "documents", "kind", "no such kind"],
)
def test_where_in_the_library(asked, where, expected):
    titles = {document.doc_id: document.title for document in asked.documents()}
    assert {titles[hit.passage.doc_id] for hit in asked.search("What lights the lamp?", 50, where)} == expected


def test_where_by_source(asked):
    source = next(document.source for document in asked.documents() if document.title == "Tea")
    assert {hit.passage.text[:3] for hit in asked.search("bees", where={"source": source})} <= {"Tea", "Gre"}


def test_no_k_below_one(asked):
    with pytest.raises(QuestionError, match="k is 0; expected a whole number from 1 to"):
        asked.search("bees", k=0)


def test_an_empty_library_finds_nothing(tmp_path):
    with Library(tmp_path / "library", Settings(), encoder=HashedEncoder()) as library:
        assert library.search("bees") == []


def test_readings_are_merged_in_their_sentences_too(many):
    bees, tea = ranked(many, "bee hive", 300), ranked(many, "tea leaf", 300)
    both = {item.candidate.id: item for item in merged([bees, tea], [3, 1])}
    rows = [{item.candidate.id: item for item in ranking} for ranking in (bees, tea)]
    assert len(both) == 300
    for number, item in both.items():
        for name in ("cosine", "support", "weakest"):
            own, first, second = (getattr(one.sentences, name) for one in (item, rows[0][number], rows[1][number]))
            assert np.abs(own - (0.75 * first + 0.25 * second)).max() < 1e-6
        assert item.signals == rows[0][number].signals
