"""Answers and documents as HTML: nothing escapes, every word is kept, marks stand where the citations say."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import Answer, Citation, Document, Hit, Passage
from retrieval.answering import ReviewRow
from retrieval.records import Coverage
from ui.web import render

TEXT = "Owls\n\nBarn owls hunt at night. They eat voles."
PASSAGE = Passage("d1", 1, 0, 46, TEXT, ((6, 30), (31, 46)))
CITATION = Citation(1, "d1", "Owls", "¶ 1", 31, 45, "They eat voles", None, "0" * 64)
HIT = Hit(PASSAGE, 1.5, 1, {"passage": 0.5}, (31, 46))
SAID = replace(CITATION, speaker="<b>Kalin", reported_in="Sputnik News, June 22, 2017")
VOID = {"input", "img", "br"}


class Reader(HTMLParser):
    """Reads HTML as a browser would: the text, the tags, and each mark's words."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.attributes, self.marked, self._open = "", [], [], [], []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "mark":
            self.marked.append((dict(attrs)["data-marker"], ""))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "mark" in self._open:
            self.marked[-1] = (self.marked[-1][0], self.marked[-1][1] + data)


def answer(found=True, confidence=0.9, question="What do owls eat?", **fields) -> Answer:
    return Answer(
        question, fields.pop("asked_as", question), found, confidence, (CITATION,) if found else (),
        fields.pop("passages", (HIT,)), fields.pop("coverage", Coverage(1, 0)), {}, fields.pop("missing", ()),
        fields.pop("reply", ""),
    )  # fmt: skip


@pytest.mark.parametrize(
    "fields, said",
    [
        ({}, "Answered in the documents"),
        ({"confidence": 0.4}, "Probably answered in the documents; check the quotes"),
        ({"found": False, "confidence": 0.0}, "The documents do not say this. Related passages:"),
        (
            {"found": False, "confidence": 0.0, "passages": ()},
            "The documents do not say this. There are no passages to show.",
        ),
        ({"missing": ("Mars",)}, "Partly answered in the documents. None of the quoted passages mentions “Mars”."),
        (
            {"found": False, "confidence": 0.0, "missing": ("Mars",)},
            "say this. Nothing in them mentions “Mars”. Related passages:",
        ),
        (
            {"found": False, "confidence": 0.0, "coverage": Coverage(120, 3)},
            "3 of 120 files could not be read, and may hold it.",
        ),
        (
            {"found": False, "passages": (), "coverage": Coverage(2, 2)},
            "There are no documents to ask yet. Add some first.",
        ),
        (
            {"found": False, "confidence": 0.289},
            "Not sure enough (28 %; at least 70 % is asked for). Closest passages:",
        ),
        ({"asked_as": "owls What do they eat?"}, "Searched for owls What do they eat?"),
    ],
)
def test_a_turn_says_how_sure_it_is(fields, said):
    assert said in Reader(render.turn(answer(**fields), {}, 0.7)).text


def test_files_that_could_not_be_read_are_no_matter_where_an_answer_was_found():
    assert "could not be read" not in render.turn(answer(coverage=Coverage(120, 3)), {})


def test_what_is_not_sure_enough_is_copied_as_that():
    unsure = answer(found=False, confidence=0.289)
    said = "Not sure enough (28 %; at least 70 % is asked for). Closest passages:"
    assert render.plain(unsure, 0.7) == f"What do owls eat?\n\n{said}\n\n- They eat voles. (¶ 1)\n"
    assert render.markdown(unsure, 0.7) == f"{said}\n\n- related passage, ¶ 1: They eat voles."
    assert render.markdown(answer(), 0.7) == answer().to_markdown()


def test_a_reply_is_all_that_a_greeting_gets():
    html = render.turn(answer(found=False, passages=(), reply="Hello. There is 1 document: <Owls>."), {})
    assert html == '<p class="outcome" data-outcome="reply">Hello. There is 1 document: &lt;Owls&gt;.</p>'


