"""Sheets and separated values: delimiters, headers, formats, what is hidden, and rows far out."""

import io
import zipfile
from datetime import date, datetime, time

import pytest
import xlsxwriter

from retrieval.parsers import UnreadableError, parse
from retrieval.parsers.rows.number_formats import formatted


def rows(suffix, content):
    parsed = parse(suffix, content if isinstance(content, bytes) else content.encode())
    return [(block.place, block.row, parsed.text[block.start : block.end]) for block in parsed.blocks]


def lines(suffix, content):
    return [text for _, _, text in rows(suffix, content)]


def workbook(write):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        write(book)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "first"),
    [
        ("Boat;Toll\nBarge;12,50\n", "Boat: Barge; Toll: 12,50"),
        ("sep=|\nBoat|Toll\nBarge|12\n", "Boat: Barge; Toll: 12"),
        ('Boat,Note,Toll\nA,"He said ""late"", twice",1\n', 'Boat: A; Note: He said "late", twice; Toll: 1'),
        ('Boat,Note,Toll\nA,"He said \\"late, again\\"",1\n', 'Boat: A; Note: He said "late, again"; Toll: 1'),
        ('Boat,Toll,Path\nA,1,"C:\\tmp\\"\nB,2,"C:\\bin\\"\n', "Boat: A; Toll: 1; Path: C:\\tmp\\"),
        ("#Boat,Toll\nBarge,12\nPunt,3\n", "#Boat: Barge; Toll: 12"),
        ("Boat,Toll,Toll\nBarge,12,13\n", "Boat: Barge; Toll: 12; Toll: 13"),
        ("Boat,2024,2025\nBarge,12,13\n", "Boat: Barge; 2024: 12; 2025: 13"),
        ("Boat,Toll,\n,Day,Night\nBarge,12,13\n", "Boat: Barge; Toll › Day: 12; Toll › Night: 13"),
        ("Tolls of 2026,,\n,,\nBoat,Toll,Berth\nBarge,12,3\n", "Tolls of 2026"),
    ],
)
def test_csv(content, first):
    assert lines(".csv", content)[0] == first


def test_remarks_above_the_names():
    assert rows(".csv", "# Source: the keeper, Aro\n# as of 2024\nBoat,Toll\nBarge,12\n") == [
        ("", 0, "# Source: the keeper, Aro\n# as of 2024"), ("", 4, "Boat: Barge; Toll: 12"),
    ]  # fmt: skip


def test_a_column_of_sentences_is_not_cut_at_their_commas():
    prose = "Note\nThe barge, which is late, waits.\nThe toll is 12, per boat.\n"
    assert lines(".csv", prose) == ["Note", "The barge, which is late, waits.", "The toll is 12, per boat."]


def test_marks_of_inches_enclose_nothing():
    assert lines(".tsv", 'Name\tNote\nAnn\t5" pipe\nBo\t6" pipe, "long"\n')[1:] == [
        'Name: Ann; Note: 5" pipe', 'Name: Bo; Note: 6" pipe, "long"',
    ]  # fmt: skip


