"""One table in every format that has tables: each row with its names, each value with its column."""

import io
import zipfile

import docx
import pptx
import pytest
import xlsxwriter
from pptx.util import Inches
from reportlab.lib.colors import black
from reportlab.platypus import SimpleDocTemplate, TableStyle
from reportlab.platypus import Table as PrintedTable

from retrieval.ingest.chunking import split
from retrieval.parsers import parse
from retrieval.records import Document

ROWS = [("Port", "Depth", "Price"), ("Aro", "9", "240"), ("Bel", "", "310"), ("Cam", "7", "180")]
OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
MIMETYPE = "application/epub+zip"


def html():
    head, *body = (
        "".join(f"<{tag}>{text}</{tag}>" for text in row)
        for row, tag in zip(ROWS, ("th", "td", "td", "td"), strict=True)
    )
    rows = "".join(f"<tr>{row}</tr>" for row in (head, *body))
    return f"<html><body><p>Fees are due on arrival.</p><table>{rows}</table></body></html>"


def markdown():
    lines = [f"| {' | '.join(row)} |" for row in ROWS]
    return "\n".join([lines[0], "|---|---|---|", *lines[1:]])


def latex():
    rows = "\\\\\n".join(" & ".join(row) for row in ROWS)
    return (
        f"\\documentclass{{article}}\\begin{{document}}\\begin{{tabular}}{{lll}}{rows}\\end{{tabular}}\\end{{document}}"
    )


def archive(members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in members.items():
            made.writestr(name, text)
    return content.getvalue()


def odt():
    row = "<table:table-row>{}</table:table-row>"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    rows = "".join(row.format("".join(map(cell.format, texts))) for texts in ROWS)
    names = " ".join(f'xmlns:{name}="{OFFICE}:{name}:1.0"' for name in ("office", "text", "table"))
    body = f"<office:body><office:text><table:table>{rows}</table:table></office:text></office:body>"
    return archive({"content.xml": f"<office:document-content {names}>{body}</office:document-content>"})


def epub():
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml" '
        'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    members = {"mimetype": MIMETYPE, "META-INF/container.xml": container, "a.opf": package, "a.xhtml": html()}
    return archive(members)


def saved(document):
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def fill(table):
    for number, row in enumerate(ROWS):
        for column, text in enumerate(row):
            table.cell(number, column).text = text


def word():
    document = docx.Document()
    fill(document.add_table(4, 3))
    return saved(document)


def slides():
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    fill(slide.shapes.add_table(4, 3, 0, 0, Inches(5), Inches(2)).table)
    return saved(presentation)


def workbook():
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as made:
        sheet = made.add_worksheet("Fees")
        for number, row in enumerate(ROWS):
            sheet.write_row(number, 0, [int(text) if text.isdigit() else text for text in row])
    return content.getvalue()


def printed():
    content = io.BytesIO()
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, black)])
    SimpleDocTemplate(content).build([PrintedTable(ROWS, colWidths=90, style=style)])
    return content.getvalue()


MAKERS = {
    ".csv": lambda: "\n".join(map(",".join, ROWS)), ".docx": word, ".epub": epub, ".html": html, ".md": markdown,
    ".odt": odt, ".pdf": printed, ".pptx": slides, ".tex": latex, ".xlsx": workbook,
}  # fmt: skip


@pytest.mark.parametrize("suffix", MAKERS)
def test_a_row_has_its_names_and_a_value_its_column(suffix):
    made = MAKERS[suffix]()
    parsed = parse(suffix, made if isinstance(made, bytes) else made.encode())
    document = Document("d", "Ports", parsed.text)
    passages = split(document, parsed.blocks, lambda texts: [len(text.split()) for text in texts], 200)
    found = {parsed.text[a:b]: (each, a) for each in passages for a, b in each.sentences}
    rows = ["Port: Aro; Depth: 9; Price: 240", "Port: Bel; Price: 310", "Port: Cam; Depth: 7; Price: 180"]
    assert set(rows) <= found.keys()
    numbers = []
    for row in rows:
        passage, start = found[row]
        value = start + row.index("Price: ") + len("Price: ")
        assert ", column Price" in passage.locate(value, value + 3)
        numbers.append(int(passage.locate(value, value + 3).split("row ")[1].split(",")[0]))
    assert numbers == [2, 3, 4]
    (table,) = parsed.tables
    assert [[cell.text for cell in row] for row in table.rows] == [list(row) for row in ROWS]
    assert (table.head, table.names) == (1, ROWS[0])
