"""Every metric against values worked out by hand, on five documents and a handful of questions."""

import math
from dataclasses import replace

import pytest

from eval.data.datasets import Query
from eval.quality import metrics, rankings
from eval.quality.asking import Asked
from eval.quality.judging import Judged, judge
from retrieval import Answer, Citation, Hit, Passage
from retrieval.records import Coverage

TEXTS = {
    "d1": "Bees sleep. Bees eat honey in winter.",
    "d2": "The bridge was opened in 1932. It replaced a ferry.",
    "d3": "Green tea is heated.",
    "d4": "The glacier lost 800 metres.",
    "d5": "The library lends seeds.",
}
SENTENCES = {"d1": ((0, 11), (12, 37)), "d2": ((0, 30), (31, 51))}


def hit(doc_id: str, rank: int, passage: float = 0.0, sentence: float = 0.0, bm25: float = 0.0) -> Hit:
    text = TEXTS[doc_id]
    spans = SENTENCES.get(doc_id, ((0, len(text)),))
    signals = {"passage": passage, "sentence": sentence, "bm25": bm25}
    return Hit(Passage(doc_id, 1, 0, len(text), text, spans), 1 / rank, rank, signals, spans[0])


def cited(doc_id: str, start: int, end: int, quote: str | None = None) -> Citation:
    quote = TEXTS[doc_id][start:end] if quote is None else quote
    return Citation(1, doc_id, doc_id, "¶ 1", start, end, quote, None, "")


def asked(query: Query, confidence: float, citations: list[Citation], order: list[str]) -> Asked:
    hits = tuple(hit(doc_id, rank) for rank, doc_id in enumerate(order, start=1))
    answer = Answer(query.text, query.text, bool(citations), confidence, tuple(citations), hits, Coverage(5, 0), {})
    return Asked(query, answer, hits, 10.0)


def case(confidence: float, answerable: bool, quoted: bool = False, **more) -> Judged:
    made = judge(Asked(Query("q", "?", answerable), None), 0.5, TEXTS.get)
    return replace(made, confidence=confidence, found=confidence >= 0.5, quoted=quoted, spans=True, **more)


# --- ranking

# q1: relevant d2, ranked third. q2: relevant d1 and d4, ranked first and fourth. q3: relevant d5, never ranked.
QRELS = {"q1": {"d2": 1}, "q2": {"d1": 1, "d4": 1}, "q3": {"d5": 1}}
RUNS = {
    "q1": {"d1": 5.0, "d3": 4.0, "d2": 3.0, "d4": 2.0},
    "q2": {"d1": 5.0, "d2": 4.0, "d3": 3.0, "d4": 2.0},
    "q3": {"d1": 1.0},
}


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        # 1 / log2(1 + 3); (1 + 1 / log2(1 + 4)) / (1 + 1 / log2(1 + 2))
        ("nDCG@10", [0.5, (1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3)), 0.0]),
        ("MRR@10", [1 / 3, 1.0, 0.0]),
        ("recall@1", [0.0, 0.5, 0.0]),
        ("recall@5", [1.0, 1.0, 0.0]),
        ("recall@20", [1.0, 1.0, 0.0]),
        ("MAP", [1 / 3, (1 + 2 / 4) / 2, 0.0]),
    ],
)
def test_ranking_measures(measure, values):
    found = metrics.ranking(RUNS, QRELS)
    assert [found[q][measure] for q in ("q1", "q2", "q3")] == pytest.approx(values, abs=1e-6)


def test_a_question_without_a_ranking_scores_zero_and_is_counted():
    found = metrics.ranking({"q1": RUNS["q1"]}, QRELS)
    assert found["q2"] == dict.fromkeys(metrics.NAMES.values(), 0.0)
    assert len(found) == 3


# --- rankings by single signals


def test_each_signal_ranks_alone_and_fusion_adds_reciprocal_ranks():
    hits = [hit("d1", 1, 0.9, 0.1, 0.0), hit("d2", 2, 0.5, 0.7, 3.0), hit("d3", 3, 0.7, 0.2, 5.0)]
    found = rankings.rankings(replace(asked(Query("q", "?"), 1.0, [], ["d2", "d1"]), hits=hits), "document")
    assert {name: sorted(r, key=r.get, reverse=True) for name, r in found.items()} == {
        "passage vectors": ["d1", "d3", "d2"],
        "sentence vectors": ["d2", "d3", "d1"],
        "BM25": ["d3", "d2"],  # d1 has none of the words
        "rank fusion": ["d3", "d2", "d1"],
        "Pincite": ["d2", "d1"],
    }
    assert found["rank fusion"] == pytest.approx({"d1": 1 / 61, "d2": 1 / 63 + 1 / 62, "d3": 1 / 62 + 1 / 61})


