"""Whatever the bytes: a reading that keeps its promises, or a reason. Never a crash, never a wait."""

import io
import zipfile

import docx
import pptx
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from retrieval.blocks import UnreadableError
from retrieval.reading import FORMATS
from retrieval.sandbox import Sandbox

TOKENS = [
    b"\x00", b"\xff\xff\xff\xff", b"<", b"</p>", b"<table>", b"<!ENTITY", b"&#xD800;", b"{", b"}", b"\\", b"$", b"9" * 30,
    b"-1", b"\n\n", b"\r", b"\xe2\x80\xae", b"]]>", b"endobj", b"::", b"`", b'"', b"\nFrom ", b"-->", b"---\n", b"|",
]  # fmt: skip
TEXTS = {
    ".txt": b"A title\n\nAuthor: Ann Date: 3 May 2020\n\nText here. More of it.",
    ".md": b"---\ntitle: T\n---\n# One\n\n- a\n- b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> q\n",
    ".html": b"<html><head><title>T</title></head><body><h1>T</h1><p>One <b>two</b>.</p><ul><li>a</li></ul></body></html>",
    ".rtf": b"{\\rtf1\\ansi{\\info{\\title T}}One \\b two\\b0 .\\par Three \\u8212? four.\\par}",
    ".tex": b"\\title{T}\\begin{document}\\section{One}Two $x^2$.\n\n\\begin{itemize}\\item a\\end{itemize}\\end{document}",
    ".rst": b"T\n=\n\nOne *two*.\n\n- a\n- b\n\n.. note:: Three.\n\n::\n\n  code\n",
    ".csv": b'name;city\nAnn;Rome\n"B; b";Oslo\n',
    ".jsonl": b'{"a": 1, "b": {"c": ["x", "y"]}}\n"hello"\n',
    ".eml": b"From: A <a@x.org>\nSubject: =?utf-8?q?S=C3=A9?=\nContent-Type: text/html\n\n<p>Hello.</p>\n",
    ".mbox": b"From a Mon\nSubject: One\n\nFirst.\n\nFrom b Tue\nSubject: Two\n\nSecond.\n",
    ".srt": b"1\n00:00:01,000 --> 00:00:03,000\nHello <i>there</i>.\n\n2\n00:00:04,000 --> 00:00:05,000\nBye.\n\n",
    ".vtt": b"WEBVTT\n\n00:01.000 --> 00:03.000\n<v Bob>Hello.\n\n00:04.000 --> 00:05.000\nBye.\n",
}


def archive(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return content.getvalue()


def office():
    """Small files of the formats that are not text."""
    files = {suffix: io.BytesIO() for suffix in (".docx", ".pptx", ".xlsx", ".pdf")}
    document = docx.Document()
    document.add_heading("One", 1)
    document.add_paragraph("Two.", style="List Bullet")
    document.save(files[".docx"])
    presentation = pptx.Presentation()
    presentation.slides.add_slide(presentation.slide_layouts[0]).shapes.title.text = "One"
    presentation.save(files[".pptx"])
    with xlsxwriter.Workbook(files[".xlsx"]) as workbook:
        workbook.add_worksheet().write_row(0, 0, ["Name", "City"])
        workbook.get_worksheet_by_name("Sheet1").write_row(1, 0, ["Ann", 5.5])
    canvas = Canvas(files[".pdf"], pageCompression=0)
    for number in range(2):
        canvas.drawString(72, 700, f"This is page {number}.")
        canvas.showPage()
    canvas.save()
    made = {suffix: file.getvalue() for suffix, file in files.items()}
    body = "<o:body xmlns:o='o'><o:text xmlns:t='t'><t:h>One</t:h><t:p>Two<t:s/>three.</t:p></o:text></o:body>"
    made[".odt"] = archive({"content.xml": f"<d>{body}</d>"})
    opf = "<package><item id='c' href='c.xhtml'/><itemref idref='c'/></package>"
    container = "<c><rootfile full-path='c.opf'/></c>"
    made[".epub"] = archive({"META-INF/container.xml": container, "c.opf": opf, "c.xhtml": "<h1>One</h1><p>Two.</p>"})
    return made


SEEDS = TEXTS | office()
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["set", "insert", "delete", "copy", "cut"]), st.sampled_from(TOKENS)),
    max_size=8,
)


def edited(content, edits):
    """Apply edits at their places, given as shares of the length."""
    data = bytearray(content)
    for share, kind, token in edits:
        at = int(share * len(data))
        if kind == "set":
            data[at : at + len(token)] = token
        elif kind == "insert":
            data[at:at] = token
        elif kind == "delete":
            del data[at : at + len(token)]
        elif kind == "copy":
            data[at:at] = data[at // 2 : at // 2 + 40]
        elif share > 0.5:
            del data[at:]
    return bytes(data)


@pytest.fixture(scope="module")
def sandbox():
    box = Sandbox(seconds=20)
    yield box
    box.close()


def check(sandbox, suffix, content):
    """Parse a content and check the promises of blocks."""
    try:
        reading = sandbox.parse(suffix, content)
    except UnreadableError as error:
        assert "crashed" not in str(error) and "takes longer" not in str(error) and "memory" not in str(error)
        return
    position = 0
    for block in reading.blocks:
        assert position <= block.start < block.end <= len(reading.text)
        assert reading.text[block.start : block.end].strip() == reading.text[block.start : block.end]
        is_front_matter = not position and suffix == ".md" and reading.text.startswith("---")
        assert is_front_matter or not reading.text[position : block.start].strip()
        position = block.end
    assert not reading.blocks or not reading.text[position:].strip()
    reading.text.encode()  # no halves of surrogate pairs
    assert all(isinstance(value, str | int | float) for value in reading.metadata.values())


def test_every_format_has_a_seed_or_is_another_name_of_one():
    seeded = {FORMATS[suffix] for suffix in SEEDS}
    assert {suffix for suffix, kind in FORMATS.items() if kind not in seeded} == set()


@settings(
    max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(suffix=st.sampled_from(sorted(SEEDS)), edits=EDITS)
def test_damaged_files(sandbox, suffix, edits):
    check(sandbox, suffix, edited(SEEDS[suffix], edits))


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from([".docx", ".pptx", ".xlsx", ".odt", ".epub"]), share=st.floats(0, 0.999), edits=EDITS)
def test_damaged_members_of_archives(sandbox, name, share, edits):
    with zipfile.ZipFile(io.BytesIO(SEEDS[name])) as file:
        members = {member: file.read(member) for member in file.namelist()}
    chosen = sorted(members)[int(share * len(members))]
    check(sandbox, name, archive(members | {chosen: edited(members[chosen], edits)}))