def test_a_turn_shows_quotes_with_markers_and_the_cited_passage_first():
    other = Hit(Passage("d2", 7, 0, 8, "No owls.", ((0, 8),)), 2.0, 1, {}, (0, 8))
    html = render.turn(answer(passages=(other, HIT)), {"d1": "Owls", "d2": "Cats"})
    assert '<blockquote dir="auto">They eat voles</blockquote>' in html
    assert html.count('data-cite="1"') == 3  # the marker, the place, and the passage behind it
    assert html.index("Barn owls hunt") < html.index("No owls.")
    assert "Cats, ¶ 7" in Reader(html).text
    assert "2 passages behind this" in html


def test_the_words_that_answer_are_bold():
    exact = replace(CITATION, answer_start=40, answer_end=45)
    html = render.turn(replace(answer(), citations=(exact,)), {})
    assert '<blockquote dir="auto">They eat <b>voles</b></blockquote>' in html
    hostile = replace(CITATION, quote="<i>a</i> & b", end=43, answer_start=34, answer_end=39)
    assert "&lt;i&gt;<b>a&lt;/i&gt;</b> &amp; b" in render.turn(replace(answer(), citations=(hostile,)), {})


def test_a_row_of_a_review_escapes_and_says_what_is_not_stated():
    said = replace(answer(), citations=(replace(CITATION, quote="<i>${a}"), CITATION), confidence=0.839)
    none = replace(answer(), found=False, citations=())
    row = render.review_row(ReviewRow(Document('d"1', "<b>Owls"), (said, none)))
    assert '<th scope="row"><button type="button" data-doc="d&quot;1"><bdi>&lt;b&gt;Owls</bdi></button></th>' in row
    assert '<blockquote dir="auto">&lt;i&gt;&#36;&#123;a&#125;</blockquote>' in row
    assert 'data-cell="0" data-of="d&quot;1"><bdi>¶ 1</bdi></button>' in row and ">83 % sure, 1 more</span>" in row
    assert row.endswith('<td class="none">not stated</td></tr>')
    assert render.review_head(["<u>?"]).endswith('<th scope="col" dir="auto"><bdi>&lt;u&gt;?</bdi></th></tr>')


def test_quotes_and_passages_in_another_language_than_the_page_say_which():
    foreign = replace(HIT, passage=replace(PASSAGE, language='de"'))
    html = render.turn(answer(passages=(foreign,)), {"d1": "Owls"})
    assert '<blockquote dir="auto" lang="de&quot;">' in html and '<p dir="auto" lang="de&quot;">' in html
    own = replace(HIT, passage=replace(PASSAGE, language="en"))
    assert "lang=" not in render.turn(answer(passages=(own,)), {"d1": "Owls"})
    assert '<p dir="auto" lang="ar">' in render.document("Owls", {}, [replace(PASSAGE, language="ar")])


def test_a_quote_shows_who_says_so():
    html = render.turn(replace(answer(), citations=(SAID,)), {})
    assert "&lt;b&gt;Kalin, in Sputnik News, June 22, 2017, as cited in ¶ 1" in html
    assert 'class="said"' not in render.turn(answer(), {})


def test_without_passages_there_is_nothing_to_copy():
    html = render.turn(answer(found=False, passages=()), {})
    assert "copy" not in html
    assert 'data-do="bad"' in html


def test_plain_text_has_quotes_and_sources():
    assert render.plain(answer()) == "What do owls eat?\n\n“They eat voles” [1]\n\n[1] Owls, ¶ 1\n"
    assert (
        render.plain(answer(found=False, confidence=0.0))
        == "What do owls eat?\n\nThe documents do not say this. Related passages:\n\n- They eat voles. (¶ 1)\n"
    )


