"""What a reader says of passages: ours as it is shipped, and models of other kinds, tiny ones made here."""

import json

import pytest

from retrieval.embedding import model_folder
from retrieval.errors import ModelError
from retrieval.reader import PassageReading, open_reader
from retrieval.settings import Settings
from retrieval.text import sentence_spans

MILL = "The mill was built in 1820 by Jonas Hall. It burnt down in 1901. Today the ruin belongs to the town."
BEES = "Honey bees do not hibernate. They form a cluster around the queen and shiver to stay warm."


def passage(text):
    return text, sentence_spans(text)


def words(text, reading):
    return text[slice(*reading.span)]


@pytest.fixture(scope="module")
def reader():
    return open_reader("", Settings())


@pytest.mark.parametrize(
    ("question", "answer", "sentence"),
    [
        ("When was the mill built?", "1820", 0),
        ("Who built the mill?", "Jonas Hall", 0),
        ("When did the mill burn down?", "1901", 1),
        ("Who does the ruin belong to today?", "town", 2),
    ],
)
def test_the_words_and_the_sentence_that_answer(reader, question, answer, sentence):
    reading = reader.read(question, [passage(MILL)])[0]
    assert answer in words(MILL, reading)
    assert reading.best_sentence == sentence
    assert len(reading.sentences) == 3


def test_a_passage_that_answers_scores_above_one_that_does_not(reader):
    mill, bees = reader.read("When was the mill built?", [passage(MILL), passage(BEES)])
    assert mill.answerable > bees.answerable
    assert mill.span_score > bees.span_score
    assert max(mill.sentences) > max(bees.sentences)


def test_readings_do_not_depend_on_what_is_read_beside_them(reader):
    question = "What do bees form?"
    together = reader.read(question, [passage(MILL), passage(BEES), passage(MILL * 3)])
    assert together[1] == reader.read(question, [passage(BEES)])[0]


def test_nothing_to_read(reader):
    assert reader.read("Why?", []) == []
    assert reader.read("Why?", [("", [])]) == [reader.read("Why?", [("", [])])[0]]
    assert reader.read("", [passage(BEES)])[0].sentences != ()


def test_the_span_lies_inside_one_sentence(reader):
    for question in ("What happened to the mill?", "Tell me all about it", "1820 1901 town"):
        start, end = reader.read(question, [passage(MILL)])[0].span
        assert any(a <= start < end <= b for a, b in sentence_spans(MILL))


def test_a_long_passage_is_read_to_its_end(reader):
    filler = " ".join(f"Paragraph {number} speaks of the weather and of nothing else at all." for number in range(80))
    text = f"{filler} The keeper of the lighthouse was Maria Okafor."
    reading = reader.read("Who was the keeper of the lighthouse?", [passage(text)])[0]
    assert len(reading.sentences) == 81
    assert reading.best_sentence == 80
    assert words(text, reading) == "Maria Okafor"
    assert min(reading.sentences) > -19  # each was read


def test_a_sentence_longer_than_the_model_reads(reader):
    text = "word " * 700 + "the bell rings at noon"
    reading = reader.read("When does the bell ring?", [(text, [(0, len(text))])])[0]
    assert "noon" in words(text, reading)


def test_spans_are_characters_whatever_the_script(reader):
    text = "𝒜 — “Čeněk’s” inn opened in 1742 🐝. It closed in 1800."
    reading = reader.read("When did the inn close?", [passage(text)])[0]
    assert words(text, reading) == "1800"


def test_letters_in_other_forms_are_read_as_letters(reader):
    text = "𝐓𝐡𝐞 𝐢𝐧𝐧 𝐨𝐩𝐞𝐧𝐞𝐝 𝐢𝐧 𝟏𝟕𝟒𝟐. Ｉｔ ｃｌｏｓｅｄ ｉｎ １８００."
    reading = reader.read("When did the inn open?", [passage(text)])[0]
    assert words(text, reading) == "𝟏𝟕𝟒𝟐"


@pytest.mark.slow
def test_reading_imports_neither_torch_nor_transformers(python):
    code = """
import sys
from retrieval.reader import open_reader
from retrieval.settings import Settings
text = "The mill was built in 1820."
print(open_reader("", Settings()).read("When was the mill built?", [(text, [(0, 27)])])[0].span)
print([name for name in ("torch", "transformers", "sentence_transformers") if name in sys.modules])
"""
    assert python(code).communicate() == ("(22, 26)\n[]\n", "")


def test_a_name_for_no_reader():
    assert open_reader("none", Settings()) is None


def test_a_reader_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="neither a folder nor an id"):
        open_reader(str(tmp_path / "missing"), Settings())


def test_an_empty_folder_is_said_when_it_is_asked(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot load"):
        open_reader(str(tmp_path), Settings()).read("Why?", [passage(BEES)])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Make a folder with a random model of one layer of a transformers class."""
    transformers = pytest.importorskip("transformers")

    def make(kind, **more):
        folder = tmp_path_factory.mktemp(kind)
        tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder(Settings()))
        tokenizer.save_pretrained(folder)
        config = transformers.BertConfig(
            vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            **more,
        )  # fmt: skip
        getattr(transformers, kind)(config).save_pretrained(folder)
        return str(folder)

    return make


@pytest.mark.slow
def test_a_question_answering_model(tiny):
    name = tiny("BertForQuestionAnswering")
    readings = open_reader(name, Settings()).read("Who built it?", [passage(MILL), passage(BEES * 12)])
    assert [len(reading.sentences) for reading in readings] == [3, len(sentence_spans(BEES * 12))]
    assert readings[0].answerable == readings[0].span_score == max(readings[0].sentences)
    start, end = readings[0].span
    assert any(a <= start < end <= b for a, b in sentence_spans(MILL))


@pytest.mark.slow
def test_a_cross_encoder(tiny):
    name = tiny("BertForSequenceClassification", num_labels=1)
    reading = open_reader(name, Settings()).read("Who built it?", [passage(MILL)])[0]
    assert isinstance(reading, PassageReading)
    assert len(reading.sentences) == 3
    assert reading.span == sentence_spans(MILL)[reading.best_sentence]
    assert reading.span_score == max(reading.sentences)


def test_the_card_stands_beside_the_weights():
    from retrieval.reader.onnx import WEIGHTS

    card = (WEIGHTS / "README.md").read_text()
    assert (WEIGHTS / "reader.onnx").stat().st_size < 12_000_000
    for said in ("sha256", "CC BY-SA 4.0", "Weak points", "AUROC", "Normans"):
        assert said in card
    assert json.dumps("deva") not in card
