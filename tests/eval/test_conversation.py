"""Questions with what was said before them, measured on documents that are made up."""

from dataclasses import replace

from eval.data.datasets import Dataset, Query
from eval.quality.conversation import fitted, measure, unrelated
from retrieval import Document

DOCUMENTS = (
    Document("bees", "Bees", "Bees shiver in winter to stay warm. A colony eats honey until March."),
    Document("tea", "Tea", "Green tea is made from leaves that are heated soon after picking."),
    Document("ice", "Ice", "The glacier has lost 800 metres of its length since 1950."),
)
ASKED = (
    Query("1", "What do bees do in winter?", relevant={"bees": 1}),
    Query("2", "How is green tea made?", relevant={"tea": 1}),
    Query("3", "How much length has the glacier lost?", relevant={"ice": 1}),
)
TALK = ({"role": "user", "content": ASKED[1].text}, {"role": "assistant", "content": DOCUMENTS[1].text})


def test_each_question_is_put_behind_one_of_another_document():
    behind = unrelated(Dataset("made up", DOCUMENTS, ASKED), ASKED)
    assert [query.history[0]["content"] for query in behind] == [ASKED[1].text, ASKED[2].text, ASKED[0].text]
    assert behind[0].history[1] == {"role": "assistant", "content": DOCUMENTS[1].text}
    assert [query.text for query in behind] == [query.text for query in ASKED]


def test_questions_without_conversations_are_asked_behind_unrelated_ones(hashed):
    hashed.add(DOCUMENTS)
    (row,) = measure(hashed, Dataset("made up", DOCUMENTS, ASKED))
    assert (row.name, row.questions, row.recall, row.ndcg) == ("behind an unrelated question", 3, (1, 1), (1, 1))


def test_conversations_are_measured_in_groups(hashed):
    hashed.add(DOCUMENTS)
    follow_up = replace(ASKED[1], query_id="4", text="Why is it heated?", history=TALK)
    partial = replace(follow_up, query_id="5", kind="PARTIAL")
    rows = measure(hashed, Dataset("made up", DOCUMENTS, (*ASKED, follow_up, partial)))
    assert [row.questions for row in rows] == [2, 1, 0 if fitted(follow_up) else 2, 3, 2]
    assert rows[0].recall == (1, 1)
