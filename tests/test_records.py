import dataclasses
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from retrieval import markdown
from retrieval.records import Answer, Citation, Coverage, Document, Hit, Passage, Turn, content_sha256

PASSAGE = Passage("a1", 12, 100, 119, "It rains. It pours.", ((100, 109), (110, 119)), 4, "Install › Linux")
HIT = Hit(PASSAGE, 1.5, 1, {"passage": 0.5, "sentence": 0.75, "bm25": 3.0}, (110, 119))

SAID = {"speaker": "Ibrahim Kalin", "speaker_span": (80, 93), "reported_in": "Sputnik News, June 22, 2017",
        "reported_span": (120, 146)}  # fmt: skip


def citation(quote="It pours.", title="Weather", locator="¶ 12"):
    return Citation(1, "a1", title, locator, 110, 110 + len(quote), quote, "/docs/weather.txt", "ab12")


def answer(*citations, passages=(HIT,)):
    found = bool(citations)
    return Answer("Does it?", "Does it pour?", found, 0.75, citations, passages, Coverage(3, 1), {"search": 2.5})


def quoted(quote):
    """The lines of Markdown that show a quote."""
    return answer(citation(quote)).to_markdown().partition("\n\n1. ")[0]


# --- the records themselves


def test_an_answer_is_short_where_python_shows_it_and_whole_in_a_notebook():
    shown = answer(citation())
    assert repr(shown) == "<Answer to 'Does it?': answered, confidence 0.75, 1 quote>"
    assert repr(answer()) == "<Answer to 'Does it?': not found, confidence 0.75>"
    assert shown._repr_markdown_() == shown.to_markdown()
    assert shown._repr_html_() == "<blockquote>It pours.<br><small>[1] Weather, ¶ 12</small></blockquote>"
    assert "<script>" not in answer(citation("<script>1</script>", "<script>"))._repr_html_()
    assert answer()._repr_html_() == f"<p>{answer().text}</p>"


