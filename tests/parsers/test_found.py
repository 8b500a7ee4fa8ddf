"""What fuzzing found: contents that made a reader fail although they hold text (see test_readers_fuzz)."""

import io
import re

import pytest
from fuzzing import SEEDS, archive, members_of
from reportlab.pdfgen.canvas import Canvas

from retrieval.parsers.base import UnreadableError
from retrieval.parsers.formats import parse

CUE = b"1\n00:00:01,000 --> 00:00:03,000\nHello there.\n"


@pytest.mark.parametrize(
    ("suffix", "content", "text"),
    [
        # pylatexenc's texts of macros want arguments that are not there
        (".tex", rb"Hello there. \href", "Hello there."),
        (".tex", b"Hello\\footnote{a there.", "Hello"),
        (".tex", b"\\begin{verbatim}Hello there.", "Hello there."),
        (".tex", b"\\title\\title% Op\n\nHello there.", "Hello there."),
        # htmldate drops a root element (an AssertionError of lxml)
        (".html", b"<math><html><head><<math>title>T</title></head><body><h1>Head</h1><table><p>One <b>two</b>.", "One two."),
        # striprtf: codes beyond Unicode, \uc without a number, halves of surrogate pairs
        (".rtf", rb"{\rtf1 a\u99999999999999?b\u-99999?c\uc d\uc-e}", "a\ufffdb\ufffdcd-e"),
        (".rtf", rb"{\rtf1{\pict\bin}Hello there.}", "Hello there."),
        (".rtf", rb"{\rtf1 A smile \u-10179?\u-8694?.}", "A smile \U0001f60a."),
        # a title without an end, which took twice as long with every code in it
        (".rtf", rb"{\rtf1{\info{\title " + rb"\b0 a" * 40 + b"{x}}}Hello there.}", "Hello there."),
        # docutils wants text in a date
        (".rst", b":Date: =====\n\n:Author: Ann\n\nHello there.", "Hello there."),
        # the standard library's parser of addresses wants them closed
        (".eml", b"From: A<\n\nHello there.", "Hello there."),
        # a message in HTML without any text must not keep the next one out
        (".mbox", b"From a Mon\nContent-Type: text/html\n\n<?x?>\n\nFrom b Tue\nSubject: Two\n\nHello there.\n", "Hello there."),
        # pysubs2 guessed the format of a cue that looks like one of MicroDVD
        (".srt", CUE + b"\n2\n00:00:04,000 --> 00:00:05,000\n{1}{2}Bye.\n", "Hello there.\nBye."),
        (".srt", CUE + b"\n" * 30_000 + b"2\n00:00:04,000 --> 00:00:05,000\nBye.\n", "Hello there.\nBye."),
        (".vtt", b"WEBVTT\n\n::00:01.000 --> 00:03.000\nHello there.\n", "Hello there."),
        (".vtt", b"WEBVTT\n\n00:01.000 --> 00:03.000\n[Script Info] here.\n", "[Script Info] here."),
    ],
)  # fmt: skip
def test_text_that_a_parser_stumbled_over(suffix, content, text):
    assert text in parse(suffix, content).text


@pytest.mark.parametrize("container", [b"", b"<a", b"<a/>", b"<a><rootfile full-path='b.opf'/></a>", None])
def test_a_book_whose_container_does_not_name_its_list_of_chapters(container):
    members = members_of(SEEDS[".epub"]) | {"META-INF/container.xml": container}
    present = {name: content for name, content in members.items() if content is not None}
    assert "One" in parse(".epub", archive(present)).text
    without = {name: content for name, content in present.items() if not name.endswith(".opf")}
    with pytest.raises(UnreadableError, match="is no EPUB: nothing in it lists its chapters"):
        parse(".epub", archive(without))


@pytest.mark.parametrize("suffix", [".docx", ".pptx"])
def test_a_date_that_is_none_keeps_no_text_out(suffix):
    members = members_of(SEEDS[suffix])
    core = re.sub(rb"<dcterms:modified[^>]*>[^<]*", b"<dcterms:modified>", members["docProps/core.xml"])
    assert "One" in parse(suffix, archive(members | {"docProps/core.xml": core})).text


def test_a_shape_without_a_geometry_has_text():
    members = members_of(SEEDS[".pptx"])
    slide = members["ppt/slides/slide1.xml"].replace(b'<p:nvPr><p:ph type="ctrTitle"/></p:nvPr>', b"<p:nvPr/>")
    assert b"ctrTitle" not in slide
    assert "One" in parse(".pptx", archive(members | {"ppt/slides/slide1.xml": slide})).text


def test_a_page_that_cannot_be_opened_keeps_no_other_out():
    content = io.BytesIO()
    canvas = Canvas(content, pageCompression=0)
    for number in range(2):
        canvas.drawString(72, 700, f"This is page {number}.")
        canvas.showPage()
    canvas.save()
    before, after = content.getvalue().rsplit(b"/Type /Page\n", 1)
    reading = parse(".pdf", before + b"/Type /Pagy\n" + after)
    assert (reading.text, reading.metadata["warnings"]) == ("This is page 0.", "no text on page 2 (scanned?)")
