import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import CHARACTERS, PROSE

from retrieval.ingest.chunking import split
from retrieval.ingest.files import load
from retrieval.parsers.markup.markdown import read_markdown
from retrieval.parsers.markup.text import read_text, text_blocks
from retrieval.records import Document

SEED = next((Path(__file__).parents[2] / "seeds").glob("*.txt"))


def count_words(texts):
    return [len(text.split()) for text in texts]


def count_characters(texts):
    return [len("".join(text.split())) for text in texts]


def split_text(text, max_tokens=50, count=count_words):
    return split(Document("d", "", text), text_blocks(text), count, max_tokens)


def split_markdown(text, max_tokens=50, count=count_words):
    reading = read_markdown(text)
    return split(Document("d", reading.title, reading.text), reading.blocks, count, max_tokens)


def assert_promises(text, passages, max_tokens, count=count_words):
    """What holds for every passage of every document."""
    position, number = 0, 0
    for passage in passages:
        assert passage.start >= position
        assert text[passage.start : passage.end] == passage.text
        assert text[position : passage.start].strip() == "", "text was skipped"
        assert count([passage.text])[0] <= max_tokens
        assert passage.number in (number, number + 1)
        position, number = passage.end, passage.number
        inside = passage.start
        assert passage.sentences
        for start, end in passage.sentences:
            assert inside <= start < end <= passage.end
            assert text[start:end].strip()
            inside = end
    assert text[position:].strip() == "", "text was skipped"


# --- properties

MARKDOWN = st.lists(
    st.sampled_from(
        [
            *("# One", "## Two words", "###### Deep", "#", "A\n===", "B c\n---", "***", "\\", "\u00a0", "\x0c", "\t"),
            *("- item one\n- two", "1. first\n2) second", "- - nested\n      deep", "| a | b |\n|---|---|\n| 1 | 2 |"),
            *("```\ncode here\n\nmore", "```", "    indented", "[a]: /b 'c'", "> quote\nlazy"),
            *("<div>\nraw\n</div>", "<!-- note", "-->", "A sentence. Another one!", "many words " * 12, "漢字" * 20),
        ]
    ),
    max_size=12,
)
LIMITS = st.integers(2, 40)


@settings(max_examples=200, deadline=None)
@given(st.text(CHARACTERS) | PROSE, LIMITS)
@example("INTRODUCTION\n\n" + "one two three four five six seven eight nine ten " * 2, 5)
def test_plain_text_keeps_the_promises(text, max_tokens):
    reading = read_text(text)
    document = Document("d", reading.title, text)
    assert_promises(text, split(document, reading.blocks, count_words, max_tokens), max_tokens)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["\n", "\n\n"]), st.text(CHARACTERS, max_size=30)), max_size=8), LIMITS)
def test_any_text_as_markdown_keeps_the_promises(lines, max_tokens):
    text = "".join(end + line for end, line in lines).replace("\r", "\n").replace("\x00", "")
    assert_promises(read_markdown(text).text, split_markdown(text, max_tokens), max_tokens)


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(MARKDOWN, st.sampled_from(["\n", "\n\n"]), LIMITS)
def test_markdown_keeps_the_promises(parts, between, max_tokens):
    text = between.join(parts)
    assert_promises(read_markdown(text).text, split_markdown(text, max_tokens), max_tokens)


@settings(max_examples=100, deadline=None)
@given(MARKDOWN, st.integers(2, 300))
def test_the_promises_hold_when_every_character_is_a_token(parts, max_tokens):
    text = "\n\n".join(parts)
    passages = split_markdown(text, max_tokens, count_characters)
    assert_promises(read_markdown(text).text, passages, max_tokens, count_characters)


# --- headings and numbers


def test_headings_attach_to_what_follows():
    text = "# Guide\n\n## Install\n\n### Linux\n\nRun it.\n\nTwice.\n\n## Use\n\nAsk."
    assert [(p.number, p.heading, p.text) for p in split_markdown(text)] == [
        (1, "Install › Linux", "# Guide\n\n## Install\n\n### Linux\n\nRun it."),
        (2, "Install › Linux", "Twice."),
        (3, "Use", "## Use\n\nAsk."),
    ]


def test_a_heading_is_no_sentence_of_what_follows():
    (passage,) = split_markdown("# Guide\n\nRun it. Then stop.")
    assert passage.sentences == ((9, 16), (17, 27))