def test_plain_text_says_who_says_so():
    said = "<b>Kalin, in Sputnik News, June 22, 2017, as cited in ¶ 1"
    assert render.plain(replace(answer(), citations=(SAID,))).splitlines()[-1] == f"[1] Owls, ¶ 1 ({said})"


def test_several_questions_are_answered_each_under_its_own():
    second = answer(found=False, confidence=0.0, question="What is the moon made of?")
    both = replace(answer(question="What do owls eat? <b>And</b> the moon?"), parts=(answer(asked_as="Owls?"), second))
    html = render.turn(both, {"d1": "Owls"})
    assert html.count('<section class="part">') == 2
    assert html.index("What do owls eat?") < html.index("They eat voles") < html.index("What is the moon made of?")
    assert (html.count("Searched for"), html.count('data-outcome="unsaid"'), html.count('class="actions"')) == (1, 1, 1)
    assert render.plain(both) == f"{render.plain(both.parts[0])}\n\n{render.plain(second)}"


def test_a_part_marks_the_cited_words_and_sets_headings_apart():
    assert render.part(PASSAGE, [CITATION]) == (
        '<span data-start="0"><strong>Owls\n\n</strong>Barn owls hunt at night. '
        '<mark data-marker="1" tabindex="-1">They eat voles</mark>.</span>'
    )


def test_a_citation_of_another_document_marks_nothing():
    other = Citation(1, "d2", "", "", 31, 45, "", None, "")
    assert Reader(render.part(PASSAGE, [other])).marked == []


