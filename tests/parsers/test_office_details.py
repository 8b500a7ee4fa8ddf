"""What a person sees in Word, OpenDocument, PowerPoint and RTF files: numbers as printed, tables whole, nothing hidden."""

import io
import zipfile
from unicodedata import normalize

import docx
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from retrieval.parsers import UnreadableError, parse

ODF = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
CLAUSE = "Whoever leaves the lock open after dark pays for the water that is lost, and for the lamp that the keeper lights to find it."


def saved(document):
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def texts(parsed):
    return [parsed.text[block.start : block.end] for block in parsed.blocks]


def places(parsed):
    return [block.place for block in parsed.blocks]


def rtf(body):
    return parse(".rtf", b"{\\rtf1\\ansi\\ansicpg1252 " + body + b"}")


def odt(body, styles=""):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "content.xml",
            f"<office:document-content {ODF}><office:automatic-styles>{styles}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body></office:document-content>",
        )
    return parse(".odt", content.getvalue())


# --- numbers


def numbered(document, levels):
    """Give a document a list of several levels; return its id."""
    root = document.part.numbering_part.element
    own = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{pattern}"/></w:lvl>'
        for depth, (form, pattern) in enumerate(levels)
    )
    root.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{own}</w:abstractNum>'))
    root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))


def item(document, text, depth, style=None):
    paragraph = document.add_paragraph(text, style)
    paragraph._p.get_or_add_pPr().append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr>')
    )


def test_word_numbers_are_printed_as_word_counts_them():
    document = docx.Document()
    numbered(document, [("decimal", "§ %1"), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"), ("upperRoman", "%4.")])
    for text, depth in (
        ("Locks", 0),
        ("Keys", 1),
        ("brass", 2),
        ("iron", 2),
        ("Lamps", 1),
        ("oil", 2),
        ("Boats", 0),
        ("Oars", 1),
    ):
        item(document, text, depth)
    (text,) = texts(parse(".docx", saved(document)))
    assert text.split("\n") == [
        "§ 1 Locks",
        "1.1 Keys",
        "(a) brass",
        "(b) iron",
        "1.2 Lamps",
        "(a) oil",
        "§ 2 Boats",
        "2.1 Oars",
    ]


def test_a_clause_of_word_is_a_paragraph_with_its_number_as_its_place():
    document = docx.Document()
    numbered(document, [("decimal", "%1"), ("decimal", "%1.%2")])
    item(document, "Water", 0, "Heading 1")
    item(document, CLAUSE, 1)
    parsed = parse(".docx", saved(document))
    assert texts(parsed) == ["1 Water", f"1.1 {CLAUSE}"]
    assert places(parsed) == ["", "clause 1.1"]


def test_numbers_of_opendocument_lists():
    level = '<text:list-level-style-number text:level="{0}" style:num-format="{1}" style:num-suffix="{2}" text:display-levels="{0}"/>'
    styles = f'<text:list-style style:name="L">{level.format(1, "1", ".")}{level.format(2, "1", "")}</text:list-style>'
    inner = "<text:list><text:list-item><text:p>brass</text:p></text:list-item><text:list-item><text:p>iron</text:p></text:list-item></text:list>"
    body = f'<text:list text:style-name="L"><text:list-item><text:p>Locks</text:p></text:list-item><text:list-item><text:p>Keys</text:p>{inner}</text:list-item></text:list>'
    assert texts(odt(body, styles)) == ["1. Locks\n2. Keys\n2.1 brass\n2.2 iron"]


def test_numbers_of_rtf_lists():
    assert texts(rtf(rb"{\listtext\pard 1.\tab}Locks\par{\listtext\pard 2.\tab}Keys\par")) == ["1. Locks\n2. Keys"]


def test_automatic_numbers_of_slides():
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Steps"
    frame = slide.placeholders[1].text_frame
    frame.text = "Open"
    frame.add_paragraph().text = "Close"
    for paragraph in frame.paragraphs:
        paragraph._p.get_or_add_pPr().append(
            parse_xml(
                '<a:buAutoNum xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" type="alphaLcParenBoth"/>'
            )
        )
    assert texts(parse(".pptx", saved(presentation))) == ["Steps", "(a) Open\n(b) Close"]


# --- tables


def test_a_merged_cell_of_word_stands_in_each_row():
    document = docx.Document()
    table = document.add_table(3, 3)
    for cell, text in zip(table._cells, ("Lock", "Year", "Toll", "Upper", "2019", "10", "", "2020", "12"), strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert texts(parse(".docx", saved(document))) == [
        "Lock: Upper; Year: 2019; Toll: 10\nLock: Upper; Year: 2020; Toll: 12"
    ]


def test_empty_cells_of_every_format_keep_their_place():
    rows = [("Lock", "Depth", "Toll"), ("Upper", "", "12"), ("Lower", "7", "9")]
    named = ["Lock: Upper; Toll: 12\nLock: Lower; Depth: 7; Toll: 9"]
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    table = slide.shapes.add_table(3, 3, 0, 0, Inches(5), Inches(2)).table
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(number, column).text = text
    assert texts(parse(".pptx", saved(presentation))) == named
    cells = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in row)
        + "</table:table-row>"
        for row in rows
    )
    assert texts(odt(f"<table:table>{cells}</table:table>")) == named
    written = b"".join(
        b"\\trowd\\cellx1\\cellx2\\cellx3\\intbl " + b"".join(text.encode() + b"\\cell " for text in row) + b"\\row "
        for row in rows
    )
    assert texts(rtf(written)) == named


# --- nothing lost, nothing hidden


def test_figures_of_charts_are_a_table():
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["North", "South"]
    data.add_series("Tolls", (12.5, 9))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(5), Inches(3), data)
    text = parse(".pptx", saved(presentation)).text
    assert "North" in text and "Tolls: 12.5" in text