def test_a_heading_with_nothing_under_it_is_a_passage():
    passages = split_markdown("# Guide\n\nText.\n\n## End\n")
    assert [(p.number, p.text, p.heading) for p in passages] == [(1, "# Guide\n\nText.", ""), (2, "## End", "End")]


def test_marks_are_stripped_from_headings():
    text = "Guide\n=====\n\nInstall\n-------\n\n### On Linux ###\n\nRun it."
    assert [p.heading for p in split_markdown(text)] == ["Install › On Linux"]


def test_a_heading_may_end_in_a_number_sign():
    text = "# Learning C#\n\nIt is easy.\n\n## F#\n\nThis too."
    assert [p.heading for p in split_markdown(text)] == ["", "F#"]


def test_a_heading_stays_with_a_first_sentence_that_is_cut():
    text = "# Guide\n\n" + " ".join(["word"] * 30) + "."
    passages = split_markdown(text, 10)
    assert passages[0].start == 0
    assert_promises(text, passages, 10)


def test_a_long_heading_does_not_shred_what_follows():
    text = "# one two three four five six seven\n\nThe first sentence. The second sentence."
    passages = split_markdown(text, 6)
    assert_promises(text, passages, 6)
    assert [word for p in passages for word in p.text.split()] == text.split()


def test_numbers_count_paragraphs_and_parts_share_one():
    text = "One two. Three four. Five six.\n\nSeven."
    passages = split_text(text, 4)
    assert [(p.number, p.text) for p in passages] == [(1, "One two. Three four."), (1, "Five six."), (2, "Seven.")]
    assert [p.start for p in passages] == [0, 21, 32]


def test_parts_are_about_even():
    text = "It was cold. They went home. It was warm. They came back."
    parts = [p.text for p in split_text(text, 11)]
    assert parts == ["It was cold. They went home.", "It was warm. They came back."]


def test_lists_tables_and_code_have_a_sentence_on_every_line():
    text = "# T\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\ny = 2\n```"
    text, passages = read_markdown(text).text, split_markdown(text)
    found = [[text[start:end] for start, end in p.sentences] for p in passages]
    assert found == [["- one", "- two"], ["a: 1; b: 2"], ["```", "x = 1", "y = 2", "```"]]


def test_passages_know_their_document():
    (passage,) = split(Document("a1", "T", "Text."), text_blocks("Text."), count_words, 9)
    assert (passage.doc_id, passage.number, passage.page, passage.heading) == ("a1", 1, None, "")
    assert passage.sentences == ((0, 5),)


def test_no_blocks_no_passages():
    assert split_text(" \n\n ") == []


def test_the_seed_article():
    loaded = load(SEED, 2**20)
    passages = split(loaded.document, loaded.blocks, count_words, 60)
    assert_promises(loaded.document.text, passages, 60)
    assert [p.number for p in passages] == sorted(p.number for p in passages)
    assert passages[-1].number == 10
    assert {p.heading for p in passages} == {""}
    assert passages[0].text.startswith("Russia’s Allies Do Not Want to Take Part in Syrian Operation\n\nPublication: ")


# --- text that nobody would write


def test_an_endless_line_without_spaces_is_cut():
    text = "x" * 100_000
    passages = split_text(text, 250, count_characters)
    assert_promises(text, passages, 250, count_characters)
    assert max(end - start for p in passages for start, end in p.sentences) <= 250
    assert len(passages) < 1000


def test_an_endless_line_is_cut_between_words():
    text = "word " * 2000
    passages = split_text(text, 100)
    assert_promises(text, passages, 100)
    assert {word for p in passages for word in p.text.split()} == {"word"}


def test_a_long_line_of_han_characters_is_cut():
    text = "漢字" * 2000
    passages = split_text(text, 200, count_characters)
    assert_promises(text, passages, 200, count_characters)
    assert "".join(p.text for p in passages) == text


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["word " * 1_000_000, "In this line there are ten words with an end. " * 100_000], ids=["line", "sentences"]
)
def test_a_million_words_are_quick(text):
    began = time.thread_time()
    passages = split_text(text, 250)
    assert time.thread_time() - began < 20
    assert sum(count_words([p.text])[0] for p in passages) == 1_000_000
