from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import CHARACTERS, PROSE

from retrieval.text.sentences import sentence_spans

SEED = next((Path(__file__).parents[2] / "seeds").glob("*.txt"))


def sentences(text):
    return [text[start:end] for start, end in sentence_spans(text)]


@settings(max_examples=150, deadline=None)
@given(st.text(CHARACTERS) | PROSE)
def test_sentences_cover_all_but_white_space(text):
    position = 0
    for start, end in sentence_spans(text):
        assert position <= start < end
        assert text[position:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        position = end
    assert text[position:].strip() == ""


@pytest.mark.parametrize(
    "expected",
    [
        ["They can help with these efforts […] but all this requires detailed work.", "He left."],
        ["“Syria […] has become a battlefield,” he said.", "They left."],
        ["Russia is defending its interests [in Syria].”", "Askat Dukenbayev argued against it."],
        ["He met the officials (“We agree.”) in Tuva.", "They left."],
        ["They count on support” (RIA Novosti, June 6).", "But his counterparts ignored it."],
        ["Moscow made a call (see EDM, July 10, 2017).", "A year ago, it made another."],
        ["He lived in “Kyrgyzstan.”", "He left."],
        ["Russia’s partners avoided a confrontation with the West.", "And now, they are recoiling."],
        ["He asked, “Is it better [rather than Syria]?” (Karavansarayi, June 12).", "Nobody answered."],
        ["He asked, “Is it better in Syria?” (Karavansarayi, June 12).", "Nobody answered."],
        ["“Who came?” she asked.", "“Nobody!” he said."],
        ["Mr. Smith met Dr. Jones at 5 p.m. in Washington, D.C., on Jan. 5.", "They left."],
        ["It rose by 3.5 percent to $1.2 million.", "It fell later."],
    ],
    ids=lambda expected: expected[0][:30],
)
def test_sentence_ends(expected):
    assert sentences(" ".join(expected)) == expected


def test_the_number_of_a_clause_belongs_to_what_it_begins():
    text = "8. Repairs. Report in writing. They are mended within a day. 11. Entry. The landlord rings. 12.1. Law. It holds."
    expected = [
        "8. Repairs.", "Report in writing.", "They are mended within a day.", "11. Entry.", "The landlord rings.",
        "12.1. Law.", "It holds.",
    ]  # fmt: skip
    assert [text[a:b] for a, b in sentence_spans(text)] == expected


def test_a_note_mark_belongs_to_the_sentence_before_it():
    text = "The tower is tall.[4] It was built by men.[citation needed] It stands.[2]:212"
    expected = ["The tower is tall.[4]", "It was built by men.[citation needed]", "It stands.[2]:212"]
    assert sentences(text) == expected


def test_sentences_of_the_seed():
    found = sentences(SEED.read_text(encoding="utf-8"))
    for sentence in (
        "But Shoigu’s CIS counterparts unanimously ignored his calls, and none of their governments offered any "
        "official response.",
        "They, too, can take their place in the framework of these efforts […] but all this requires detailed work,” "
        "he claimed (Sputnik News, June 22, 2017).",
        "After all, Russia, first of all, is defending its geopolitical interests [in Syria].”",
        "And now, they are recoiling from participating in Russian “peacekeeping” missions.",
        "The first is ideological.",
    ):
        assert sentence in found
    assert [s for s in found if s.endswith("[rather than Syria]?” (Karavansarayi, June 12).")]


@pytest.mark.parametrize(
    "text, spans", [("", []), (" \n", []), (" a. \n", [(1, 3)]), ("One.  Two.", [(0, 4), (6, 10)])], ids=repr
)
def test_spans_are_tight(text, spans):
    assert sentence_spans(text) == spans


def test_a_colon_at_the_end_of_a_line_ends_a_sentence():
    text = "On Monday, Ann wrote:\nThe boat is late. Its ratio is:\nthree to one."
    assert sentences(text) == ["On Monday, Ann wrote:", "The boat is late.", "Its ratio is:\nthree to one."]


def test_lines_that_begin_with_a_name_and_a_colon_stand_alone():
    lines = ["Present: Ida Marten,\nTom Okafor", "Apologies for absence: Grace Holm"]
    assert sentences("\n".join(lines)) == lines
    wrapped = "The boat left at noon.\nNote that\nIda: the chair, and\nTom: the clerk, were there."
    assert sentences(wrapped) == ["The boat left at noon.", wrapped.partition("\n")[2]]


@pytest.mark.parametrize(
    "sentences",
    [
        ["出差住宿标准为每晚600元。", "“机票应提前预订！”", "可以吗?"],
        ["यह पुल है।", "वह नदी है॥"],
        ["هل بُني الجسر؟", "نعم."],
    ],
)
def test_marks_of_other_scripts_end_sentences(sentences):
    text = " ".join(sentences)
    assert [text[a:b] for a, b in sentence_spans(text)] == sentences
    text = sentences[0] + sentences[1]
    assert [text[a:b] for a, b in sentence_spans(text)] == sentences[:2]