@given(st.text(alphabet="ab<>&\"'{}$`\\ \n[1]\u202e\u2067é𝒜", min_size=1), st.data())
def test_every_word_is_kept_and_nothing_becomes_markup(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    passage = Passage("d1", 1, 10, 10 + len(text), text, ((10, 10 + len(text)),))
    cites = [
        Citation(number, "d1", "", "", 10 + a, 10 + b, text[a:b], None, "")
        for number, (a, b) in enumerate((cuts[:2], cuts[2:]), start=1)
    ]
    reader = Reader(render.part(passage, cites))
    assert reader.text == text
    assert reader.marked == [(str(c.marker), c.quote) for c in cites if c.quote]
    assert set(reader.tags) <= {"span", "mark"}
    assert set(reader.attributes) <= {"data-start", "data-marker", "tabindex", "class"}


def test_templates_find_nothing_to_act_on():
    assert render.escape("{{a}} ${b} `c` \\u0041") == (
        "&#123;&#123;a&#125;&#125; &#36;&#123;b&#125; &#96;c&#96; &#92;u0041"
    )


@given(st.text(alphabet="<b>&\"'/= onx\u202e\n", max_size=40))
def test_titles_and_questions_become_no_markup(text):
    named = Document(text or "x", text, metadata={"publication": text})
    hit = Hit(Passage(text, 1, 0, 1, "x", ((0, 1),), heading=text), 1.0, 1, {}, (0, 1))
    for html in (
        render.documents([(named, 1)]),
        render.document(text, {"publication": text}, [PASSAGE]),
        render.failures({f"/tmp/{text}": text}),
        render.questions([text]),
        render.turn(answer(question="x", asked_as=text, passages=(hit,)), {text: text}),
    ):
        assert html.count("<b>") == html.count("<b>x</b>")  # the best sentence's
        assert not [name for name in Reader(html).attributes if name.startswith("on")]


def test_a_document_shows_each_paragraph_once_with_its_number_and_page():
    passages = [
        Passage("d1", 1, 0, 4, "One.", ((0, 4),), page=1),
        Passage("d1", 2, 6, 10, "Two.", ((6, 10),), page=1),
        Passage("d1", 2, 11, 16, "Half.", ((11, 16),), page=1),
        Passage("d1", 3, 18, 24, "Three.", ((18, 24),), page=2),
    ]
    html = render.document("Counting", {"publication": "Daily", "issue": 9}, passages)
    assert re.findall(r'data-number="(\d+)"', html) == ["1", "2", "3"]
    assert Reader(html).text == "CountingDaily · issue 9Page 11One.2Two. Half.Page 23Three."


def test_a_title_that_the_text_begins_with_is_not_shown_twice():
    assert Reader(render.document("Owls", {}, [PASSAGE])).text == f"1{TEXT}"


def test_the_list_of_documents_is_cut_and_says_so():
    many = [(Document(f"d{number}", f"Title {number}"), 1) for number in range(1234)]
    html = render.documents(many)
    assert html.count("<li") == 200
    assert "1,034 more; type above to find them." in html


def test_failures_name_the_file_and_not_its_folder():
    assert (
        Reader(render.failures({"/home/me/a.pdf": "holds no text"})).text == "1 could not be reada.pdf: holds no text"
    )
    assert render.failures({}) == ""


# --- tables


def row_passage(text, place="Fees, rows 2–3", start=10):
    lines, spans = text.splitlines(), []
    for line in lines:
        at = spans[-1][1] + 1 if spans else start
        spans.append((at, at + len(line)))
    return Passage("d", 4, start, start + len(text), text, tuple(spans), place=place)


def cells(drawn):
    plain = re.sub("</?bdi>", "", drawn)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr.*?</tr>", plain)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Port: Aro; Fee: 240\nPort: Bel; Fee: 310", [["Port", "Fee"], ["Aro", "240"], ["Bel", "310"]]),
        ("Port: Aro; Fee: 240\nPort: Bel; Depth: 9; Fee: 310\nDepth: 4; Fee: 3",
         [["Port", "Depth", "Fee"], ["Aro", "", "240"], ["Bel", "9", "310"], ["", "4", "3"]]),
        ("North; Port: Aro; Fee: 240\nNorth; Port: Bel; Fee: 310",
         [["", "Port", "Fee"], ["North", "Aro", "240"], ["North", "Bel", "310"]]),
        ("Port: Aro; Note: pay; see: 4\nPort: Bel; Note: no\nPort: Cor; Note: —",
         [["Port", "Note"], ["Aro", "pay; see: 4"], ["Bel", "no"], ["Cor", "—"]]),
        ("Aro | 240\nBel | 310", [["Aro", "240"], ["Bel", "310"]]),
        ("<b>: 1; Fee: {2}", [["&lt;b&gt;", "Fee"], ["1", "&#123;2&#125;"]]),
    ],
    ids=["named", "empty cells", "sections", "marks in a value", "no names", "escaped"],
)  # fmt: skip
def test_rows_are_drawn_as_a_table(text, expected):
    drawn = render.document("Fees", {}, [row_passage(text)])
    assert cells(drawn) == expected
    assert '<div class="rows" dir="auto"><table data-start="10">' in drawn


def test_a_quoted_row_is_marked_in_every_cell():
    passage = row_passage("Port: Aro; Fee: 240\nPort: Bel; Fee: 310")
    start, end = passage.sentences[1]
    cited = replace(CITATION, doc_id="d", start=start, end=end)
    drawn = render.part(passage, [cited])
    assert drawn.count('<tr class="quoted">') == 1
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", drawn) == ["Bel", "310"]


def test_the_names_stand_once_above_rows_that_are_paragraphs_of_their_own():
    made = [
        replace(row_passage(f"Port: {port}; Fee: 2", f"Fees, row {number}", 30 * number), number=number)
        for number, port in ((2, "Aro"), (3, "Bel"))
    ]
    drawn = render.document("Fees", {}, made)
    assert re.findall(r'class="(paragraph[^"]*)"', drawn) == ["paragraph", "paragraph again"]


def test_words_of_other_places_are_no_table():
    for place, text in (("p. 4", "Port: Aro; Fee: 240"), ("row 4", "Only words.")):
        assert "<table" not in render.document("Fees", {}, [row_passage(text, place)])
