"""Cases and public formats: what is read is what was written, and what is wrong is said."""

import json
from pathlib import Path

import pytest

from eval.data import cases, published
from eval.data.datasets import load_beir
from retrieval import Document
from retrieval.ingest.files import load

SEED_TEXT = "The bridge was opened in 1932. It replaced a ferry. The ferry was old."
DOCUMENT = Document("bridge", "Bridge", SEED_TEXT)


# --- cases


def seeds() -> list[dict]:
    return cases.read_cases(cases.SEEDS)


def test_the_seeds_have_enough_of_every_kind():
    kinds = [case["kind"] for case in seeds()]
    assert sum(case["answerable"] and not case["history"] for case in seeds()) >= 60
    assert sum(not case["answerable"] and not case["history"] for case in seeds()) >= 25
    assert sum(bool(case["history"]) for case in seeds()) >= 15
    wanted = "who what when where why how paraphrase keyword typo several unsaid".split()
    assert {*wanted, "false premise", "off topic", "follow-up"} == set(kinds)
    assert min(kinds.count(kind) for kind in wanted) >= 6


def test_every_gold_quote_of_the_seeds_is_in_the_document(seed_document):
    assert cases.missing_quotes(seeds(), [seed_document]) == []


def test_the_seeds_have_distinct_ids():
    ids = [case["id"] for case in seeds()]
    assert len(ids) == len(set(ids))


def everyday() -> list[dict]:
    return cases.read_cases(cases.SHIPPED["everyday"][1])


def test_everyday_questions_are_of_every_kind():
    kinds = [case["kind"] for case in everyday()]
    wanted = {"overview", "speakers", "list", "timeline", "steps", "why", "yes or no", "compare", "number", "definition",
              "disagreeing", "several", "command", "follow-up", "not there"}  # fmt: skip
    assert (set(kinds), min(kinds.count(kind) for kind in wanted) >= 4) == (wanted, True)
    assert len({case["id"] for case in everyday()}) == len(kinds) >= 80


def test_every_gold_quote_of_the_everyday_documents_is_in_them():
    documents = [load(path, 2**20).document for path in sorted(cases.SHIPPED["everyday"][0].iterdir())]
    assert {Path(document.source).suffix for document in documents} == {
        ".csv", ".docx", ".eml", ".html", ".md", ".txt", ".vtt", ".xlsx",
    }  # fmt: skip
    assert cases.missing_quotes(everyday(), documents) == []


def test_groups_are_parts_whose_alternatives_answer_alike():
    (case,) = [
        cases.checked({"question": "What?", "groups": [["1932", "1933"], ["a ferry"]], "never": ["old"]}, "here")
    ]
    (query,) = cases.dataset("own", [case], [DOCUMENT]).queries
    assert (query.answerable, query.least, query.never) == (True, 2, ("old",))
    assert query.needed() == {0: [("bridge", 25, 29)], 1: [("bridge", 43, 50)]}
    with pytest.raises(ValueError, match=r"the first: What\?: 1933 \| 1934"):
        cases.dataset("own", [cases.checked(case | {"groups": [["1933", "1934"]]}, "here")], [DOCUMENT])
    with pytest.raises(ValueError, match="groups must be lists of alternatives"):
        cases.checked({"question": "What?", "groups": ["1932"]}, "here")


@pytest.fixture
def seed_document():
    from articles import SEED

    return Document("seed", "", SEED.read_text())


def write(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_what_may_be_left_out_is_filled_in(tmp_path):
    path = write(tmp_path / "c.jsonl", {"question": "When?", "quotes": ["1932"]}, {"question": "Who?"})
    assert [(case["answerable"], case["kind"], case["history"]) for case in cases.read_cases(path)] == [
        (True, "", []),
        (False, "", []),
    ]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ([], "expected an object with a question"),
        ({"question": " "}, "expected an object with a question"),
        ({"question": "When?", "quotes": "1932"}, "quotes is '1932'; expected list"),
        ({"question": "When?", "quotes": [""]}, "quotes must be strings that are not empty"),
        ({"question": "When?", "answerable": True}, "answerable is True with 0 quotes"),
        ({"question": "When?", "answerable": False, "quotes": ["1932"]}, "answerable is False with 1 quotes"),
        ({"question": "When?", "history": ["before"]}, "history must be a list of"),
    ],
)
def test_a_wrong_case_is_refused_with_its_place(tmp_path, record, said):
    path = write(tmp_path / "c.jsonl", {"question": "Who?"}, record)
    with pytest.raises(ValueError, match=f"c.jsonl, case 2: {said}"):
        cases.read_cases(path)


