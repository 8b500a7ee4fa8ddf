"""Damaged files of every format: seeds, edits of their bytes and of their XML, pages with words anywhere, and what
must hold of whatever is read of them."""

import copy
import io
import zipfile
from pathlib import Path

import docx
import matplotlib
import pptx
import pypandoc
import xlsxwriter
from hypothesis import strategies as st
from lxml import etree
from PIL import Image, ImageDraw, ImageFont
from printing import two_columns
from reportlab.pdfgen.canvas import Canvas

from retrieval import Document
from retrieval.ingest.chunking import split
from retrieval.parsers.base import UnreadableError

TOKENS = [
    b"\x00", b"\xff\xff\xff\xff", b"<", b"</p>", b"<table>", b"<!ENTITY", b"&#xD800;", b"{", b"}", b"\\", b"$", b"9" * 30,
    b"-1", b"\n\n", b"\r", b"\xe2\x80\xae", b"]]>", b"endobj", b"::", b"`", b'"', b"\nFrom ", b"-->", b"---\n", b"|",
]  # fmt: skip
WORDS = {
    ".tex": r"\begin{tabular}{l} \end{tabular} \begin{itemize} \end{itemize} \item \begin{verbatim} \def\a{ \newcommand "
    r"\section{ \section* \\ & % \verb|x| $$ \[ \] \cite{a} \footnote{ \caption \title \frac{ \input{x} \kern1em \begin{ "
    r"\end{document} \bibitem[a]{b} \href{x} \left( ^ _ ~",
    ".rst": ".. ::_ .. image:: .. table:: .. code:: .. |a| replace:: |a| [1]_ .. [1] `a <b>`_ === --- *** :a: ``a`` "
    ".. include:: .. raw:: .. csv-table:: +--+ | 1. #. -o .. math:: .. list-table:: .. contents:: .. role:: .. class:: __",
    ".rtf": r"{\*\x \u99999? \bin9999 \'8e {\fonttbl \trowd \cell \row \par \uc9 \ansicpg932 {\footnote \pict {\field \f9 \-1",
    ".html": "<pre> <br> <ul> <li> <dl> <template> <svg> <math> <a href=x> <h1> <td colspan=99999> <style> <p hidden> "
    "<nav> <aside> <meta charset=utf-16> <frameset> <plaintext> <textarea> <!-- <![CDATA[ &amp; &#0; <title>",
    ".md": "``` ~~~ > - 1. # [a]: <b> ![a](b) [^1] [^1]: | --- ** __ <div> \\ &amp; * +++ title:",
    ".eml": "Content-Type:multipart/mixed;boundary=b --b --b-- Content-Transfer-Encoding:base64 charset=x-odd =?utf-8?b? "
    "?= Date: Subject: filename*0*= Content-Disposition: message/rfc822 From:",
    ".srt": "--> 99:99:99,999 00:00:00,000 {\\an8} <i> {1}{2} [Script WEBVTT NOTE STYLE REGION <v> <c.a> 00:00.000 ﻿1",
    ".csv": '"" , ; \t | "\n" \n\n , , , = ﻿ \'',
    ".jsonl": '{ [ ] } , : null true 1e999 -0 "\\ud800" "\\u0000" NaN Infinity [[[[ {"a": \n',
}
WORDS |= {".tsv": WORDS[".csv"], ".vtt": WORDS[".srt"], ".mbox": WORDS[".eml"], ".epub": WORDS[".html"]}
KINDS = ["set", "insert", "delete", "copy", "cut"]
TEXTS = {
    ".txt": b"A title\n\nAuthor: Ann Date: 3 May 2020\n\nText here. More of it.",
    ".md": b"---\ntitle: T\n---\n# One\n\n- a\n- b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> q\n",
    ".html": b"<html><head><title>T</title></head><body><h1>T</h1><p>One <b>two</b>.</p><ul><li>a</li></ul></body></html>",
    ".rtf": b"{\\rtf1\\ansi{\\info{\\title T}}One \\b two\\b0 .\\par Three \\u8212? four.\\par}",
    ".tex": b"\\title{T}\\begin{document}\\section{One}Two $x^2$.\n\n\\begin{itemize}\\item a\\end{itemize}\\end{document}",
    ".rst": b"T\n=\n\nOne *two*.\n\n- a\n- b\n\n.. note:: Three.\n\n::\n\n  code\n",
    ".csv": b'name;city\nAnn;Rome\n"B; b";Oslo\n',
    ".tsv": b'name\tcity\nAnn\tRome\n5" pipe\tOslo\n',
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


def members_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {member: file.read(member) for member in file.namelist()}


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


FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


SIZE = (760, 500)  # of a picture, in dots; a strip is enlarged until it is 736 high, which takes four times as long


def picture(*lines: str, size: tuple[int, int] = SIZE, letters: int = 40) -> bytes:
    """Return a PNG of lines of black letters on white."""
    image = Image.new("L", size, 255)
    for number, line in enumerate(lines):
        place = (30, 30 + letters * 9 // 5 * number)
        ImageDraw.Draw(image).text(place, line, fill=0, font=ImageFont.truetype(FONT, letters))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


SEEDS = TEXTS | office() | {".png": picture("The bridge was opened in 1931.")}
ZIPPED = (".docx", ".pptx", ".xlsx", ".odt", ".epub")


def larger(suffix, markdown, folder):
    """Return a file that holds more than the seed does: what pandoc makes of a text; a printed paper; else the seed."""
    if suffix == ".pdf":
        content = io.BytesIO()
        canvas = Canvas(content, pageCompression=0)
        two_columns(canvas)
        canvas.save()
        return content.getvalue()
    if suffix not in (".docx", ".pptx", ".odt", ".epub", ".html", ".rtf", ".tex", ".rst"):
        return SEEDS[suffix]
    path = folder / f"a{suffix}"
    pypandoc.convert_text(markdown, suffix[1:].replace("tex", "latex"), "md", ["-s"], outputfile=str(path))
    return path.read_bytes()


# --- edits


def edits(suffix=""):
    """Strategy of edits: (where, as a share of the length; what is done; with which bytes)."""
    tokens = [*TOKENS, *(word.encode() for word in WORDS.get(suffix, "").split(" ") if word)]
    return st.lists(st.tuples(st.floats(0, 1), st.sampled_from(KINDS), st.sampled_from(tokens)), max_size=8)


def edited(content, edits):
    """Apply edits to bytes."""
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


def edited_member(content, share, edits):
    """Apply edits to the bytes of one file in an archive."""
    members = members_of(content)
    chosen = sorted(members)[int(share * len(members))]
    return archive(members | {chosen: edited(members[chosen], edits)})


def edited_xml(content, share, edits):
    """Apply edits to the elements of one XML file in an archive, which stays well-formed."""
    members = members_of(content)
    trees = [name for name in sorted(members) if members[name].lstrip().startswith(b"<")]
    chosen = trees[int(share * len(trees))]
    parser = etree.XMLParser(recover=True, resolve_entities=False)
    root = etree.fromstring(members[chosen], parser)
    for place, kind, token in edits:
        _edit_element(root, place, kind, token.decode("latin-1").translate(dict.fromkeys(range(32))))
    return archive(members | {chosen: etree.tostring(root)})


def _edit_element(root, place, kind, token):
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    element = elements[min(int(place * len(elements)), len(elements) - 1)]
    other = elements[int(place * 7919) % len(elements)]
    if kind == "set":
        element.text = token
    elif kind == "insert":
        for name in element.attrib:
            element.set(name, token)
    elif kind == "copy":
        other.append(copy.deepcopy(element) if len(elements) < 5000 else etree.SubElement(other, other.tag))
    elif kind == "cut":
        element.tag = other.tag
    elif element is not root:
        element.getparent().remove(element)


TEXT = st.text("aZé-,. \u00ad\ufb01–•1中\u05d0)", min_size=1, max_size=40)
SHEET = (220, 220)  # points; where no words are found on it, letters are looked for, which takes long on a larger one
PRINTED = st.tuples(
    st.floats(-50, 270), st.floats(-50, 270), st.sampled_from([1, 6, 8, 10, 10, 10, 14, 24, 200]), TEXT,
    st.sampled_from([0, 0, 0, 0, 90, 180, 37]), st.booleans(),
)  # fmt: skip
PAGES = st.lists(st.lists(PRINTED, max_size=30), min_size=1, max_size=4)


LEGIBLE = (20, 110, 10, "Words that can be read.", 0, False)  # a page with them is not taken for a scan


def printed(pages):
    """Return a PDF with words anywhere on its pages, of many sizes, some bold or turned."""
    content = io.BytesIO()
    canvas = Canvas(content, pagesize=SHEET)
    for page in pages:
        for x, y, size, text, angle, is_bold in page:
            canvas.saveState()
            canvas.translate(x, y)
            canvas.rotate(angle)
            canvas.setFont("Helvetica-Bold" if is_bold else "Helvetica", size)
            canvas.drawString(0, 0, text)
            canvas.restoreState()
        canvas.showPage()
    canvas.save()
    return content.getvalue()


# --- what must hold


def check(sandbox, suffix, content):
    """Parse a content and check the promises of blocks and passages; return the reason where it cannot be read."""
    try:
        reading = sandbox.parse(suffix, content)
    except UnreadableError as error:
        assert "crashed" not in str(error) and "takes longer" not in str(error) and "memory" not in str(error)
        return str(error)
    position = 0
    for start, end in reading.asides:
        assert reading.text[start:end].strip()
        assert all(end <= block.start or block.end <= start for block in reading.blocks)
    left = _without(reading.text, reading.asides)
    for block in reading.blocks:
        assert position <= block.start < block.end <= len(reading.text)
        assert reading.text[block.start : block.end].strip() == reading.text[block.start : block.end]
        is_front_matter = not position and suffix == ".md" and reading.text.startswith(("---", "+++"))
        assert is_front_matter or not left[position : block.start].strip()
        position = block.end
    assert not reading.blocks or not left[position:].strip()
    reading.text.encode()  # no halves of surrogate pairs
    assert all(isinstance(value, str | int | float) for value in reading.metadata.values())
    _check_passages(reading)
    return ""


def _without(text, spans):
    """Return a text of the same length with blanks at these spans."""
    for start, end in spans:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def _check_passages(reading):
    """Every character but white space and what stands aside is in a passage, and every passage and sentence is where it says."""
    left = _without(reading.text, reading.asides)
    document = Document("a", reading.title, reading.text)
    position = min((block.start for block in reading.blocks), default=0)
    for passage in split(document, reading.blocks, lambda texts: [len(text) // 3 for text in texts], 64):
        assert passage.text == reading.text[passage.start : passage.end]
        assert passage.start >= position and not left[position : passage.start].strip()
        assert all(passage.start <= start < end <= passage.end for start, end in passage.sentences)
        position = passage.end
    assert not reading.blocks or not left[position:].strip()
