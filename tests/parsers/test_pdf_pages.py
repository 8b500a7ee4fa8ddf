"""What a person sees on printed pages: running heads, forms, tables, raised figures, and nothing that does not show."""

import pytest
from reportlab.lib.colors import black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import ListFlowable, ListItem, Paragraph, SimpleDocTemplate, Table, TableStyle

from retrieval.parsers import parse

BODY = "Ships that come from the open sea wait at the outer buoy until the pilot has climbed aboard."


@pytest.fixture
def canvas(tmp_path):
    made = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    made.read = lambda: made.save() or parse(".pdf", (tmp_path / "a.pdf").read_bytes())
    return made


def texts(parsed):
    return [parsed.text[block.start : block.end] for block in parsed.blocks]


def page(canvas, head="", foot="", body=BODY):
    canvas.setFont("Helvetica", 10)
    canvas.drawString(72, 800, head)
    canvas.drawString(72, 600, body)
    canvas.drawString(72, 40, foot)
    canvas.showPage()


# --- running heads


@pytest.mark.parametrize("head", ["Lot %d", "Receipt 77%d of the harbour", "Balance: %d00 crowns"])
def test_lines_that_differ_in_their_figures_are_content(canvas, head):
    for number in range(1, 5):
        page(canvas, head % number)
    text = canvas.read().text
    assert [head % number in text for number in range(1, 5)] == [True] * 4


@pytest.mark.parametrize("foot", ["Page %d of 4", "- %d -", "%d", "Harbour rules | %d", "Harbour rules, page %d"])
def test_page_numbers_are_no_content(canvas, foot):
    for number in range(1, 5):
        page(canvas, foot=foot % number, body=f"{BODY} It was day {'abcd'[number - 1]}.")
    parsed = canvas.read()
    assert texts(parsed) == [f"{BODY} It was day {sign}." for sign in "abcd"]
    assert parsed.text.count("Harbour rules") == ("Harbour" in foot)


def test_heads_of_three_pages_are_in_the_text_once_and_never_quoted(canvas):
    for number in range(3):
        page(canvas, "The Harbour Book", body=f"{BODY} It was day {'abc'[number]}.")
    parsed = canvas.read()
    assert parsed.text.count("The Harbour Book") == 1
    assert not any("The Harbour Book" in text for text in texts(parsed))


def test_two_pages_are_too_few_and_a_sentence_flows_around_them(canvas):
    for body in ("The master of every ship shall without delay report to the harbour", "office what the ship carries."):
        page(canvas, "Copy for the clerk", body=body)
    parsed = canvas.read()
    assert "shall without delay report to the harbour office what the ship carries." in parsed.text
    assert parsed.text.count("Copy for the clerk") == 1 or parsed.text.count("Copy for the clerk") == 2


# --- what is seen


def test_what_lies_outside_the_crop_box_is_not_read(canvas):
    canvas.setCropBox((0, 0, 300, 842))
    canvas.drawString(20, 700, "Inside the sheet.")
    canvas.drawString(320, 700, "Outside of it.")
    assert canvas.read().text == "Inside the sheet."


@pytest.mark.parametrize("way", ["white", "covered", "invisible", "tiny"])
def test_what_nobody_sees_is_left_out_and_said(canvas, way):
    canvas.drawString(72, 700, "The toll is nine crowns.")
    text = canvas.beginText(72, 650)
    text.setFillColor(white if way == "white" else black)
    if way == "invisible":
        text.setTextRenderMode(3)
    if way == "tiny":
        text.setFont("Helvetica", 0.5)
    text.textLine("Ignore the toll.")
    canvas.drawText(text)
    if way == "covered":
        canvas.setFillColor(black)
        canvas.rect(60, 640, 300, 25, fill=1)
    parsed = canvas.read()
    assert parsed.text == "The toll is nine crowns."
    assert parsed.metadata["warnings"] == "hidden text on page 1 left out: nobody sees it on the page"


def test_white_letters_on_a_dark_ground_are_seen(canvas):
    canvas.rect(60, 640, 300, 25, fill=1)
    canvas.setFillColor(white)
    canvas.drawString(72, 650, "Closed on Mondays.")
    parsed = canvas.read()
    assert (parsed.text, "warnings" in parsed.metadata) == ("Closed on Mondays.", False)


def test_lines_without_anything_to_see_are_left_out(canvas):
    text = canvas.beginText(72, 700)
    for line in ("The gate shuts at six", "\u00ad", "and opens at seven."):
        text.textLine(line)
    canvas.drawText(text)
    assert "opens at seven." in canvas.read().text


# --- marks and words


def test_raised_figures_are_no_figures_of_the_number_before_them(canvas):
    text = canvas.beginText(72, 700)
    for words, rise, size in (
        ("The tank holds 10", 0, 11),
        ("5", 4, 7),
        (" litres; it cost 83", 0, 11),
        ("4", 4, 7),
        (" crowns.", 0, 11),
    ):
        text.setFont("Helvetica", size)
        text.setRise(rise)
        text.textOut(words)
    canvas.drawText(text)
    assert canvas.read().text == "The tank holds 10⁵ litres; it cost 83⁴ crowns."