def test_hidden_slides_are_left_out_and_said():
    presentation = pptx.Presentation()
    for title in ("Shown", "Secret"):
        presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = title
    presentation.slides[1]._element.set("show", "0")
    parsed = parse(".pptx", saved(presentation))
    assert (texts(parsed), parsed.metadata["warnings"]) == (["Shown"], "hidden slides left out: 2")


def test_headers_of_word_once_and_comments_as_such():
    document = docx.Document()
    paragraph = document.add_paragraph("The lock is shut.")
    document.add_comment(paragraph.runs, "Really?", author="Ida", initials="I")
    document.sections[0].header.paragraphs[0].text = "File L-9"
    document.add_section().header.paragraphs[0].text = "File L-9"
    parsed = parse(".docx", saved(document))
    assert list(zip(texts(parsed), places(parsed), strict=True)) == [
        ("File L-9", "page header"), ("The lock is shut.", ""), ("Really?", "comment by Ida"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body, seen",
    [
        (rb"Eight\'e9 \u8364? and \u-10179?\u-8704?.\par", "Eighté € and \U0001f600."),
        (rb"The key{\v  is under the mat}.\par", "The key."),
        (rb"The{\*\unknown secret} key.\par", "The key."),
        (rb"Area: 5 m{\super 2}.\par", "Area: 5 m²."),
        (rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt the lock}}.\par", "the lock."),
        (rb"{\header Page 1}{\pict 0102}Text.\par", "Text."),
        (rb"{\f9 a}\bin3 }}}b\par", "ab"),
    ],
)
def test_rtf_as_it_is_seen(body, seen):
    assert rtf(body).text == seen


def test_what_is_hidden_in_opendocument_is_not_read():
    styles = (
        '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
    )
    assert texts(
        odt('<text:p>The key<text:span text:style-name="H"> is under the mat</text:span>.</text:p>', styles)
    ) == ["The key."]


def test_a_frame_of_an_opendocument_page_is_read():
    assert texts(
        odt(
            "<draw:frame><draw:text-box><text:p>In a frame.</text:p></draw:text-box></draw:frame><text:p>Beside it.</text:p>"
        )
    ) == ["In a frame.", "Beside it."]


@pytest.mark.parametrize("suffix", [".docx", ".pptx"])
def test_an_archive_of_another_kind_is_refused_with_a_reason(suffix):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "nothing")
    with pytest.raises(UnreadableError, match="is a ZIP archive, and nothing in it is a document"):
        parse(suffix, content.getvalue())


def test_the_mark_of_a_note_in_a_book_is_no_figure():
    content = io.BytesIO()
    page = '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><h1>Tolls</h1><p>It was 83<a epub:type="noteref" href="#n4">4</a> crowns.</p></body></html>'
    package = '<package><manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>'
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("book.opf", package)
        archive.writestr("A.XHTML", page)
    text = parse(".epub", content.getvalue()).text
    assert "834" not in text and "It was 83" in text


def test_only_what_is_set_in_a_symbol_font_is_a_symbol():
    document = docx.Document()
    for fonts, text in (('w:hAnsi="Symbol"', "abc"), ('w:ascii="Symbol"', "abc"), ('w:hAnsi="Wingdings"', "\uf0fc")):
        run = f"<w:r {nsdecls('w')}><w:rPr><w:rFonts {fonts}/></w:rPr><w:t>{text}</w:t></w:r>"
        document.add_paragraph()._p.append(parse_xml(run))
    assert texts(parse(".docx", saved(document))) == ["abc", "αβχ", "✓"]
    slides = pptx.Presentation()
    frame = slides.slides.add_slide(slides.slide_layouts[6]).shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame
    run = frame.paragraphs[0].add_run()
    run.text = "Rate \uf0fc"
    sym = "http://schemas.openxmlformats.org/drawingml/2006/main"
    run._r.get_or_add_rPr().append(parse_xml(f'<a:sym xmlns:a="{sym}" typeface="Wingdings"/>'))
    assert texts(parse(".pptx", saved(slides))) == ["Rate ✓"]


