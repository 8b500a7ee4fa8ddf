"""Every format but PDF, as real programs write it: text, reading order, places, metadata."""

import datetime
import io
import mailbox
import shutil
import subprocess
from email.message import EmailMessage

import docx
import pptx
import pypandoc
import pytest
import xlsxwriter
from docx.oxml import OxmlElement
from every_block import MARKDOWN

from retrieval import Library, Settings
from retrieval.errors import DocumentError
from retrieval.ingest.chunking import split
from retrieval.ingest.files import load

MEGABYTE = 2**20
LIST = "Cable one was renewed.\nCable two was not.\nIts rust was known."
TABLE = (
    "Year: 2012; Cost: 1.2 million\nYear: 2013; Cost: 0.7 million",
    "Year | Cost\n2012 | 1.2 million\n2013 | 0.7 million",
)
BODY = ["Introduction", "The deck of the bridge fell at 6 a.m. on Monday.", "Findings", LIST, TABLE]
END = ["Of the two hundred bolts, nine held.", "We should have closed it."]


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Have pandoc write the report in a format; return the file."""
    folder = tmp_path_factory.mktemp("pandoc")

    def write(suffix):
        path = folder / f"report{suffix}"
        if not path.exists():
            pypandoc.convert_text(MARKDOWN, suffix[1:].replace("tex", "latex"), "md", ["-s"], outputfile=str(path))
        return load(path, MEGABYTE)

    return write


def read(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load(path, MEGABYTE)


def pieces(loaded):
    return [loaded.document.text[block.start : block.end] for block in loaded.blocks]


def places(loaded):
    """The place of every block, with its row in a sheet, and its text."""
    rows = [f"row {block.row}" if block.row and "\n" not in loaded.document.text[block.start : block.end] else ""
            for block in loaded.blocks]  # fmt: skip
    return [
        (", ".join(filter(None, (block.place, row))), loaded.document.text[block.start : block.end])
        for block, row in zip(loaded.blocks, rows, strict=True)
    ]


def headings(loaded):
    return [(block.level, block.heading) for block in loaded.blocks if block.level]


# --- one report, written by pandoc


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".docx", ".odt", ".epub", ".html", ".tex", ".rst"])
def test_a_report_is_read_in_order(written, suffix):
    loaded = written(suffix)
    assert loaded.document.title == "A Bridge Report"
    found = [piece for piece in pieces(loaded) if "footnote about" not in piece or "fell" in piece]
    start = found.index("Introduction")
    for expected, piece in zip(BODY + END, found[start:], strict=True):
        assert piece.startswith(expected)
    assert found[start + 1].endswith("No one was hurt — “really”.")
    assert "A footnote about the deck." in loaded.document.text
    assert [heading for _, heading in headings(loaded)][-2:] == ["Introduction", "Findings"]


@pytest.mark.parametrize("suffix", [".epub", ".html", ".tex", ".rst"])
def test_a_report_says_who_and_when(written, suffix):
    metadata = written(suffix).document.metadata
    assert (metadata["author"], metadata["date"]) == ("Ann Lée", "2018-06-14")


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".epub", ".html"])
def test_a_report_says_its_language(written, suffix):
    assert written(suffix).document.metadata["language"] == "en"


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".pptx"])
def test_office_files_say_who_wrote_them_and_when_they_were_saved(written, suffix):
    metadata = written(suffix).document.metadata
    assert metadata["author"] == "Ann Lée"
    assert datetime.date.fromisoformat(metadata["date"]).year >= 2018


def test_rtf(written):
    loaded = written(".rtf")
    assert pieces(loaded)[3:10] == [
        "Introduction",
        "The deck of the bridge fell at 6 a.m. on Monday. No one was hurt — “really”.",
        "[1] A footnote about the deck.",
        "Findings",
        "•\tCable one was renewed.",
        "•\tCable two was not.",
        "–\tIts rust was known.",
    ]


def test_rtf_names_its_author_and_date(tmp_path):
    content = (
        rb"{\rtf1\ansi{\info{\title On Bridges}{\author Ann L\'e9e}{\revtim\yr2018\mo6\dy4}}Two \u8212? words.\par}"
    )
    document = read(tmp_path, "a.rtf", content).document
    assert (document.title, document.text) == ("On Bridges", "Two — words.")
    assert document.metadata == {"author": "Ann Lée", "date": "2018-06-04"}


def test_the_slide_is_the_place(written):
    loaded = written(".pptx")
    assert ("slide 1", "A Bridge Report") in places(loaded)
    assert ("slide 2", "Introduction") in places(loaded)
    assert ("slide 2", TABLE[0]) in places(loaded)


# --- Word


def saved(document):
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def test_word_text_that_python_docx_leaves_out(tmp_path):
    document = docx.Document()
    paragraph = document.add_paragraph("The deck ")
    for name, text in (("ins", "fell"), ("del", "stood")):
        change, run = OxmlElement(f"w:{name}"), OxmlElement("w:r")
        words = OxmlElement("w:t" if name == "ins" else "w:delText")
        words.text = text
        run.append(words)
        change.append(run)
        paragraph._p.append(change)
    control, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    document.add_paragraph("In a content control.")._p.getparent().insert(1, control)
    control.append(content)
    content.append(document.paragraphs[-1]._p)
    assert pieces(read(tmp_path, "a.docx", saved(document))) == ["The deck fell", "In a content control."]


def test_items_by_style_are_one_list(tmp_path):
    document = docx.Document()
    for text, style in (("Two things:", None), ("one", "List Bullet"), ("another", "List Number 2"), ("Text.", None)):
        document.add_paragraph(text, style)
    document.save(tmp_path / "a.docx")
    assert pieces(load(tmp_path / "a.docx", MEGABYTE)) == ["Two things:", "one\n1. another", "Text."]


def test_a_short_line_above_a_paragraph_is_a_heading(tmp_path):
    prose = "The sample was small, and all of them were students of one school."
    loaded = read(tmp_path, "t.txt", f"Amber glasses\n\n{prose}\n\nLimitations\n{prose}\n\nWho paid for it\n\n{prose}")
    assert headings(loaded) == [(1, "Amber glasses"), (2, "Limitations"), (2, "Who paid for it")]
    assert pieces(loaded) == ["Amber glasses", prose, "Limitations", prose, "Who paid for it", prose]


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ms Holm,\n\nThe machine that you sold me in the spring leaks again.",
        "We met at noon in the old town hall near\nRiverside, where it rained all day long.",
        "12 March 2026\n\nThe machine that you sold me in the spring leaks again.",
        "Flour\nSugar\nButter", "Ida Marten\nThe Boathouse, Lock Lane 4, Riverside", "Come soon!\n\nThe machine leaks, and nobody knows why.",
    ],
)  # fmt: skip
def test_other_short_lines_are_text(text, tmp_path):
    assert headings(read(tmp_path, "t.txt", f"A title\n\nThis is how it begins.\n\n{text}")) == [(1, "A title")]


def test_word_headings_and_properties(tmp_path):
    document = docx.Document()
    document.core_properties.author, document.core_properties.title = "Ann Lee", "On Bridges"
    document.core_properties.modified = datetime.datetime(2018, 6, 14)
    document.add_heading("Bridges", 0)
    document.add_heading("Cables", 2)
    document.add_paragraph("One.", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("a", "b\nc", "", "d"), strict=True):
        cell.text = text
    loaded = read(tmp_path, "a.docx", saved(document))
    assert headings(loaded) == [(1, "Bridges"), (2, "Cables")]
    assert pieces(loaded)[2:] == ["One.", "a | b c\n | d"]
    assert loaded.document.title == "On Bridges"
    assert loaded.document.metadata == {"author": "Ann Lee", "date": "2018-06-14"}


# --- slides


def test_slides_with_groups_and_notes(tmp_path):
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Cables"
    for number in (2, 1):
        box = slide.shapes.add_textbox(0, number * 2_000_000, 1_000_000, 500_000)
        box.text_frame.text = f"Box {number}"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 9_000_000, 100, 100).text_frame.text = "In a group"
    slide.notes_slide.notes_text_frame.text = "Say this slowly."
    assert places(read(tmp_path, "a.pptx", saved(presentation))) == [
        ("slide 1", "Cables"),
        ("slide 1", "Box 1"),
        ("slide 1", "Box 2"),
        ("slide 1", "In a group"),
        ("slide 1, notes", "Say this slowly."),
    ]


# --- web pages

PAGE = """\
<!DOCTYPE html><html lang="en"><head><title>Bridge probe widens - The Post</title><meta charset="utf-8">
<meta name="author" content="Ann Lee"><meta property="og:site_name" content="The Harwick Post">
<meta property="article:published_time" content="2019-03-04T10:00:00Z"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News of the day</a></li></ul></nav>
<article><h1>Bridge probe widens</h1>
<p>The deck of the <b>Harwick</b> bridge fell into the river on Monday at 6 a.m. No one was hurt, the mayor said.</p>
<h2>What is known</h2><p>Engineers had warned of rust in the cables since 2011, according to records.</p>
<ul><li>Cable one was renewed.</li><li>Cable two<ul><li>was not.</li></ul></li></ul>
<p>A first line.<br>A second with H<sub>2</sub>O, a foot&shy;note and a&nbsp;bolt.</p>
<pre>code  here
  indented</pre><p style="display: none">You cannot see this.</p><script>alert(1)</script></article>