def test_parts_of_a_document_count_once_by_their_best():
    hits = [hit("d1", 1, passage=0.2), hit("d2", 2, passage=0.5), hit("d1", 3, passage=0.8)]
    assert rankings.best(hits, "passage", "document") == {"d1": 0.8, "d2": 0.5}
    assert rankings.best(hits, "passage", "paragraph") == {"d1 ¶ 1": 0.8, "d2 ¶ 1": 0.5}


def test_a_place_that_no_passage_holds_is_still_to_be_found():
    query = Query("q", "?", answers=(("d2", 25, 29), ("d5", 4, 11)))
    assert rankings.relevant(asked(query, 1.0, [], ["d2", "d1"]), "paragraph") == {"d2 ¶ 1": 1, "d5 at 4": 1}


# --- one question

BRIDGE = Query("q", "When?", answers=(("d2", 25, 29),))


def test_a_quote_that_holds_the_answer_is_right():
    judged = judge(asked(BRIDGE, 0.9, [cited("d2", 0, 51)], ["d1", "d2"]), 0.5, TEXTS.get)
    assert (judged.found, judged.quoted, judged.right, judged.invalid) == (True, True, True, 0)
    assert judged.passage == {"1": False, "3": True, "5": True}
    assert (judged.sentences, judged.gold_sentences) == (2, 1)
    assert judged.gold == ["1932"]


def test_a_quote_that_holds_half_the_answer_is_wrong():
    judged = judge(asked(BRIDGE, 0.9, [cited("d2", 0, 27)], ["d2"]), 0.5, TEXTS.get)
    assert (judged.quoted, judged.right) == (False, False)


def test_below_the_threshold_nothing_is_found_but_the_quote_is_still_judged():
    judged = judge(asked(BRIDGE, 0.4, [cited("d2", 0, 30)], ["d2"]), 0.5, TEXTS.get)
    assert (judged.found, judged.quoted, judged.right) == (False, True, False)


def test_not_found_is_right_where_there_is_no_answer():
    nothing = Query("q", "Who?", answerable=False)
    assert judge(asked(nothing, 0.4, [cited("d2", 0, 30)], ["d2"]), 0.5, TEXTS.get).right
    assert not judge(asked(nothing, 0.6, [cited("d2", 0, 30)], ["d2"]), 0.5, TEXTS.get).right


def test_a_quote_unlike_its_source_is_counted():
    assert judge(asked(BRIDGE, 0.9, [cited("d2", 0, 30, "The bridge")], ["d2"]), 0.5, TEXTS.get).invalid == 1


def test_every_part_of_an_answer_is_needed():
    both = Query("q", "?", answers=(("d2", 25, 29), ("d1", 21, 26), ("d3", 0, 5)), parts=(0, 1, 1))
    judged = judge(asked(both, 0.9, [cited("d1", 12, 37)], ["d1"]), 0.5, TEXTS.get)
    assert (judged.parts, judged.quoted_parts) == (2, 1)


def test_as_many_parts_as_are_needed_are_right_and_a_word_that_must_not_be_quoted_is_wrong():
    bees, bridge = cited("d1", 12, 37), cited("d2", 0, 30)
    query = Query("q", "?", answers=(("d2", 25, 29), ("d1", 21, 26)), parts=(0, 1), least=2, never=("sleep",))
    given = [[bees], [bees, bridge], [bees, bridge, cited("d1", 0, 11)]]
    assert [judge(asked(query, 0.9, own, ["d1"]), 0.5, TEXTS.get).right for own in given] == [False, True, False]
    assert judge(asked(replace(query, least=1), 0.9, [bees], ["d1"]), 0.5, TEXTS.get).right


def test_a_failed_question_is_wrong():
    judged = judge(Asked(BRIDGE, None, error="ValueError: no"), 0.5, TEXTS.get)
    assert (judged.right, judged.found, judged.confidence, judged.error) == (False, False, 0.0, "ValueError: no")
    unanswerable = judge(Asked(Query("q", "?", False), None, error="ValueError: no"), 0.5, TEXTS.get)
    assert not unanswerable.right


# --- all questions


