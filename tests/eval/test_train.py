"""How the reader's examples are made, and that training on them works."""

import gzip
import json
from itertools import islice
from random import Random

import pytest

from eval.calibration.reader.data import Paragraph, Question, gather, held_out, in_threes, read_paragraphs
from eval.calibration.reader.examples import Maker, answering_sentences, whole, window
from eval.calibration.reader.measuring import Row, measured, normalized, word_f1
from eval.calibration.reader.perturbing import names, negated, opposite, other_name, other_number

TEXT = "The mill was built in 1820 by Jonas Hall. It burnt down in 1901. Today the ruin belongs to Orvik."
SENTENCES = ((0, 41), (42, 64), (65, 97))
BURNT = Question("When did the mill burn down?", True, ((59, 63),), (), "test")
MILL = Paragraph("Mill", TEXT, SENTENCES, (BURNT, Question("Who rebuilt the mill?", False, source="test")))


# --- Reading


def test_squad(tmp_path):
    asked = [
        {"id": "1", "question": " When did it burn down? ", "answers": [{"text": "1901", "answer_start": 59}]},
        {"id": "2", "question": "Who rebuilt it?", "answers": [], "is_impossible": True},
    ]
    record = {"data": [{"title": "The_Mill", "paragraphs": [{"context": TEXT, "qas": asked}]}]}
    (tmp_path / "train.json").write_text(json.dumps(record))
    questions = (
        Question("When did it burn down?", True, ((59, 63),), (), "train"),
        Question("Who rebuilt it?", False, (), (), "train"),
    )
    assert read_paragraphs(tmp_path / "train.json") == [Paragraph("The Mill", TEXT, SENTENCES, questions)]


def test_qed(tmp_path):
    record = {
        "title_text": "Mill", "question_text": "when did the mill burn down", "paragraph_text": TEXT,
        "sentence_starts": [0, 42, 65], "annotation": {"explanation_type": "single_sentence"},
        "original_nq_answers": [[{"start": 59, "end": 63, "string": "1901"}]],
    }  # fmt: skip
    (tmp_path / "qed.jsonlines").write_text(json.dumps(record) + "\n")
    asked = Question("when did the mill burn down", True, ((59, 63),), (), "qed")
    assert read_paragraphs(tmp_path / "qed.jsonlines") == [Paragraph("Mill", TEXT, SENTENCES, (asked,))]


def test_clapnq(tmp_path):
    passage = {"title": "Mill", "text": TEXT, "sentences": [TEXT[a:b] for a, b in SENTENCES]}
    answers = {"answer": "In 1901.", "selected_sentences": ["It burnt down in 1901.&"]}
    records = [
        {"input": "when did it burn", "passages": [passage], "output": [answers]},
        {"input": "who rebuilt it", "passages": [passage], "output": [{"answer": None, "meta": None}]},
    ]
    (tmp_path / "clapnq.jsonl").write_text("\n".join(map(json.dumps, records)))
    assert [paragraph.questions[0] for paragraph in read_paragraphs(tmp_path / "clapnq.jsonl")] == [
        Question("when did it burn", True, (), ((42, 64),), "clapnq"),
        Question("who rebuilt it", False, (), (), "clapnq"),
    ]


def test_qamr(tmp_path):
    (tmp_path / "filtered").mkdir()
    (tmp_path / "wiki-sentences.tsv").write_text("Wiki1k:1\tJonas Hall built the mill .\n")
    row = ["Wiki1k:1", "0 2", "w1", "0", "2", "Who built the mill?", "0 1", "w2:0 1", "w3:1"]
    (tmp_path / "filtered" / "train.tsv").write_text("\t".join(row) + "\n")
    found = read_paragraphs(tmp_path / "filtered" / "train.tsv")
    asked = Question("Who built the mill?", True, ((0, 10), (6, 10)), (), "train")
    assert found == [Paragraph("", "Jonas Hall built the mill .", ((0, 27),), (asked,))]