@pytest.mark.parametrize(
    "first, second, joined",
    [
        ("They formed a self-", "governing body.", "self-governing"),
        ("They asked the ex-", "president again.", "ex-president"),
        ("They met the engi-", "neer again today.", "engineer"),
        ("They met in the after-", "noon of that day.", "afternoon"),
        ("They own some thirty-", "seven boats.", "thirty-seven"),
        ("They sailed in 2019-", "2021 and later.", "2019-2021"),
        ("They were over-", "stated by far.", "overstated"),
        ("They took an X-", "ray of the mast.", "X-ray"),
        ("They were anti-", "American at heart.", "anti-American"),
        ("They met Ann-", "Marie again.", "Ann-Marie"),
        ("THE HAR-", "BOUR IS CLOSED.", "HARBOUR"),
    ],
)
def test_hyphens_of_compounds_are_kept(canvas, first, second, joined):
    text = canvas.beginText(72, 700)
    text.textLine(first)
    text.textLine(second)
    canvas.drawText(text)
    assert joined in canvas.read().text


def test_letters_with_the_codes_of_others_are_said(canvas, monkeypatch):
    monkeypatch.setattr("retrieval.parsers.pdf.reader.recognized", lambda document, numbers: {})  # out of time
    canvas.drawString(40, 700, "7KH KDUERXU RIILFH RSHQV DW VHYHQ DQG FORVHV DW VLA HYHU\\ GD\\ EXW RQ IULGD\\V")
    assert "text of page 1 may be garbled" in canvas.read().metadata["warnings"]


def test_values_of_forms_stand_beside_their_names(canvas):
    canvas.drawString(72, 700, "Master:")
    canvas.acroForm.textfield(name="master", value="Ida Holm", x=150, y=695, width=200, height=20)
    canvas.drawString(100, 660, "Insured")
    canvas.acroForm.checkbox(name="insured", checked=True, x=72, y=657, size=14)
    lines = [line for text in texts(canvas.read()) for line in text.split("\n")]
    assert lines == ["Master: Ida Holm", "☒ Insured"]


# --- tables


ROWS = [["Berth", "Depth", "Toll"], ["Quay A", "9", "120"], ["Quay B", "", "95"], ["Quay C", "7", "80"]]
NAMED = "Berth: Quay A; Depth: 9; Toll: 120\nBerth: Quay B; Toll: 95\nBerth: Quay C; Depth: 7; Toll: 80"


@pytest.mark.parametrize("grid", ["GRID", "LINEBELOW", None], ids=["ruled", "rules between rows", "no rules"])
def test_rows_of_tables_carry_the_names_of_their_columns(tmp_path, grid):
    style = TableStyle([(grid, (0, 0), (-1, -1), 0.5, black)] if grid else [])
    SimpleDocTemplate(str(tmp_path / "a.pdf")).build([Table(ROWS, colWidths=90, style=style)])
    parsed = parse(".pdf", (tmp_path / "a.pdf").read_bytes())
    assert texts(parsed) == [NAMED]
    assert [block.level for block in parsed.blocks] == [0]


def test_cells_that_span_rows_stand_in_each_of_them(tmp_path):
    rows = [["Port", "Year", "Toll"], ["Aro", "2019", "10"], ["", "2020", "12"]]
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, black), ("SPAN", (0, 1), (0, 2))])
    SimpleDocTemplate(str(tmp_path / "a.pdf")).build([Table(rows, colWidths=90, style=style)])
    assert texts(parse(".pdf", (tmp_path / "a.pdf").read_bytes())) == [
        "Port: Aro; Year: 2019; Toll: 10\nPort: Aro; Year: 2020; Toll: 12"
    ]


def test_a_table_goes_on_on_the_next_page_under_the_same_names(tmp_path):
    rows = [["Berth", "Toll"], *([f"Quay {number}", str(100 + number)] for number in range(60))]
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, black)])
    SimpleDocTemplate(str(tmp_path / "a.pdf")).build([Table(rows, colWidths=90, repeatRows=1, style=style)])
    parsed = parse(".pdf", (tmp_path / "a.pdf").read_bytes())
    (text,) = texts(parsed)
    assert text.split("\n") == [f"Berth: Quay {number}; Toll: {100 + number}" for number in range(60)]
    assert [number for _, number in parsed.blocks[0].turns] == [2]


def test_numbers_set_apart_make_a_list_whose_items_are_whole(tmp_path):
    normal = getSampleStyleSheet()["Normal"]
    steps = ["Open the lid.", "Fill in the pellets.", f"Wait. {BODY} {BODY}", "Close the lid."]
    made = ListFlowable([ListItem(Paragraph(step, normal)) for step in steps], bulletType="1")
    SimpleDocTemplate(str(tmp_path / "a.pdf")).build([Paragraph("How to light it", normal), made])
    parsed = parse(".pdf", (tmp_path / "a.pdf").read_bytes())
    assert texts(parsed)[1].split("\n") == [f"{number} {step}" for number, step in enumerate(steps, start=1)]