<aside><h3>Related</h3><p>Ten best bridges of the world you must see before you die, and more.</p></aside>
<footer><p>© 2019 The Harwick Post. All rights reserved.</p></footer></body></html>
"""


def test_web_page_without_what_stands_beside_the_text(tmp_path):
    loaded = read(tmp_path, "a.html", PAGE)
    assert pieces(loaded) == [
        "Bridge probe widens",
        "The deck of the Harwick bridge fell into the river on Monday at 6 a.m. No one was hurt, the mayor said.",
        "What is known",
        "Engineers had warned of rust in the cables since 2011, according to records.",
        "Cable one was renewed.\nCable two\nwas not.",
        "A first line.\nA second with H2O, a footnote and a bolt.",
        "code  here\n  indented",
    ]
    assert loaded.document.metadata == {
        "author": "Ann Lee", "date": "2019-03-04", "publication": "The Harwick Post", "language": "en",
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1251", "shift_jis"])
def test_web_page_in_its_own_encoding(tmp_path, encoding):
    words = {
        "latin-1": "Café à Gôteborg",
        "utf-16": "Café",
        "cp1251": "Мост через реку упал",
        "shift_jis": "橋が落ちました",
    }
    text = words[encoding]
    page = f'<html><head><meta charset="{encoding}"></head><body><p>{text}</p><p>{text} 2</p></body></html>'
    assert pieces(read(tmp_path, "a.html", page.encode(encoding))) == [text, f"{text} 2"]


# --- tables


def test_csv_rows_have_their_columns_names(tmp_path):
    loaded = read(tmp_path, "a.csv", 'name;city;age\nAnn Lee;Rome;41\n"Bob; B.";;\n')
    assert places(loaded) == [("row 2", "name: Ann Lee; city: Rome; age: 41"), ("row 3", "name: Bob; B.")]


def test_csv_without_a_header(tmp_path):
    assert places(read(tmp_path, "a.csv", "1,2\n3,4\n")) == [("row 1", "1 | 2"), ("row 2", "3 | 4")]


def test_csv_with_nothing_but_a_header(tmp_path):
    assert places(read(tmp_path, "a.tsv", "name\tcity\n")) == [("row 1", "name | city")]


def test_workbook(tmp_path):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        sheet = workbook.add_worksheet("Costs")
        sheet.write_row(1, 0, ["Year", "Cost", "Sum"])
        sheet.write_row(2, 0, [2012, 1.25])
        sheet.write_formula(2, 2, "=A3+1", value=2013)
        workbook.add_worksheet("Notes").write(0, 0, "Only a remark.")
    assert places(read(tmp_path, "a.xlsx", content.getvalue())) == [
        ("Costs, row 3", "Year: 2012; Cost: 1.25; Sum: 2013"),
        ("Notes, row 1", "Only a remark."),
    ]


def test_json_lines(tmp_path):
    loaded = read(tmp_path, "a.jsonl", '{"name": "Ann", "at": {"city": ["Rome", "Oslo"]}, "no": null}\n\n"hello"\n')
    assert places(loaded) == [("line 1", "name: Ann; at.city: Rome; at.city: Oslo"), ("line 3", "hello")]


# --- mail


def mail(subject, text, html=None):
    message = EmailMessage()
    message["From"], message["To"] = "Ann Lée <ann@example.org>", "bob@example.org"
    message["Subject"], message["Date"] = subject, "Thu, 14 Jun 2018 10:00:00 +0000"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def test_mail(tmp_path):
    message = mail("The “bridge”", "Dear Bob,\n\nthe deck fell. Größe 5.\n", "<p>Never shown</p>")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="plan.bin")
    loaded = read(tmp_path, "a.eml", message.as_bytes())
    assert loaded.document.title == "The “bridge”"
    assert loaded.document.metadata == {"author": "Ann Lée <ann@example.org>", "date": "2018-06-14"}
    assert pieces(loaded)[1:] == [
        "From: Ann Lée <ann@example.org>\nTo: bob@example.org\nDate: Thu, 14 Jun 2018 10:00:00 +0000",
        "Dear Bob,",
        "the deck fell. Größe 5.",
        "Attachment: plan.bin",
    ]


def test_attached_messages_are_read_and_other_attachments_named(tmp_path):
    inner, outer = EmailMessage(), EmailMessage()
    inner["Subject"], outer["Subject"] = "Inner", "Outer"
    inner.set_content("The inner message says this.")
    inner.add_attachment(b"x", maintype="image", subtype="png", filename="in.png")
    outer.set_content("See below.")
    outer.add_attachment(b"x", maintype="image", subtype="png", filename="out.png")
    outer.add_attachment(inner)
    assert places(read(tmp_path, "a.eml", outer.as_bytes())) == [
        ("", "Outer"), ("", "See below."), ("", "Attachment: out.png"), ("attached message 1", "Inner"),
        ("attached message 1", "The inner message says this."), ("attached message 1", "Attachment: in.png"),
    ]  # fmt: skip


def test_mail_in_html_only(tmp_path):
    message = EmailMessage()
    message["Subject"] = "Bridge"
    message.set_content('<p>It <b>fell</b>.</p><img src="http://127.0.0.1:9/x.png">', subtype="html")
    assert pieces(read(tmp_path, "a.eml", message.as_bytes())) == ["Bridge", "It fell."]


def test_mailbox(tmp_path):
    box = mailbox.mbox(tmp_path / "a.mbox")
    box.add(mail("One", "First.\n\nFrom here on.\n"))
    box.add(mail("Two", "Second.\n"))
    box.close()
    found = [(place, text) for place, text in places(load(tmp_path / "a.mbox", MEGABYTE)) if "@" not in text]
    assert found == [
        ("message 1", "One"),
        ("message 1", "First."),
        ("message 1", "From here on."),
        ("message 2", "Two"),
        ("message 2", "Second."),
    ]


# --- subtitles


def test_subtitles_have_times(tmp_path):
    cues = "1\n00:00:01,000 --> 00:00:03,000\nHello <i>there</i>,\n\n2\n00:00:03,500 --> 00:00:05,000\nhow are you?\n\n"
    loaded = read(tmp_path, "a.srt", cues + "3\n01:00:03,500 --> 01:00:05,000\n- Fine.\n- Good.\n")
    assert places(loaded) == [("0:01–0:05", "Hello there,\nhow are you?"), ("1:00:03–1:00:05", "- Fine.\n- Good.")]


def test_web_subtitles(tmp_path):
    cues = "WEBVTT\n\nNOTE hidden\n\n00:01.000 --> 00:03.000\n<v Bob>Hello there.\n\n00:13.000 --> 00:15.000\nBye."
    assert places(read(tmp_path, "a.vtt", cues)) == [("0:01–0:03", "Bob: Hello there."), ("0:13–0:15", "Bye.")]


# --- LaTeX and reStructuredText


def test_latex_runs_and_reads_nothing(tmp_path):
    (tmp_path / "secret.tex").write_text("secret")
    source = r"""\documentclass{article}\title{On \emph{Bridges}}