def test_a_file_of_no_known_form(tmp_path):
    (tmp_path / "some.json").write_text("[1]")
    with pytest.raises(ValueError, match=r"some.json is neither"):
        read_paragraphs(tmp_path / "some.json")


def test_paragraphs_of_one_sentence_are_joined():
    one = Paragraph("", "Bees fly.", ((0, 9),), (Question("What flies?", True, ((0, 4),)),))
    joined = in_threes([one, one, one, one])
    assert [paragraph.text for paragraph in joined] == ["Bees fly. Bees fly. Bees fly.", "Bees fly."]
    assert joined[0].sentences == ((0, 9), (10, 19), (20, 29))
    assert [question.spans for question in joined[0].questions] == [((0, 4),), ((10, 14),), ((20, 24),)]


def test_whole_articles_are_held_out():
    paragraphs = [Paragraph(title, "A.", ((0, 2),)) for title in "abcabc"]
    kept, out = held_out(paragraphs, 3)
    assert [paragraph.title for paragraph in kept] == ["a", "c", "a", "c"]
    assert [paragraph.title for paragraph in out] == ["b", "b"]


# --- Making


def test_sentences_that_answer():
    assert answering_sentences(MILL, BURNT) == (1,)
    assert answering_sentences(MILL, Question("?", True, (), ((65, 97),))) == (2,)
    assert answering_sentences(MILL, MILL.questions[1]) == ()


def test_windows_keep_their_offsets():
    for seed in range(20):
        made = window(MILL, BURNT, 1, Random(seed))
        assert [made.text[a:b] for a, b in made.spans] == ["1901"]
        assert [made.text[slice(*made.sentences[n])] for n in made.answering] == ["It burnt down in 1901."]


def test_names():
    assert names("Who was Jonas Hall of Orvik? In 1820 He met Maria.") == ["Jonas Hall of Orvik", "Maria"]


def test_perturbing():
    random = Random(0)
    assert other_name("Who met Jonas Hall?", ["Jonas Hall", "Maria Okafor"], random) == "Who met Maria Okafor?"
    assert other_name("Who met him?", ["Jonas Hall", "Maria Okafor"], random) is None
    assert other_number("What burnt in 1901?", ["1820", "7"], Random(1)) == "What burnt in 1820?"
    assert opposite("Who was born there?", random) == "Who was died there?"
    assert negated("Who was not there?", random) == "Who was there?"
    assert negated("Who was there?", Random(0)) in ("Who was not there?", "Who was never there?")


def test_a_stream_is_the_same_for_the_same_seed_and_holds_all_kinds():
    other = Paragraph(
        "Mill", "Orvik is a town. Jonas Hall was born there in 1790. It has a mill.", ((0, 16), (17, 52), (53, 66))
    )
    maker = Maker([MILL], {"Mill": [TEXT, other.text]}, seed=3)
    made = [maker.example(draw) for draw in islice(maker.draws(), 300)]
    assert made == [Maker([MILL], {"Mill": [TEXT, other.text]}, 3).example(d) for d in islice(maker.draws(), 300)]
    kinds = {example.kind for example in made if example}
    assert kinds >= {"answered", "look-alike", "elsewhere", "cut"}
    for example in filter(None, made):
        assert example.answerable == (example.kind == "answered") == bool(example.spans)
        assert all(example.text[a:b].strip() == example.text[a:b] != "" for a, b in example.sentences)
        if example.kind == "cut":
            assert "1901" not in example.text


# --- Measuring


def test_word_f1():
    assert normalized("The  Mill, of 1820!") == "mill of 1820"
    assert word_f1("the mill", "mill") == 1.0
    assert word_f1("Jonas Hall", "Jonas Hall of Orvik") == pytest.approx(2 * 2 / (2 + 4))
    assert word_f1("Jonas", "Maria") == 0.0