def test_answer_figures():
    judged = [
        judge(asked(BRIDGE, 0.9, [cited("d2", 0, 51)], ["d2"]), 0.5, TEXTS.get),  # right: 1 of 2 sentences
        judge(asked(BRIDGE, 0.8, [cited("d2", 31, 51)], ["d1", "d2"]), 0.5, TEXTS.get),  # wrong quote
        judge(asked(BRIDGE, 0.3, [cited("d2", 0, 30)], ["d2"]), 0.5, TEXTS.get),  # right, but not shown
        judge(Asked(BRIDGE, None, error="x"), 0.5, TEXTS.get),
    ]
    assert metrics.answering(judged) == pytest.approx(
        {
            "answer in top 1": 2 / 4,
            "answer in top 3": 3 / 4,
            "answer in top 5": 3 / 4,
            "right quote": 1 / 4,
            "right quote if asked to answer": 2 / 4,
            "quote precision": 1 / 3,  # of three sentences in shown quotes
            "quote recall": 1 / 4,
            "sentences per answer": 3 / 2,
            "citation validity": 1.0,
            "failed questions": 1.0,
        }
    )


# Answerable: 0.9 and 0.6 right, 0.3 wrong. Not answerable: 0.7 and 0.2. Shown from 0.5 on.
ALL = [case(0.9, True, True), case(0.7, False), case(0.6, True, True), case(0.3, True), case(0.2, False)]


def test_not_found_figures():
    figures = metrics.abstaining(ALL)
    assert figures["answered when answerable"] == pytest.approx(2 / 3)
    assert figures["not found precision"] == 1 / 2  # 0.3 and 0.2 are not found, one of them rightly
    assert figures["not found recall"] == 1 / 2
    assert figures["AUROC"] == pytest.approx(4 / 6)  # pairs in order: 0.9 > both, 0.6 > 0.2, 0.3 > 0.2


def test_risk_and_coverage():
    curve = metrics.risk_coverage(ALL)
    assert curve.x == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert curve.y == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4, 3 / 5])
    # trapezia of width 0.2: 0, 1/4, 5/12, 5/12, 11/20
    assert curve.area == pytest.approx(0.2 * (0 + 1 / 4 + 5 / 12 + 5 / 12 + 11 / 20))


def test_questions_of_equal_confidence_are_answered_together():
    curve = metrics.risk_coverage([case(0.5, True, True), case(0.5, False), case(0.1, False)])
    assert curve.x == pytest.approx([2 / 3, 1.0])
    assert curve.y == pytest.approx([1 / 2, 2 / 3])


def test_calibration_error():
    # bins: [.1, .2) one of two right at mean .15; [.9, 1] two of two at mean .95; weights 1/2 each
    curve = metrics.calibration(
        [case(0.12, True, True), case(0.18, False), case(0.92, True, True), case(0.98, True, True)]
    )
    assert curve.x == pytest.approx([0.15, 0.95])
    assert curve.y == pytest.approx([0.5, 1.0])
    assert curve.weights == pytest.approx([0.5, 0.5])
    assert curve.error == pytest.approx(0.5 * 0.35 + 0.5 * 0.05)


def test_certainty_itself_is_a_confidence():
    assert metrics.calibration([case(1.0, True, True), case(0.0, False)]).error == 0.0


def test_a_wrong_quote_is_not_an_answer():
    assert metrics.calibration([case(1.0, True, False), case(0.0, False)]).error == 0.5


def test_what_does_not_apply_is_none_and_not_zero():
    figures = metrics.abstaining([case(0.9, True, True)])
    assert [figures[name] for name in ("not found precision", "AUROC", "calibration error")] == [None, None, None]
    assert metrics.answering([])["right quote"] is None


def test_speed_leaves_failed_questions_out():
    judged = [replace(ALL[0], milliseconds=float(ms)) for ms in range(1, 101)] + [replace(ALL[0], error="x")]
    assert metrics.speed(judged) == pytest.approx({"median ms": 50.5, "95th percentile ms": 95.05})


# --- intervals


def test_an_estimate_lies_in_its_interval():
    found = metrics.estimate([0.0, 1.0] * 50)
    assert found.value == 0.5
    # normal approximation: 0.5 ± 1.96 × 0.5 / sqrt(100)
    assert (found.low, found.high) == (pytest.approx(0.402, abs=0.02), pytest.approx(0.598, abs=0.02))


def test_equal_values_have_an_interval_of_no_width():
    assert metrics.estimate([1.0, 1.0]) == metrics.Estimate(1.0, 1.0, 1.0)


def test_a_difference_on_every_question_is_significant_and_none_is_not():
    assert metrics.paired([0.1] * 20, [0.2] * 20).p <= 0.001
    same = metrics.paired([0.1, 0.9, 0.4], [0.1, 0.9, 0.4])
    assert (same.value, same.low, same.high, same.p, same.better, same.worse) == (0, 0, 0, 1.0, 0, 0)


def test_a_difference_counts_both_ways():
    found = metrics.paired([0, 0, 1, 1], [1, 1, 0, 1])
    assert (found.value, found.better, found.worse) == (0.25, 2, 1)
    assert found.low <= 0 <= found.high
    assert found.p == 1.0  # three signs always sum to 1 or more either way
