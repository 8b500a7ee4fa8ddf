"""PDF as ReportLab, LaTeX and LibreOffice write it: reading order, paragraphs, pages, what is not text."""

import shutil
import subprocess
import textwrap

import docx
import pypdfium2
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from retrieval.errors import DocumentError
from retrieval.ingest.chunking import split
from retrieval.ingest.files import load
from retrieval.parsers.pdf.extract.ocr import with_blanks
from retrieval.text.sentences import sentence_spans

MEGABYTE = 2**20
ITEMS = "trains bolts rivets cables piers arches girders hinges rails signals gates lamps cranes ropes chains".split()
SENTENCES = [
    f"The {first} and the {second} of bridge number {10 * a + b} were inspected by the engineers of the railway."
    for a, first in enumerate(ITEMS)
    for b, second in enumerate(ITEMS)
]


@pytest.fixture
def page(tmp_path):
    """A canvas; `.load()` saves it and reads it."""
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.load = lambda: canvas.save() or load(tmp_path / "a.pdf", 8 * MEGABYTE)
    return canvas


def write(canvas, lines, x=72, y=760, size=10, font="Helvetica"):
    canvas.setFont(font, size)
    for number, line in enumerate(lines):
        canvas.drawString(x, y - number * size * 1.2, line)


def wrapped(sentences, width=80):
    return textwrap.wrap(" ".join(sentences), width)


def pieces(loaded):
    return [loaded.document.text[block.start : block.end] for block in loaded.blocks]


# --- paragraphs and headings


def test_paragraphs_and_headings(page):
    write(page, ["A Study of Bridges"], y=800, size=18)
    write(page, ["1 Cables"], y=770, size=13)
    write(page, wrapped(SENTENCES[:3]), y=745)
    write(page, ["Their condition"], y=690, font="Helvetica-Bold")
    write(page, wrapped(SENTENCES[3:6]), y=672)
    loaded = page.load()
    assert [(block.level, block.page) for block in loaded.blocks] == [(1, 1), (2, 1), (0, 1), (3, 1), (0, 1)]
    assert pieces(loaded) == [
        "A Study of Bridges", "1 Cables", " ".join(SENTENCES[:3]), "Their condition", " ".join(SENTENCES[3:6]),
    ]  # fmt: skip
    assert loaded.document.title == "A Study of Bridges"


def test_a_large_heading_further_on_is_not_the_title(page):
    write(page, wrapped(SENTENCES[:3]))
    page.showPage()
    write(page, ["Appendix"], size=20)
    assert page.load().document.title == "a"


def test_indents_begin_paragraphs(page):
    lines = wrapped(SENTENCES[:4])
    write(page, lines)
    write(page, [SENTENCES[4][:60]], x=90, y=760 - 12 * len(lines))
    assert pieces(page.load()) == [" ".join(SENTENCES[:4]), SENTENCES[4][:60].strip()]


def test_lists_keep_their_items_and_tables_their_rows(page):
    write(page, wrapped(SENTENCES[:5]))
    write(
        page,
        ["• The first item.", "• The second item is longer, so that it wraps", "   over the end of its line."],
        y=640,
    )
    for number, row in enumerate((("Year", "Cost"), ("2012", "1.2 million"), ("2013", "0.7 million"))):
        for column, cell in enumerate(row):
            page.drawString(72 + 200 * column, 560 - 12 * number, cell)
    assert pieces(page.load())[1:] == [
        "• The first item.\n• The second item is longer, so that it wraps over the end of its line.",
        "Year: 2012; Cost: 1.2 million\nYear: 2013; Cost: 0.7 million",
    ]


def test_lines_that_end_too_early_to_go_on_stay_apart(page):
    lines = ["Elevator no. 4471, 12 Mill Lane", "Inspected on 17 October 2025 by Otto Brandl",
             "Maximum load: 630 kg or 8 persons", "Next inspection due: October 2027"]  # fmt: skip
    write(page, lines)
    write(page, wrapped(SENTENCES[:3], width=42), y=500)
    assert pieces(page.load()) == ["\n".join(lines), " ".join(SENTENCES[:3])]


def test_hyphens_at_line_ends(page):
    lines = [
        "The well-known engi-",
        "neer found a well-",
        "known fault in the Anglo-",
        "Dutch design and noth-",
        "ing else at all today.",
    ]
    write(page, lines)
    assert pieces(page.load()) == [
        "The well-known engineer found a well-known fault in the Anglo-Dutch design and nothing else at all today."
    ]


def test_lines_of_chinese_join_without_a_blank(page):
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    write(
        page,
        ["这座桥的桥面在星期一早上六点掉进了河里没有人受", "伤市长说这座桥已经关闭了。The deck fell", "on Monday."],
        font="STSong-Light",
    )
    assert pieces(page.load()) == [
        "这座桥的桥面在星期一早上六点掉进了河里没有人受伤市长说这座桥已经关闭了。The deck fell on Monday."
    ]