def test_a_first_row_that_may_be_no_header_can_be_cited():
    assert rows(".csv", "Aro,Bel\nCam,Dor\n") == [("", 1, "Aro | Bel"), ("", 2, "Aro: Cam; Bel: Dor")]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.155, "0.0%", "15.5%"), (0.5, "0%", "50%"), (1280000, "#,##0", "1,280,000"), (3.5, "0.00", "3.50"),
        (3.5, '#,##0.00\\ "€"', "3.50 €"), (-3.5, "[$€-407] #,##0.00", "-€ 3.50"), (12, '0" m"', "12 m"),
        (5, "General", "5"), (0.1 + 0.2, "General", "0.3"), (7, "", "7"), (-4, "#,##0;(#,##0)", "(4)"),
        (46093, "dd/mm/yyyy", "2026-03-12"), (46093.5, "yyyy-mm-dd hh:mm", "2026-03-12 12:00"), (0.40625, "h:mm", "09:45"),
        (1.5, "[h]:mm", "36:00"), (2, "0000", "0002"), (0.125, "0%", "13%"), (2.5, "0", "3"), (1250000, '#,##0,"k"', "1,250k"),
        (1250000, '0.0,,"M"', "1.3M"), (0, '0;-0;"none"', "none"), (-7, '0;-0;"none"', "-7"), (5551234, "000-0000", "555-1234"),
        (2065551234, "(000) 000-0000", "(206) 555-1234"), (1.5, "# ?/?", "1 1/2"), (0.25, "# ?/?", "1/4"), (3, "# ?/?", "3"),
        (1.375, "# ?/8", "1 3/8"), (7, '[=7]"seven";0', "seven"), (8, '[=7]"seven";0', "8"), (0.00012, "0.00E+00", "1.20E-04"),
        (1e-7, "General", "1E-07"), (45416, "yyyy", "2024"), (45306, "mmm yyyy", "Jan 2024"), (45416, "mm/yyyy", "2024-05"),
        (45416.5625, "yyyy-mm-dd hh:mm:ss", "2024-05-04 13:30:00"), (0.5625, "h:mm AM/PM", "1:30 PM"), (0.5625, "h:mm:ss", "13:30:00"),
        (0.0208449, "mm:ss", "30:01"), (0.5, "0.##", "0.5"), (3, "0.##", "3"), (-0.001, "0.0", "0.0"), (0.5, ".00", ".50"),
        (1234567.891, "#,##0.00", "1,234,567.89"), (0, "#,##0", "0"), (1234, "#,##0.0#", "1,234.0"), (5, '"Lot "00', "Lot 05"),
        (-2.5, "0", "-3"), (1.005, "0.00", "1.01"),
        (1250000, '0.0,," m"', "1.3 m"), (0, "0;-0;;@", ""), (-4, "0;;", ""),
        (0.3125, "# ??/16", "5/16"), (1500, '[>=1000]0.0,"k";0', "1.5k"), (-15, "[Red][<0]0;0", "15"),
        (12345, "##0.0E+0", "12.3E+3"), (999.96, "0.0E+0", "1.0E+3"), (0.5, "#.##", ".5"), (12, "#,##0.##", "12"),
        (45416, "d-mmm", "4 May"),
        (45416, "mmmm", "May"), (45416, "dddd", "Saturday"), (45416, "dddd, d mmmm yyyy", "2024-05-04"),
        (45416.5625, "d/m/yy h:mm AM/PM", "2024-05-04 1:30 PM"), (0.56265, "hh:mm:ss", "13:30:13"), (0.00237, "mm:ss", "03:25"), (0.00237, "mm:ss.0", "03:24.8"),
        (1.5, '[h]" h "mm" min"', "36 h 00 min"), (0.0625, "[mm]:ss", "90:00"), (-5, '#,##0.00_);[Red](#,##0.00)', "(5.00)"),
        (1240.5, '_-* #,##0.00\\ "€"_-', "1,240.50 €"), (3, '"Nr. "0', "Nr. 3"), (3, "@", "3"), (1, '"yes";;"no"', "yes"),
    ],
)  # fmt: skip
def test_numbers_as_the_sheet_shows_them(value, code, shown):
    assert formatted(value, code) == shown


@pytest.mark.slow
def test_what_a_workbook_shows():
    def write(book):
        sheet = book.add_worksheet("Tolls")
        bold, percent, day = (
            book.add_format(each) for each in ({"bold": True}, {"num_format": "0%"}, {"num_format": 14})
        )
        sheet.write(0, 0, "Tolls of 2026")
        sheet.write_row(2, 0, ["Boat", "Share", "Since", "Note"], bold)
        sheet.merge_range(3, 0, 4, 0, "Barge")
        sheet.write(3, 1, 0.25, percent)
        sheet.write_datetime(3, 2, datetime(2026, 3, 12), day)
        sheet.write(4, 1, 0.5, percent)
        sheet.write_row(5, 0, ["Secret", 9])
        sheet.set_row(5, options={"hidden": True})
        sheet.write_row(6, 0, ["Punt", 1])
        sheet.write_comment(6, 0, "From May on two")
        sheet.write_rich_string(8, 0, "10", book.add_format({"font_script": 1}), "6", " boats")
        sheet.write_row(10, 0, ["Gate", "Width"])
        sheet.write_row(11, 0, ["North", 8])
        sheet.write_row(1_048_575, 0, ["end"])
        book.add_worksheet("Drafts").hide()
        book.add_worksheet("Sums").write_formula(0, 0, "=1+1", value="")

    parsed = parse(".xlsx", workbook(write))
    found = [(block.place, block.row, parsed.text[block.start : block.end]) for block in parsed.blocks]
    assert found[:4] == [
        ("Tolls", 0, "Tolls of 2026"), ("Tolls", 3, "Boat | Share | Since | Note"),
        ("Tolls", 4, "Boat: Barge; Share: 25%; Since: 2026-03-12"), ("Tolls", 5, "Boat: Barge; Share: 50%"),
    ]  # fmt: skip
    assert "10⁶ boats" in parsed.text
    assert ("Tolls", 7, "Boat: Punt; Share: 1") in found and ("Tolls", 12, "Gate: North; Width: 8") in found
    assert any(row == 7 and "Note on A7" in text and "From May on two" in text for _, row, text in found)
    assert "Secret" not in parsed.text and "Drafts" in parsed.metadata["warnings"]
    assert "=1+1" in parsed.text and "no stored result" in parsed.metadata["warnings"]