def test_figures():
    rows = [
        Row(True, 2.0, 4.0, 1.0, 1.0, 1.0), Row(True, 1.0, 2.0, 0.0, 0.5, 0.0),
        Row(False, -1.0, -2.0, None, None, None), Row(False, 1.5, 0.0, None, None, None),
    ]  # fmt: skip
    found = measured(rows)
    assert (found.questions, found.answerable) == (4, 2)
    assert found.auroc == 0.75  # 1.5 stands above 1.0
    assert found.auroc_span == 1.0
    assert (found.exact, found.f1, found.sentence) == (0.5, 0.75, 0.5)


def test_a_question_is_measured_with_its_whole_paragraph():
    example = whole(MILL, BURNT)
    assert (example.text, example.answering, example.kind) == (TEXT, (1,), "answered")


# --- Training


@pytest.fixture
def data(tmp_path):
    """A folder of data in the one form: 25 articles, 500 questions, and two to report on."""
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder / "aq.jsonl.gz", [made_up(number) for number in range(25)])
    write(folder / "deva.jsonl.gz", [made_up(number) for number in range(25, 27)])
    return folder


def write(path, records):
    with gzip.open(path, "wt") as file:
        file.write("\n".join(map(json.dumps, records)))


def made_up(number):
    """A paragraph of ten sentences with twenty questions, every fourth of which nothing answers."""
    random = Random(number)
    towns = random.sample(
        ["Orvik", "Harwick", "Aldra", "Lund", "Bergen", "Ystad", "Turku", "Narva", "Kiruna", "Vik"], 10
    )
    text, sentences, asked = "", [], []
    for town in towns:
        year = str(random.randint(1500, 1999))
        sentence = f"The mill of {town} was built in {year}."
        start = len(text) + bool(text)
        text = f"{text} {sentence}".strip()
        sentences.append([start, start + len(sentence)])
        place = start + sentence.index(year)
        for question, known in (
            (f"When was the mill of {town} built?", True),
            (f"Who owns {town}?", len(asked) % 4 == 1),
        ):
            spans = [[place, place + 4]] if known else []
            asked.append({"question": question, "answerable": known, "spans": spans, "sentences": [], "source": "aq"})
    return {"title": f"Mills {number}", "text": text, "sentences": sentences, "questions": asked}


def test_what_is_measured_is_not_trained_on(data):
    corpus = gather(data)
    trained = {paragraph.title for paragraph in corpus.training}
    assert len(trained) == 22
    assert trained.isdisjoint(corpus.left_out)
    assert {"Mills 25", "Mills 26"} < set(corpus.left_out)


@pytest.mark.slow
def test_the_loss_falls_and_an_interrupted_run_goes_on(data, tmp_path):
    from eval.calibration.reader import loop
    from retrieval.embedding import model_folder
    from retrieval.settings import Settings

    corpus = gather(data)
    plan = loop.Plan(tmp_path / "run", model_folder(Settings()), steps=16, processes=1, batch=4)
    loop.run(plan, corpus.training, corpus.articles)
    first = loop.log(tmp_path / "run")
    longer = loop.Plan(tmp_path / "run", model_folder(Settings()), steps=64, processes=1, batch=4)
    loop.run(longer, corpus.training, corpus.articles)
    log = loop.log(tmp_path / "run")
    assert [line["step"] for line in first] == [16]
    assert [line["step"] for line in log] == [16, 32, 48, 64]
    assert sum(log[-2]["losses"]) + sum(log[-1]["losses"]) < 2 * 0.9 * sum(log[0]["losses"])


@pytest.mark.slow
def test_an_exported_reader_can_be_trained_further(tmp_path):
    import torch

    from eval.calibration.reader.export import export, load_exported
    from eval.calibration.reader.model import Reader, packaged
    from retrieval.embedding import model_folder
    from retrieval.settings import Settings

    torch.manual_seed(0)
    reader, _ = packaged(model_folder(Settings()))
    export(reader, tmp_path / "reader.onnx", {"examples": "500"})
    again = Reader()
    assert load_exported(again, tmp_path / "reader.onnx")["examples"] == "500"
    for (name, expected), found in zip(reader.state_dict().items(), again.state_dict().values(), strict=True):
        assert (found - expected).abs().max() < 0.02 * expected.abs().max() + 1e-6, name