# --- columns and pages


@pytest.mark.parametrize("side_by_side", [False, True], ids=["one after the other", "line by line"])
def test_two_columns(page, side_by_side):
    lines = wrapped(SENTENCES[:40], 44)[:90]
    text = " ".join(lines)
    places = [(72 + 250 * (number // 45), 760 - 12 * (number % 45), line) for number, line in enumerate(lines)]
    write(page, ["A Study of Bridges"], y=800, size=16)
    page.setFont("Helvetica", 10)
    for x, y, line in sorted(places, key=lambda item: -item[1]) if side_by_side else places:
        page.drawString(x, y, line)
    assert pieces(page.load()) == ["A Study of Bridges", text]


def test_running_heads_and_page_numbers(page):
    for number in range(1, 5):
        write(page, ["The Journal of Bridges"], y=810)
        write(page, wrapped(SENTENCES[number * 9 : number * 9 + 9]))
        write(page, [f"Page {number} of 4"], x=280, y=30)
        page.showPage()
    loaded = page.load()
    assert loaded.document.text.count("The Journal of Bridges") == 1
    assert "of 4" not in loaded.document.text
    assert [block.page for block in loaded.blocks] == [1, 2, 3, 4]  # in the text, and in no block to quote


def test_a_sentence_that_goes_on_on_the_next_page(page):
    lines = wrapped(SENTENCES[:20])
    write(page, ["The Journal"], y=810)
    write(page, lines[:12])
    write(page, ["1 A note at the foot of the page."], y=60, size=7)
    page.showPage()
    write(page, ["The Journal"], y=810)
    write(page, lines[12:])
    page.showPage()
    write(page, ["The Journal"], y=810)
    write(page, [SENTENCES[20]])
    loaded = page.load()
    text = " ".join(SENTENCES[:20])
    assert pieces(loaded) == [text, "1 A note at the foot of the page.", SENTENCES[20]]
    assert loaded.document.text.startswith("The Journal\n\n")
    body = loaded.blocks[0]
    assert (body.page, body.turns) == (1, ((body.start + len(" ".join(lines[:12])) + 1, 2),))
    passages = split(loaded.document, loaded.blocks, lambda texts: [len(text.split()) for text in texts], 100)
    places = [(passage.page, passage.place) for passage in passages if passage.text in text]
    assert places == [(1, ""), (1, ""), (1, "pp. 1–2"), (2, "")]
    for passage in passages:
        assert loaded.document.text[passage.start : passage.end] == passage.text


# --- what is not text


def scan(canvas):
    """Write a page that is a picture of nothing; a small one, as looking for letters takes longer the larger it is."""
    canvas.setPageSize((200, 200))
    canvas.drawImage(ImageReader(Image.new("RGB", (60, 80), "white")), 0, 0, 170, 170)
    canvas.showPage()
    canvas.setPageSize(A4)


@pytest.mark.slow
def test_scanned_pages_are_named(page):
    for number in range(1, 9):
        if number in (2, 4, 5, 6):
            scan(page)
            continue
        if number != 8:  # an empty page is none
            write(page, [f"{SENTENCES[number]}"])
        page.showPage()
    loaded = page.load()
    assert loaded.document.metadata["warnings"] == "no text on pages 2, 4-6 (scanned?)"
    assert [block.page for block in loaded.blocks] == [1, 3, 7]


@pytest.mark.slow
def test_adding_says_what_was_not_read(page, hashed, tmp_path):
    write(page, SENTENCES[:1])
    page.showPage()
    scan(page)
    page.save()
    report = hashed.add(tmp_path / "a.pdf")
    assert [str(each) for each in report.incomplete] == [f"{tmp_path}/a.pdf: no text on page 2 (scanned?)"]
    assert len(report.added) == 1 and report.failed == []
    (hit,) = hashed.search("bridge inspected", where={"warnings": "no text on page 2 (scanned?)"})
    assert hit.passage.locator == "p. 1, ¶ 1"


def test_a_scan_has_no_text(page):
    scan(page)
    with pytest.raises(DocumentError) as caught:
        page.load()
    assert caught.value.reason == "no text on page 1 (scanned?)"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        ("Due: October2027", "Due: October 2027"),
        ("on 17October 2025", "on 17 October 2025"),
        ("Room A2027", "Room A2027"),
    ],
)
def test_blanks_that_a_recognized_date_has_lost(read, text):
    assert with_blanks(read) == text


@pytest.mark.slow
def test_a_scan_is_recognized(page, tmp_path):
    printed = Canvas(str(tmp_path / "printed.pdf"))
    write(printed, ["A Scanned Study"], y=800, size=18)
    write(printed, wrapped(SENTENCES[:6]))
    write(printed, wrapped(SENTENCES[6:9]), y=650)
    printed.save()
    picture = pypdfium2.PdfDocument(tmp_path / "printed.pdf")[0].render(scale=2.5).to_pil()
    write(page, SENTENCES[20:21])
    page.showPage()
    page.drawImage(ImageReader(picture), 0, 0, 595, 842)
    loaded = page.load()
    assert pieces(loaded) == [SENTENCES[20], "A Scanned Study", " ".join(SENTENCES[:6]), " ".join(SENTENCES[6:9])]
    assert [(block.page, block.level) for block in loaded.blocks] == [(1, 0), (2, 1), (2, 0), (2, 0)]
    assert loaded.document.metadata["warnings"] == "page 2 read from a picture; compare quotes with it"


def test_metadata(page):
    page.setTitle("On Bridges")
    page.setAuthor("Ann Lée")
    write(page, SENTENCES[:1])
    document = page.load().document
    assert document.title == "On Bridges"
    assert document.metadata["author"] == "Ann Lée"
    assert len(document.metadata["date"]) == 10


def test_a_locked_file(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), encrypt="secret")
    write(canvas, SENTENCES[:1])
    canvas.save()
    with pytest.raises(DocumentError) as caught:
        load(tmp_path / "a.pdf", MEGABYTE)
    assert caught.value.reason == "is encrypted; save it without a password"


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(DocumentError) as caught:
        load(tmp_path / "a.pdf", MEGABYTE)
    assert caught.value.reason == "is no PDF, or damaged"