@pytest.mark.parametrize(
    "record, name",
    [
        (Document("a1"), "text"),
        (PASSAGE, "start"),
        (HIT, "score"),
        (citation(), "quote"),
        (Coverage(1, 0), "known"),
        (answer(), "found"),
        (Turn("Does it?"), "question"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_records_are_frozen_and_hashable(record, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, name, None)
    assert not hasattr(record, "__dict__")
    assert hash(record) == hash(dataclasses.replace(record))


def test_sha256_defaults_to_that_of_the_text():
    assert Document("a1", text="hello").sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert Document("a1").sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Document("a1", text="hello", sha256="ab12").sha256 == "ab12"


def test_sha256_is_of_utf8():
    assert content_sha256("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


def test_a_place_stands_where_the_page_would():
    assert dataclasses.replace(PASSAGE, page=3, place="pp. 3–4", heading="Install").locator == "pp. 3–4, Install, ¶ 12"


@pytest.mark.parametrize(
    "page, heading, locator",
    [
        (4, "Install › Linux", "p. 4, Install › Linux, ¶ 12"),
        (None, "Install", "Install, ¶ 12"),
        (4, "", "p. 4, ¶ 12"),
        (None, "", "¶ 12"),
    ],
)
def test_locator(page, heading, locator):
    assert dataclasses.replace(PASSAGE, page=page, heading=heading).locator == locator


def test_coverage_says_what_cannot_be_searched():
    assert str(Coverage(120, 3)) == "117 of 120 documents searchable; 3 failed"
    assert str(Coverage(120, 0)) == "120 of 120 documents searchable"
    assert str(Coverage(1, 0)) == "1 of 1 document searchable"
    assert Coverage(120, 3).searchable == 117


# --- as text and as a dictionary


def test_text():
    second = dataclasses.replace(citation("It rains."), marker=2)
    assert answer(citation(), second).text == "It pours. [1]\n\nIt rains. [2]"
    assert answer().text == "The documents do not say this. Related passages follow."
    assert answer(passages=()).text == "The documents do not say this."


def test_to_dict_is_json():
    record = json.loads(json.dumps(answer(citation()).to_dict(), allow_nan=False))
    assert record["found"] is True
    assert record["text"] == "It pours. [1]"
    assert record["coverage"] == {"known": 3, "failed": 1, "searchable": 2}
    assert record["timings"] == {"search": 2.5}
    assert record["citations"] == [
        {
            "marker": 1,
            "doc_id": "a1",
            "title": "Weather",
            "locator": "¶ 12",
            "start": 110,
            "end": 119,
            "quote": "It pours.",
            "source": "/docs/weather.txt",
            "sha256": "ab12",
            "speaker": "",
            "speaker_span": None,
            "reported_in": "",
            "reported_span": None,
            "answer_start": None,
            "answer_end": None,
        }
    ]
    assert record["passages"][0]["signals"] == {"passage": 0.5, "sentence": 0.75, "bm25": 3.0}
    assert record["passages"][0]["passage"]["sentences"] == [[100, 109], [110, 119]]


def test_to_dict_holds_lists_as_it_says():
    record = answer(citation()).to_dict()
    assert json.loads(json.dumps(record)) == record


def test_citations_come_back_from_json():
    given = (citation(), dataclasses.replace(citation("“Why?”"), marker=2, source=None))
    record = json.loads(json.dumps(answer(*given).to_dict()))
    assert tuple(map(Citation.from_dict, record["citations"])) == given


def test_from_dict_ignores_more_and_names_what_is_missing():
    record = dataclasses.asdict(citation())
    assert Citation.from_dict(record | {"page": 4}) == citation()
    del record["sha256"]
    with pytest.raises(KeyError, match="sha256"):
        Citation.from_dict(record)


def test_citations_without_who_says_so_come_back_too():
    record = dataclasses.asdict(citation())
    old = {name: record[name] for name in list(record)[:9]}
    assert list(old)[-1] == "sha256" and Citation.from_dict(old) == citation()


def test_who_says_so_comes_back_from_json():
    given = dataclasses.replace(citation(), **SAID)
    (record,) = json.loads(json.dumps(answer(given).to_dict()))["citations"]
    assert (record["speaker_span"], record["reported_span"]) == ([80, 93], [120, 146])
    assert Citation.from_dict(record) == given


@pytest.mark.parametrize(
    "fields, attribution",
    [
        ({}, "Ibrahim Kalin, in Sputnik News, June 22, 2017, as cited in ¶ 12"),
        ({"reported_in": ""}, "Ibrahim Kalin, as cited in ¶ 12"),
        ({"speaker": ""}, "Sputnik News, June 22, 2017, as cited in ¶ 12"),
        ({"speaker": "", "reported_in": ""}, ""),
        ({"locator": "p. 4, Install, ¶ 12"}, "Ibrahim Kalin, in Sputnik News, June 22, 2017, as cited in ¶ 12"),
    ],
)
def test_attribution(fields, attribution):
    assert dataclasses.replace(citation(), **(SAID | fields)).attribution == attribution


# --- as Markdown


def test_to_markdown_says_who_says_so():
    given = dataclasses.replace(citation(), **(SAID | {"speaker": "Kalin *"}))
    assert answer(given).to_markdown().partition("\n\n")[2] == (
        "1. Weather, ¶ 12; Kalin \\*, in Sputnik News, June 22, 2017, as cited in ¶ 12"
    )


def test_to_markdown():
    assert answer(citation()).to_markdown() == "> It pours. [1]\n\n1. Weather, ¶ 12"


def test_to_markdown_of_two_quotes():
    second = dataclasses.replace(citation("It\nrains.", "Rain", "p. 4, ¶ 3"), marker=2)
    expected = "> It pours. [1]\n\n> It\n> rains. [2]\n\n1. Weather, ¶ 12\n2. Rain, p. 4, ¶ 3"
    assert answer(citation(), second).to_markdown() == expected


def test_to_markdown_without_an_answer():
    nearest = "- related passage, p. 4, Install › Linux, ¶ 12: It pours."
    assert answer().to_markdown() == f"The documents do not say this.\n\n{nearest}"
    assert answer(passages=()).to_markdown() == "The documents do not say this."
    assert answer(passages=(HIT,) * 5).to_markdown().count(nearest) == 3


@pytest.mark.parametrize(
    "text, escaped",
    [
        ("a Kyrgyz [servicemen] came", "a Kyrgyz [servicemen] came"),
        ("efforts […] but", "efforts […] but"),
        ("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"),
        ("<img src=x onerror=f()>", "\\<img src=x onerror=f()\\>"),
        ("[x](javascript:f())", "[x\\](javascript:f())"),
        ("[x][y] and [z]: /u", "[x\\][y] and [z\\]: /u"),
        ("![x](y)", "![x\\](y)"),
        ("run `rm`", "run \\`rm\\`"),
        ("# no heading", "\\# no heading"),
        ("issue # 4", "issue # 4"),
        ("- no item", "\\- no item"),
        ("+ no item", "\\+ no item"),
        ("* no item", "\\* no item"),
        ("1. no item", "1\\. no item"),
        ("12) no item", "12\\) no item"),
        ("1984 was a year", "1984 was a year"),
        ("well-known", "well-known"),
        ("a\n  # b\n2. c", "a\n  \\# b\n2\\. c"),
        ("a\n===\nb\n---", "a\n\\===\nb\n\\---"),
        ("a *b* _c_ ~d~ |e| $f$", "a \\*b\\* \\_c\\_ \\~d\\~ \\|e\\| \\$f\\$"),
        ("AT&T \\ &amp;", "AT\\&T \\\\ \\&amp;"),
    ],
)
def test_escape_markdown(text, escaped):
    assert markdown.escape(text) == escaped


def test_quotes_titles_and_locators_are_escaped():
    markdown = answer(citation("<b>", "# [x](y)", "`1`, ¶ 12")).to_markdown()
    assert markdown == "> \\<b\\> [1]\n\n1. \\# [x\\](y), \\`1\\`, ¶ 12"
    passage = dataclasses.replace(PASSAGE, text="It <b>s>. It <pours", heading="<i>")
    nearest = answer(passages=(dataclasses.replace(HIT, passage=passage),)).to_markdown()
    assert nearest.endswith("- related passage, p. 4, \\<i\\>, ¶ 12: It \\<pours")


DANGEROUS = st.lists(
    st.sampled_from(
        [
            *("a", "b ", "# ", "## ", "- ", "+ ", "1. ", "2) ", "* ", "_x_", "**", "`", "```", "~~~", "***", "==="),
            *("\n", "\n\n", "    ", "\t", "\r", "\x0b", "\x0c", "\u2028", "\x85", "\u00a0", "é", "1", ".", "\\"),
            *("<script>", "<img onerror=x>", "<http://x.y>", "<!--", "[x](javascript:a)", "[x]: /u", "[x]", "[y][x]"),
            *("![", "](", "]", "~~", "|", "\n|-|\n", "> ", "&", "$", "&amp;", "---"),
        ]
    ),
    max_size=10,
).map(lambda parts: "".join(parts).strip() or "a")
PLAIN = {"blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline"}


def shown(markdown, allowed=PLAIN):
    """Render as GitHub does, HTML on; return the words shown, after checking that there is nothing but text."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    inside = [child for token in tokens for child in token.children or []]
    assert {token.type for token in tokens} <= allowed
    assert {child.type for child in inside} <= {"text", "softbreak", "hardbreak"}
    return "".join(child.content or " " for child in inside).split()


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(DANGEROUS)
@example("a\u2028# b")
@example("a\r# b")
@example("a\n\n    b")
def test_a_quote_shows_as_its_own_text(quote):
    assert "".join(shown(quoted(quote))) == "".join(quote.split()) + "[1]"


@settings(max_examples=200, deadline=None)
@given(DANGEROUS)
@example("a\r# b")
def test_a_title_shows_as_its_own_text(title):
    source = answer(citation("q", title)).to_markdown().partition("\n\n")[2]
    items = PLAIN | {"ordered_list_open", "list_item_open", "list_item_close", "ordered_list_close"}
    assert "".join(shown(source, items)) == "".join(title.split()) + ",¶12"


@pytest.mark.parametrize(
    "quote, words, shown",
    [
        ("It pours.", "pours", "> It **pours**."),
        ("It pours.", "It pours.", "> **It pours.**"),
        ("It cost *4.2* million.", "*4.2*", "> It cost **\\*4.2\\*** million."),
        ("They pour$5 in.", "$5", "> They pour\\$5 in."),
        ("It pours.\n  And pours.", "pours.\n  And", "> It **pours.**\n> **And** pours."),
    ],
)
def test_the_words_that_answer_are_bold_where_markdown_can(quote, words, shown):
    given, at = citation(quote), 110 + quote.index(words)
    answered = dataclasses.replace(given, answer_start=at, answer_end=at + len(words))
    written = answer(answered).to_markdown().partition(" [1]")[0]
    assert written == shown
    assert MarkdownIt().render(written).count("<strong>") == shown.count("**") // 2