\begin{document}\maketitle
\section*{Intro}\label{s} % a comment
The deck~fell in \textbf{1932} \cite{knuth}, $x^2 \leq 5$ --- see \ref{s}.

\begin{tabular}{ll} Year & Cost \\ \hline 2012 & 1.2 \\ \end{tabular}
\input{secret}\write18{touch owned}
\end{document}"""
    loaded = read(tmp_path, "a.tex", source)
    assert loaded.document.title == "On Bridges"
    assert pieces(loaded)[:4] == [
        "On Bridges",
        "Intro",
        "The deck fell in 1932 [knuth], x^2 ≤ 5 — see [s].",
        "Year | Cost\n2012 | 1.2",
    ]
    assert "secret" not in loaded.document.text and not (tmp_path / "owned").exists()


def test_latex_keeps_what_is_shown_of_macros(tmp_path):
    source = r"""\begin{multicols}{2}See \href{https://example.org}{a link}, \texttt{plan\_b} and \verb|x_1 & y|.
\end{multicols}\begin{align*}c&=d\end{align*}Then \citep[p.~3]{lee} \texorpdfstring{shown}{hidden}.
\begin{tabular}{ll}a & \multicolumn{2}{c}{b c}\\d & e\end{tabular}"""
    assert pieces(read(tmp_path, "a.tex", source)) == [
        "See a link, plan_b and x_1 & y.", "c =d Then [lee] shown.", "a | b c\nd | e",
    ]  # fmt: skip


def test_rst_subtitle_is_a_heading(tmp_path):
    assert headings(read(tmp_path, "a.rst", "Top\n===\n\nSub\n---\n\nWords.\n")) == [(1, "Top"), (2, "Sub")]


def test_rst_includes_nothing_and_keeps_unknown_directives(tmp_path):
    (tmp_path / "secret.rst").write_text("secret words")
    source = f"""\
Guide
=====

See :func:`open`.

.. include:: {tmp_path}/secret.rst

.. toctree::

   intro

.. note:: Take care.

term
  its meaning
"""
    loaded = read(tmp_path, "a.rst", source)
    assert "secret words" not in loaded.document.text
    assert pieces(loaded)[:2] == ["Guide", "See :func:`open`."]
    assert pieces(loaded)[3:] == [".. toctree::\n\n   intro", "Take care.", "term\nits meaning"]


# --- other files of LibreOffice


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice (apt install libreoffice-impress-nogui)")
@pytest.mark.parametrize(
    "suffix, expected",
    [
        (".odp", ["slide 2: Introduction", "slide 2: Cable one was renewed.", f"slide 2: {TABLE[0]}"]),
        (".ods", ["Costs, row 2: Year: 2012; Cost: 1.25"]),
    ],
)
@pytest.mark.slow
def test_slides_and_sheets_of_libreoffice(written, tmp_path, suffix, expected):
    source = written(".pptx").document.source
    if suffix == ".ods":
        source = str(tmp_path / "a.xlsx")
        with xlsxwriter.Workbook(source) as workbook:
            sheet = workbook.add_worksheet("Costs")
            sheet.write_row(0, 0, ["Year", "Cost"])
            sheet.write_row(1, 0, [2012, 1.25])
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", suffix[1:], "--outdir", str(tmp_path), source]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (path,) = tmp_path.glob(f"*{suffix}")
    found = [f"{place}: {text}" for place, text in places(load(path, MEGABYTE))]
    assert [entry for entry in found if entry in expected] == expected


# --- front matter and passages


def test_front_matter_is_metadata(tmp_path):
    loaded = read(tmp_path, "a.md", MARKDOWN)
    assert loaded.document.title == "A Bridge Report"
    assert loaded.document.metadata == {"author": "Ann Lée", "date": "2018-06-14", "language": "en"}
    assert pieces(loaded)[0] == "# Introduction"
    body = MARKDOWN[MARKDOWN.index("# Introduction") : MARKDOWN.index("| Year")]
    assert loaded.document.text.startswith(body)


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA rule above.\n\n---\n\nEnd.",
        "---\n{broken: [\n---\n\nText.",
        "---\n- a\n---\n\nb",
        "---\n\nNote: a\n\n---\nb",
        "---\nThe tug waits: at six.\n---\nb",
        "---\nNote: Closed.\n---\nb",
    ],
)
def test_what_looks_like_front_matter_stays_text(tmp_path, text):
    loaded = read(tmp_path, "a.md", text)
    assert "".join("".join(pieces(loaded)).split()) == "".join(text.split()) and loaded.document.metadata == {}


@pytest.mark.parametrize(
    "top", ['+++\ntitle = "Fees"\nauthor = "Ann"\n+++\n', "% Fees\n% Ann\n", "---\ntitle: Fees\nauthor: Ann\n...\n"]
)
def test_title_blocks_are_metadata(tmp_path, top):
    loaded = read(tmp_path, "a.md", f"{top}\nText.")
    assert (loaded.document.title, loaded.document.metadata["author"]) == ("Fees", "Ann")
    assert loaded.document.text == "Text."


def test_markdown_that_no_page_shows_is_not_read(tmp_path):
    hidden = "One <!-- no -->two.\n\n<!--\nno\n\nno -->\n[//]: # (no)\n\n[comment]: <> (no)\n\n"
    spans = "A <span style='display: none'>no</span>b.\n\n"
    code = "`<!-- yes -->`\n\n```\n<!-- yes -->\n```"
    assert pieces(read(tmp_path, "a.md", hidden + spans + code)) == ["One two.", "A b.", *code.split("\n\n")]


def test_the_place_stands_before_the_headings_in_a_passage(written):
    loaded = written(".pptx")
    passages = split(loaded.document, loaded.blocks, lambda texts: [len(text.split()) for text in texts], 200)
    assert passages[-1].locator.startswith("slide 4, Notes, ¶ ")
    assert {(passage.place, passage.heading) for passage in passages} >= {("slide 2", "Introduction")}
    for passage in passages:
        assert loaded.document.text[passage.start : passage.end] == passage.text


def test_front_matter_alone_is_no_text(tmp_path):
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, "a.md", "---\ntitle: Nothing\n---\n")
    assert caught.value.reason == "holds no text"


# --- what fuzzing found


def test_a_broken_tag_hides_nothing(tmp_path):
    loaded = read(tmp_path, "a.html", '<p>Before.</p><p<b x="1">Middle.</p><%y>After.')
    assert "Before." in loaded.document.text and "Middle." in loaded.document.text and "After." in loaded.document.text


def test_mail_in_an_unknown_encoding_is_read_as_far_as_it_goes(tmp_path):
    loaded = read(
        tmp_path, "a.eml", b"Subject: Hi\nContent-Type: text/plain; charset=klingon\n\nGr\xfc\xdfe aus Ulm.\n"
    )
    assert pieces(loaded) == ["Hi", "Grüße aus Ulm."]


def test_a_mailbox_with_a_false_separator(tmp_path):
    loaded = read(tmp_path, "a.mbox", "From a Mon\nSubject: One\n\nFirst.\nFrom here on all is text.\nSecond.\n")
    assert pieces(loaded) == ["One", "First.\nFrom here on all is text.\nSecond."]


# --- in a library


@pytest.mark.parametrize(
    "question, quote",
    [
        ("How many of the bolts held?", "Of the two hundred bolts, nine held."),
        ("What is said of cable two?", "Cable two was not."),
        ("What is the footnote about?", "A footnote about the deck."),
        ("Which year had 0.7 million?", "0.7 million"),
        ("Was anybody hurt?", "No one was hurt — “really”."),
    ],
)
@pytest.mark.slow
def test_quotes_from_every_format_are_what_a_person_reads(written, report_library, question, quote):
    suffixes = [".docx", ".odt", ".epub", ".html", ".rst", ".tex"]
    for suffix in suffixes:
        source = written(suffix).document.source
        best = report_library.search(question, 1, {"source": source})[0]
        start, end = (offset - best.passage.start for offset in best.best_sentence)
        found = best.passage.text[start:end]
        is_whole = (suffix == ".tex" and "footnote" in question) or quote == "0.7 million"  # rows are much alike
        assert quote in (best.passage.text if is_whole else found)
        answer = report_library.ask(question, where={"source": source})
        assert [report_library.verify(citation) for citation in answer.citations] == ["valid"] * len(answer.citations)


@pytest.fixture(scope="module")
def report_library(written, encoder, tmp_path_factory):
    """The report in six formats, with the real model."""
    with Library(tmp_path_factory.mktemp("reports") / "library", Settings(threshold=0.0), encoder=encoder) as library:
        library.add(written(suffix).document.source for suffix in [".docx", ".odt", ".epub", ".html", ".rst", ".tex"])
        yield library