def test_the_chosen_entry_of_an_old_form_is_read():
    entries = '<w:listEntry w:val="Aro"/><w:listEntry w:val="Bel"/>'
    form = f'<w:ffData><w:ddList><w:result w:val="1"/>{entries}</w:ddList></w:ffData>'
    field = f'<w:r {nsdecls("w")}><w:fldChar w:fldCharType="begin">{form}</w:fldChar></w:r>'
    document = docx.Document()
    document.add_paragraph()._p.append(parse_xml(field))
    assert texts(parse(".docx", saved(document))) == ["Bel"]


def with_parts(body, **parts):
    """Return a Word document with parts of other kinds, each under an id that is its name."""
    content = io.BytesIO()
    document = docx.Document()
    document._body._element.insert(
        0, parse_xml(f"<w:p {nsdecls('w', 'r')} xmlns:v='urn:schemas-microsoft-com:vml'>{body}</w:p>")
    )
    for name in reversed(parts):
        chunk = f'<w:altChunk {nsdecls("w", "r")} r:id="{name}"/>'
        document._body._element.insert(1, parse_xml(chunk))
    with zipfile.ZipFile(io.BytesIO(saved(document))) as usual, zipfile.ZipFile(content, "w") as archive:
        for each in usual.namelist():
            own = usual.read(each)
            if each == "word/_rels/document.xml.rels":
                kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/aFChunk"
                listed = "".join(f'<Relationship Id="{name}" Type="{kind}" Target="{name}.txt"/>' for name in parts)
                own = own.replace(b"</Relationships>", listed.encode() + b"</Relationships>")
            archive.writestr(each, own)
        for name, own in parts.items():
            archive.writestr(f"word/{name}.txt", own)
    return parse(".docx", content.getvalue())


def test_parts_of_other_kinds_and_word_art():
    other = docx.Document()
    other.add_paragraph("The fourth.")
    art = "<w:r><w:pict><v:shape><v:textpath string='Tolls of Aro'/></v:shape></w:pict></w:r>"
    parsed = with_parts(
        art, a=b"<html><body><p>The <b>first</b>.</p></body></html>", b=b"{\\rtf1 The second.\\par}", c=b"The third.",
        d=saved(other),
    )  # fmt: skip
    assert texts(parsed) == ["Tolls of Aro", "The first.", "The second.", "The third.", "The fourth."]


def test_what_stands_before_rtf_and_what_objects_and_fields_show():
    assert parse(".rtf", b"\x00 \n\xef\xbb\xbf{\\rtf1 Hello.\\par}\x00").text == "Hello."
    chart = b"{\\object\\objemb{\\*\\objclass Excel.Sheet.8}{\\*\\objdata 0105}{\\result {Toll: 12}}}"
    signs = b'{\\field{\\*\\fldinst SYMBOL 252 \\\\f "Wingdings" \\\\s 11}{\\fldrslt }} {\\field{\\*\\fldinst SYMBOL 176}{\\fldrslt \\\'b0}}'
    link = b'{\\field{\\*\\fldinst HYPERLINK "http://x.example"}{\\fldrslt list}}'
    assert rtf(chart + b" " + signs + b" " + link).text == "Toll: 12 ✓ ° list"


def test_sections_that_a_condition_hides():
    section = '<text:section text:display="{}" text:name="a"><text:p>Secret</text:p></text:section>'
    body = section.format("none") + section.format("condition") + section.format("true").replace("Secret", "Shown")
    assert texts(odt(body)) == ["Shown"]


@pytest.mark.parametrize(("stored", "listed"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_names_in_a_book_with_accents_apart_and_the_numbers_of_printed_pages(stored, listed):
    package = '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="{}"/></manifest><spine><itemref idref="a"/></spine></package>'
    page = '<html xmlns:epub="http://www.idpf.org/2007/ops"><body><p>Noon <span epub:type="pagebreak">12</span>is fine.<span role="doc-pagebreak">13</span></p></body></html>'
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.opf", package.format(normalize(listed, "café.xhtml")))
        archive.writestr(normalize(stored, "café.xhtml"), page)
    assert parse(".epub", content.getvalue()).text == "Noon is fine."