# --- other programs


PAPER = r"""\documentclass[twocolumn]{article}\pagestyle{headings}\title{Office Fluctuations}\author{Ann Lee}
\begin{document}\maketitle\begin{abstract}We find efficient offices.\end{abstract}
\section{Methods}%s\footnote{This is the first footnote.}

%s\section{Results}%s\end{document}"""


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex (apt install texlive-latex-base)")
def test_a_paper_of_latex_with_every_sentence_in_order(tmp_path):
    words = (
        "efficient offices affirm difficult characterizations and unprecedented infrastructure transformations".split()
    )
    sentences = [
        f"{s} The {words[n % 8]} {words[n // 8 % 8]} {words[n // 3 % 8]} are official." for n, s in enumerate(SENTENCES)
    ]
    source = PAPER % tuple("\n".join(sentences[a : a + 70]) for a in (0, 70, 140))
    (tmp_path / "a.tex").write_text(source)
    command = ["pdflatex", "-interaction=batchmode", "a.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    loaded = load(tmp_path / "a.pdf", 8 * MEGABYTE)
    text = loaded.document.text
    single = [f"{part}." for sentence in sentences[:210] for part in sentence.rstrip(".").split(". ")]
    assert [sentence for sentence in single if sentence not in text] == []
    found = [text.find(sentence) for sentence in SENTENCES[:210]]
    assert found == sorted(found)
    pages = [block.page for block in loaded.blocks]
    assert pages == sorted(pages) and pages[-1] >= 4
    assert [block.heading for block in loaded.blocks if block.level][-2:] == ["1 Methods", "2 Results"]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice (apt install libreoffice-writer-nogui)")
def test_two_columns_of_libreoffice_with_every_sentence_in_order(tmp_path):
    document = docx.Document()
    document.add_heading("A Report", 0)
    for number in range(0, 96, 6):
        document.add_paragraph(" ".join(SENTENCES[number : number + 6]))
    columns = OxmlElement("w:cols")
    columns.set(qn("w:num"), "2")
    document.sections[0]._sectPr.append(columns)
    document.sections[0].header.paragraphs[0].text = "The Bridge Quarterly"
    document.save(tmp_path / "a.docx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "a.docx"),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    loaded = load(tmp_path / "a.pdf", MEGABYTE)
    assert loaded.document.text.startswith("The Bridge Quarterly\n\n") and pieces(loaded)[0] == "A Report"
    assert " ".join(pieces(loaded)[1:]) == " ".join(SENTENCES[:96])
    assert [block.page for block in loaded.blocks] == sorted(block.page for block in loaded.blocks)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (apt install poppler-utils)")
def test_sentences_are_those_of_pdftotext(page, tmp_path):
    for number in range(3):
        write(page, wrapped(SENTENCES[number * 30 : number * 30 + 30]))
        page.showPage()
    text = page.load().document.text
    command = ["pdftotext", "-nopgbrk", str(tmp_path / "a.pdf"), "-"]
    theirs = " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    sentences = [theirs[start:end] for start, end in sentence_spans(theirs)]
    assert len(sentences) == 90
    assert sum(sentence in text for sentence in sentences) == 90
