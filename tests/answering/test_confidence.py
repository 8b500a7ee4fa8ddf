import json

import numpy as np
import pytest
from fakes import prepare

from retrieval.answering.confidence import CONFIDENCE, HARDLY, confidence, fitted, signals
from retrieval.answering.evidence import antonyms
from retrieval.answering.quotes import choose, found_sentences
from retrieval.records import Document
from retrieval.search import Ranked, SentenceSignals
from retrieval.storage.local.backend import LocalBackend


@pytest.fixture
def answered(tmp_path):
    """Return what speaks for and against the one quote of a text, and the confidence."""
    stores = []

    def ask(question, text, cosine=0.6, maxsim=0.7, weakest=0.5):
        stores.append(LocalBackend(tmp_path / str(len(stores))))
        stores[-1].documents.add([prepare(Document("d", "Bridges", text, source=None, sha256="ab12"))])
        (candidate,) = stores[-1].passages.candidates([1])
        rows = (np.full(len(candidate.passage.sentences), value, np.float32) for value in (cosine, 0.8, weakest))
        ranked = [Ranked(candidate, 1.0, {"maxsim": maxsim}, SentenceSignals(*rows))]
        quotes = choose(found_sentences(ranked))
        return signals(question, ranked, quotes[0]), confidence(question, ranked, quotes)

    yield ask
    for store in stores:
        store.close()


def test_without_quotes_there_is_no_answer():
    assert confidence("Who?", [], []) == 0.0


def test_it_grows_with_what_it_rests_on(answered):
    text = "Ellen Brandt opened the bridge."
    chances = [
        answered("Who opened the bridge?", text, *close)[1]
        for close in ((0.1, 0.3, 0.1), (0.4, 0.6, 0.3), (0.8, 0.9, 0.7))
    ]
    assert 0 < chances[0] < 0.01 < chances[1] < 0.5 < chances[2] < 1


@pytest.mark.parametrize(
    "question, text, name, count",
    [
        ("Who opened the bridge at Harwick?", "Ellen Brandt opened the bridge at Harwick.", "names missing", 0),
        ("Who opened the bridge at Harwick?", "Ellen Brandt opened the bridge at Dornley.", "names missing", 1),
        ("Who opened it in 1932?", "Ellen Brandt opened it in 1932.", "numbers missing", 0),
        ("Who opened it in 1933?", "Ellen Brandt opened it in 1932.", "numbers missing", 1),
        ("Who opened it?", "Ellen Brandt did not open it.", "negated", 0),
        ("Who didn't open it?", "Ellen Brandt opened it.", "negated", 1),
        ("Who didn't open it?", "Ellen Brandt opened it.", "negated, quote not", 1),
        ("Who didn't open it?", "Ellen Brandt never opened it.", "negated, quote not", 0),
        ("What is the largest bridge?", "The largest bridge is at Harwick.", "opposite in passage", 0),
        ("What is the largest bridge?", "The smallest bridge is at Harwick.", "opposite in passage", 1),
        ("What is the largest bridge?", "The blue bridge is at Harwick.", "opposite in passage", 0),
    ],
)  # fmt: skip
def test_what_speaks_against_a_quote(answered, question, text, name, count):
    assert answered(question, text)[0][name] == count


@pytest.mark.parametrize(
    "question, text, possible",
    [
        ("How many bridges did Ann build?", "Ann did not build any bridge.", False),
        ("How many bridges did Ann build?", "Ann built two bridges.", True),
        ("In what year did Ann build it?", "Ann built it after the war.", False),
        ("In what year did Ann build it?", "Ann built it in 1932.", True),
        ("When did Ann build it?", "Ann built it after the war.", True),
        ("What is the phone number of Ann?", "Ann opens at 10.30 on weekdays.", False),
        ("What is the phone number of Ann?", "Ring Ann on 0800 555 0142.", True),
        ("What is the email address of Ann?", "Ann builds bridges.", False),
        ("How long is the bridge?", "The bridge of 1847 carries 5,200 carts a day.", False),
        ("How long is the bridge?", "The bridge spans 80 m.", True),
        ("How much may a child take?", "Adults take one tablet.", False),
        ("How much may a child take?", "Adults take one tablet, children a half.", True),
        ("How much may Ann take?", "Adults take one tablet.", True),
        ("How long did Ann build it?", "Ann built it for a year.", True),
        ("How long did Ann build it?", "Ann built it until 1932.", True),
        ("How tall is the bridge?", "The bridge is of stone.", False),
        ("How far is it from the bridge to Aro?", "From the bridge a path leads to Aro.", False),
    ],
)
def test_a_quote_without_the_kind_of_thing_that_is_asked_for_cannot_answer(answered, question, text, possible):
    assert (answered(question, text)[1] > HARDLY) == possible


@pytest.mark.parametrize(
    "question, possible",
    [("Mongolia", False), ("Harwick", True), ("Harwik bridge", True), ("Who is in Mongolia?", False)],
)
def test_a_keyword_that_is_not_there_is_no_question_for_its_like(answered, question, possible):
    assert (answered(question, "Ellen Brandt opened it at Harwick.")[1] > HARDLY) == possible


def test_every_objection_lowers_the_confidence(answered):
    plain = answered("Who opened the bridge?", "Ellen Brandt opened the bridge at Harwick.")[1]
    for question in ("Who opened the bridge in 1933?", "Who didn't open the bridge?", "Who closed the bridge?"):
        assert answered(question, "Ellen Brandt opened the bridge at Harwick.")[1] < plain


def test_an_encoder_without_token_vectors_is_judged_by_the_rest(answered):
    found, chance = answered("Who opened the bridge?", "Ellen Brandt opened the bridge.", maxsim=0.0, weakest=0.0)
    assert (found["maxsim"], found["weakest"]) == tuple(fitted()["typical"].values())
    assert chance > 0.3


def test_an_encoder_is_judged_by_what_was_fitted_with_it_and_one_that_was_not_by_the_reader_alone():
    assert set(fitted("pincite-reader", "my/model")["weights"]) == {"answerable", "span", "sentence"}
    assert fitted("none", "my/model") == fitted("another reader", "my/model") == fitted()
    assert set(fitted("none", "multilingual")["weights"]) == {"cosine", "maxsim"}
    english = fitted("pincite-reader", "multilingual")
    assert english["articles not fitted on"]["whole library"]["AUROC, elsewhere"] >= 0.98
    assert english["command"] == "python -m eval fit --data ../shared/benchmarks --model multilingual --write"
    errors = [each["articles not fitted on"]["whole library"] for each in (english, fitted("none", "multilingual"))]
    assert max(figures["expected calibration error"] for figures in errors) <= 0.05


def test_what_was_fitted_can_be_read_and_says_how_it_was_made(answered):
    made = json.loads(CONFIDENCE.read_text("utf-8"))
    assert list(made["weights"]) == list(answered("Who opened it?", "Ellen Brandt opened it.")[0])
    assert made["command"] == "python -m eval fit --data ../shared/benchmarks --write"
    figures = made["articles not fitted on"]["whole library"]
    assert figures["AUROC, look-alike"] >= 0.70
    assert figures["AUROC, elsewhere"] >= 0.99
    assert figures["expected calibration error"] <= 0.05


def test_antonyms_are_mutual_and_no_words_own():
    found = antonyms()
    assert all(word in found[other] for word, others in found.items() for other in others)
    assert all(word not in others for word, others in found.items())
    assert found["largest"] == {"least", "smallest"}