def test_open_document_sheets_that_repeat_empty_rows():
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'

    def row(*cells):
        return (
            "<table:table-row>"
            + "".join(f"<table:table-cell><text:p>{c}</text:p></table:table-cell>" for c in cells)
            + "</table:table-row>"
        )

    empty = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    body = row("Boat", "Toll") + row("Barge", "12") + row("Punt", "3") + empty + row("end")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "content.xml",
            f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="S">{body}</table:table></office:spreadsheet></office:body></office:document-content>',
        )
    assert rows(".ods", content.getvalue())[:2] == [("S", 2, "Boat: Barge; Toll: 12"), ("S", 3, "Boat: Punt; Toll: 3")]


def test_what_only_has_the_name_of_a_workbook():
    page = b"<html><body><table><tr><th>Boat</th><th>Toll</th></tr><tr><td>Barge</td><td>12</td></tr></table></body></html>"
    assert parse(".xls", page).text == "Boat: Barge; Toll: 12"
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(UnreadableError, match="is protected by a password"):
        parse(".xlsx", locked)


def test_days_and_times_need_no_library():
    def write(book):
        sheet = book.add_worksheet("S")
        sheet.write_row(0, 0, ["Day", "Time"])
        sheet.write_datetime(1, 0, date(2026, 3, 12), book.add_format({"num_format": "d mmm yyyy"}))
        sheet.write_datetime(1, 1, time(9, 45), book.add_format({"num_format": "hh:mm"}))

    assert lines(".xlsx", workbook(write)) == ["Day: 2026-03-12; Time: 09:45"]


def stacked(book):
    sheet = book.add_worksheet("S")
    sheet.merge_range(0, 0, 1, 0, "Boat")
    sheet.merge_range(0, 1, 0, 2, 2023)
    sheet.merge_range(0, 3, 0, 4, 2024)
    sheet.write_row(1, 1, ["Length", "Depth", "Length", "Depth"])
    sheet.write_row(2, 0, ["Barge", 120, 4, 130, 5])


def named_by_days(book):
    sheet = book.add_worksheet("S")
    sheet.write_row(0, 0, ["Boat"])
    for month in (1, 2):
        sheet.write_datetime(0, month, date(2024, month, 1), book.add_format({"num_format": "mmm yyyy"}))
    sheet.write_row(1, 0, ["Barge", 120, 130])


def raised_and_drawn(book):
    sheet = book.add_worksheet("S")
    sheet.write_rich_string(0, 0, "10", book.add_format({"font_script": 1}), "6", " cells")
    sheet.write_column(1, 0, [1, 2])
    drawn = book.add_chart({"type": "line"})
    drawn.add_series({"values": "=S!$A$2:$A$3"})
    drawn.set_title({"name": "Tolls rise"})
    sheet.insert_chart("C3", drawn)


@pytest.mark.parametrize(
    ("write", "shown"),
    [
        (stacked, ["Boat: Barge; 2023 › Length: 120; 2023 › Depth: 4; 2024 › Length: 130; 2024 › Depth: 5"]),
        (named_by_days, ["Boat: Barge; Jan 2024: 120; Feb 2024: 130"]),
        (raised_and_drawn, ["10⁶ cells", "1", "2", "Tolls rise"]),
    ],
)
def test_names_in_two_rows_names_that_are_days_raised_figures_and_titles_of_charts(write, shown):
    assert lines(".xlsx", workbook(write)) == shown


def test_folders_parted_by_backslashes():
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(stacked))) as usual, zipfile.ZipFile(content, "w") as archive:
        for name in usual.namelist():
            archive.writestr(name.replace("/", "\\"), usual.read(name))
    assert lines(".xlsx", content.getvalue())[0].startswith("Boat: Barge; 2023 › Length: 120")