def test_a_line_that_is_not_json_is_named(tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text('{"question": "Who?"}\n{"question"\n')
    with pytest.raises(ValueError, match="line 2: not JSON"):
        cases.read_cases(path)


def test_a_quote_becomes_every_place_where_it_stands():
    made = cases.dataset("mine", [cases.checked({"question": "What?", "quotes": ["ferry"]}, "")], [DOCUMENT])
    assert made.queries[0].answers == (("bridge", 45, 50), ("bridge", 56, 61))
    assert made.queries[0].needed() == {0: [("bridge", 45, 50), ("bridge", 56, 61)]}


def test_several_quotes_are_all_needed():
    case = cases.checked({"question": "What?", "kind": "several", "quotes": ["1932", "ferry"]}, "")
    query = cases.dataset("mine", [case], [DOCUMENT]).queries[0]
    assert query.needed() == {0: [("bridge", 25, 29)], 1: [("bridge", 45, 50), ("bridge", 56, 61)]}


def test_a_gold_quote_in_no_document_is_refused():
    case = cases.checked({"id": "a", "question": "What?", "quotes": ["1933"]}, "")
    with pytest.raises(ValueError, match="1 gold quotes are in no document, the first: a: 1933"):
        cases.dataset("mine", [case], [DOCUMENT])


def test_cases_are_added_once(tmp_path):
    path = tmp_path / "c.jsonl"
    first, second = (
        {"question": "Who?", "quotes": []},
        {"question": "Who?", "history": [{"role": "user", "content": "x"}]},
    )
    assert cases.write_cases(path, [first, first]) == 1
    assert cases.write_cases(path, [first, second]) == 1
    assert [case["question"] for case in cases.read_cases(path)] == ["Who?", "Who?"]


def test_thumbs_become_cases_and_those_that_a_person_must_complete_drafts(tmp_path):
    exported = [
        {
            "id": "feedback-1",
            "question": "When?",
            "kind": "feedback",
            "answerable": True,
            "quotes": ["1932"],
            "note": "",
        },
        {"id": "feedback-2", "question": "Who?", "kind": "feedback", "answerable": False, "quotes": [], "note": ""},
        {"id": "feedback-3", "question": "Why?", "kind": "feedback", "answerable": None, "quotes": [], "note": "wrong"},
        {"id": "feedback-4", "question": "How?", "kind": "feedback", "answerable": True, "quotes": [], "note": "there"},
        {
            "id": "feedback-5",
            "question": "Old?",
            "kind": "feedback",
            "answerable": True,
            "quotes": ["gone"],
            "note": "",
        },
    ]
    made = cases.from_thumbs(exported, [DOCUMENT])
    assert [bool(case.get("draft")) for case in made] == [False, False, True, True, True]
    cases.write_cases(tmp_path / "c.jsonl", made)
    assert [case["question"] for case in cases.read_cases(tmp_path / "c.jsonl")] == ["When?", "Who?"]


# --- BEIR


def beir(folder, judgements="test.tsv"):
    (folder / "qrels").mkdir(parents=True)
    write(folder / "corpus.jsonl", {"_id": "d1", "title": "Bridge", "text": SEED_TEXT}, {"_id": "d2", "text": "Tea."})
    answer = {"_id": "q1", "text": "When?", "answers": [{"start": 25, "text": "1932"}], "doc": "d1", "kind": "date"}
    write(folder / "queries.jsonl", answer, {"_id": "q2", "text": "Who?", "answerable": False})
    (folder / "qrels" / judgements).write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\n")
    return folder


@pytest.mark.parametrize("judgements", ["test.tsv", "dev.tsv"])
def test_a_beir_folder(tmp_path, judgements):
    made = load_beir(beir(tmp_path / "set", judgements))
    assert [(d.doc_id, d.title) for d in made.documents] == [("d1", "Bridge"), ("d2", "")]
    first, second = made.queries
    assert (first.relevant, first.answers, first.kind) == ({"d1": 2}, (("d1", 25, 29),), "date")
    assert (second.relevant, second.answerable) == ({}, False)


# --- SQuAD

QAS = [
    {
        "id": "a",
        "question": "When?",
        "answers": [{"text": "1932", "answer_start": 25}, {"text": "1932", "answer_start": 25}],
    },
    {"id": "b", "question": "Who?", "answers": [], "is_impossible": True},
]
SECOND = {
    "context": "Tea is green. It is hot.",
    "qas": [{"id": "c", "question": "What?", "answers": [{"text": "hot", "answer_start": 20}]}],
}
SQUAD = [{"title": "Old_Bridge", "paragraphs": [{"context": SEED_TEXT, "qas": QAS}, SECOND]}]


def test_squad_paragraphs():
    made = published.squad("s", SQUAD)
    assert [(d.doc_id, d.title, d.text) for d in made.documents] == [
        ("0-0", "Old Bridge", SEED_TEXT),
        ("0-1", "Old Bridge", "Tea is green. It is hot."),
    ]
    assert [(q.query_id, q.answerable, q.relevant, q.answers) for q in made.queries] == [
        ("a", True, {"0-0": 1}, (("0-0", 25, 29),)),
        ("b", False, {"0-0": 1}, ()),
        ("c", True, {"0-1": 1}, (("0-1", 20, 23),)),
    ]


def test_squad_long_documents_move_their_spans():
    made = published.squad("s", SQUAD, "document")
    document, query = made.documents[0], made.queries[2]
    assert (len(made.documents), made.unit) == (1, "paragraph")
    assert [document.text[start:end] for _, start, end in query.answers] == ["hot"]


def test_squad_sentences():
    made = published.squad("s", SQUAD, "sentence")
    assert [d.text for d in made.documents][-2:] == ["Tea is green.", "It is hot."]
    assert (made.queries[2].relevant, made.queries[2].answers) == ({"0-1-1": 1}, (("0-1-1", 6, 9),))


def test_squad_sentences_by_the_published_breaks():
    broken = SECOND | {"sentence_breaks": [[0, 24]]}
    made = published.squad("s", [{"title": "t", "paragraphs": [broken]}], "sentence")
    assert [d.text for d in made.documents] == ["Tea is green. It is hot."]


# --- MTRAG

CONTEXT = {"document_id": "p1", "text": "The Cardinals play in Glendale.", "title": "Cardinals"}
TASK = {
    "task_id": "t::2",
    "input": [
        {"speaker": "user", "text": "Who are the Cardinals?"},
        {"speaker": "agent", "text": "A team."},
        {"speaker": "user", "text": "Where do they play?"},
    ],
    "contexts": [CONTEXT],
    "Answerability": ["ANSWERABLE"],
}
HISTORY = ({"role": "user", "content": "Who are the Cardinals?"}, {"role": "assistant", "content": "A team."})


def test_mtrag_tasks(tmp_path):
    path = write(
        tmp_path / "reference.jsonl",
        TASK,
        TASK | {"task_id": "t::3", "contexts": [], "Answerability": ["UNANSWERABLE"]},
    )
    (made,) = published.find_datasets(path)
    first, second = made.queries
    assert (first.text, first.history, first.relevant) == ("Where do they play?", HISTORY, {"p1": 1})
    assert (second.answerable, second.relevant) == (False, {})
    assert [d.title for d in made.documents] == ["Cardinals"]


def test_mtrag_conversations(tmp_path):
    no = CONTEXT | {"document_id": "p2", "feedback": {"relevant": {"someone": {"value": "no"}}}}
    messages = [
        {"speaker": "user", "text": "Who are the Cardinals?", "enrichments": {"answerability": ["UNANSWERABLE"]}},
        {"speaker": "agent", "text": "A team."},
        {"speaker": "user", "text": "Where do they play?", "enrichments": {}},
        {"speaker": "agent", "text": "In Glendale.", "contexts": [CONTEXT, no]},
    ]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"messages": messages}]))
    (made,) = published.find_datasets(path)
    first, second = made.queries
    assert (first.answerable, first.history) == (False, ())
    assert (second.text, second.history, second.relevant) == ("Where do they play?", HISTORY, {"p1": 1})
    assert {d.doc_id for d in made.documents} == {"p1", "p2"}


# --- finding them


def test_every_data_set_of_a_folder_is_found(tmp_path):
    beir(tmp_path / "beir")
    (tmp_path / "squad.json").write_text(json.dumps({"data": SQUAD}))
    (tmp_path / "notes.txt").write_text("not a data set")
    assert [made.name for made in published.find_datasets(tmp_path)] == ["beir", "squad"]
    assert [made.name for made in published.find_datasets(tmp_path / "beir")] == ["beir"]


@pytest.mark.parametrize("content", ["{}", "[]", '[{"a": 1}]'])
def test_json_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"other.json is neither SQuAD JSON \(data\) nor MTRAG"):
        published.find_datasets(path)


def test_a_folder_without_data_sets_says_what_was_expected(tmp_path):
    with pytest.raises(ValueError, match="holds no data set; expected BEIR folders"):
        published.find_datasets(tmp_path)


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="level is 'word'; expected one of paragraph, document, sentence"):
        published.squad("s", SQUAD, "word")
