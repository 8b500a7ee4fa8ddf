"""Tables as every parser gives them to a Builder: names of columns, spans, sections, places, and the grid to draw."""

import pytest

from retrieval.ingest.chunking import split
from retrieval.parsers import CAPTION
from retrieval.parsers.base import Builder, Item
from retrieval.parsers.tables import Cell
from retrieval.records import Document


def head(*names, **spans):
    return [Cell(name, is_head=True, **spans) for name in names]


def lines(rows, **options):
    builder = Builder()
    builder.table(rows, **options)
    return builder.parsed().text.split("\n")


def passages(builder, max_tokens=500):
    parsed = builder.parsed()
    document = Document("d", "T", parsed.text)
    return split(document, parsed.blocks, lambda texts: [len(text) for text in texts], max_tokens)


def test_every_row_carries_the_names_of_its_columns():
    assert lines([head("Port", "Depth"), ["Aro", "9"], ["Bel", "7"]]) == ["Port: Aro; Depth: 9", "Port: Bel; Depth: 7"]


def test_an_empty_cell_leaves_its_name_out_and_shifts_nothing():
    assert lines([head("Port", "Depth", "Length"), ["Aro", "", "120"], ["Bel", "7", ""]]) == [
        "Port: Aro; Length: 120",
        "Port: Bel; Depth: 7",
    ]
    assert lines([["Aro", "", "b c"], ["Bel", "d", ""]]) == ["Aro |  | b c", "Bel | d"]


def test_cells_that_span_rows_and_columns_stand_in_each():
    rows = [
        head("Port", "Year", "Fee"),
        [Cell("Aro", rows=2), "2019", "10"],
        ["2020", "12"],
        ["Bel", Cell("free", columns=2)],
    ]
    assert lines(rows) == [
        "Port: Aro; Year: 2019; Fee: 10",
        "Port: Aro; Year: 2020; Fee: 12",
        "Port: Bel; Year: free; Fee: free",
    ]


def test_stacked_names_are_joined():
    marked = [
        [Cell("Port", rows=2, is_head=True), Cell("Fee", columns=2, is_head=True)], head("Adult", "Child"), ["Aro", "8", "4"]
    ]  # fmt: skip
    assert lines(marked) == ["Port: Aro; Fee › Adult: 8; Fee › Child: 4"]
    assert lines([["Port", "Fee", ""], ["", "Adult", "Child"], ["Aro", "8", "4"]]) == [
        "Port: Aro; Fee › Adult: 8; Fee › Child: 4"
    ]


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ([["Port", "Depth"], ["Aro", "9 m"], ["Bel", "12.5 m"]], "Port: Aro; Depth: 9 m"),
        ([["Port", "2024", "2025"], ["Aro", "120", "130"]], "Port: Aro; 2024: 120; 2025: 130"),
        ([["", "2024", "2025"], ["Aro", "120", "130"]], "Aro; 2024: 120; 2025: 130"),
        (
            [["Item", "In", "Price"], ["Saw", "box", "€ 15.50"], ["Rope", "", "free"], ["Pin", "bag", "3 €"]],
            "Item: Saw; In: box; Price: € 15.50",
        ),
        ([["Check-in", "3 pm"], ["Check-out", "11 am"]], "Check-in | 3 pm"),
        ([["Name", "Ann Lee"], ["Born", "1999"], ["Room", "4.12 b"]], "Name | Ann Lee"),
        ([["Code", "Meaning"], ["E1", "No water"], ["E2", "Too hot"]], "Code: E1; Meaning: No water"),
        ([["Model", "X200"], ["Part", "B17"], ["Colour", "red"]], "Model | X200"),
        ([["1", "2"], ["3", "4"]], "1 | 2"),
        ([["Only one row", "of words"]], "Only one row | of words"),
    ],
)
def test_names_without_a_mark_are_told_by_what_stands_below(rows, first):
    assert lines(rows)[0] == first


def test_a_guessed_header_is_a_row_too():
    rows = [["Name", "Role"], ["Ann", "editor"], ["Bob", "printer"]]
    assert lines(rows, guess=True) == ["Name | Role", "Name: Ann; Role: editor", "Name: Bob; Role: printer"]
    assert lines(rows) == ["Name | Role", "Ann | editor", "Bob | printer"]


def test_a_name_that_no_row_says_is_not_lost():
    assert lines([head("Port", "Notes"), ["Aro", ""]]) == ["Port | Notes", "Port: Aro"]
    assert lines([head("Port", "Notes")]) == ["Port | Notes"]


def test_a_section_is_said_in_each_of_its_rows():
    rows = [
        head("Tool", "Price"),
        [Cell("By hand", columns=2)],
        ["Saw", "9"],
        ["Axe", "8"],
        [Cell("Power", columns=2)],
        ["Drill", "90"],
    ]
    assert lines(rows) == [
        "By hand", "By hand; Tool: Saw; Price: 9", "By hand; Tool: Axe; Price: 8", "Power", "Power; Tool: Drill; Price: 90",
    ]  # fmt: skip


def test_a_title_above_the_names_is_the_caption():
    builder = Builder()
    builder.table([["Fees of 2026", ""], ["", ""], ["Port", "Fee"], ["Aro", "240"]], guess=True)
    builder.add("Words below.")
    parsed = builder.parsed()
    assert [(block.level, parsed.text[block.start : block.end]) for block in parsed.blocks] == [
        (CAPTION, "Fees of 2026"), (0, "Port: Aro; Fee: 240"), (0, "Words below."),
    ]  # fmt: skip
    assert [(p.locator, p.text) for p in passages(builder)] == [
        ("row 4, Fees of 2026, ¶ 1", "Fees of 2026\n\nPort: Aro; Fee: 240"), ("¶ 2", "Words below."),
    ]  # fmt: skip
    assert parsed.title == ""


def test_places_name_rows_pages_and_columns():
    builder = Builder()
    builder.table([head("Port", "Fee"), ["Aro", "1"], ["Bel", "2"], ["Cam", "3"]], pages=[4, 4, 5, 5], place="")
    (passage,) = passages(builder)
    assert (passage.page, passage.place) == (4, "pp. 4–5, rows 2–4")
    start = passage.text.index("Port: Bel")
    assert passage.locate(start, start + len("Port: Bel; Fee: 2")) == "pp. 4–5, row 3, ¶ 1"
    assert passage.locate(start, passage.end) == "pp. 4–5, rows 3–4, ¶ 1"
    value = passage.text.index("2", start)
    assert passage.locate(value, value + 1) == "pp. 4–5, row 3, column Fee, ¶ 1"
    assert [passage.text[a:b] for a, b in passage.sentences] == passage.text.split("\n")


def test_rows_of_sheets_stand_apart_and_keep_their_numbers():
    builder = Builder()
    found = builder.table(
        [["Port", "Fee"], ["Aro", "1"], ["", ""], ["Bel", "2"]], place="Fees", first=3, apart=True, guess=True
    )
    builder.table([["Cam", "3"]], place="Fees", first=7, apart=True, known=found)
    assert [(p.place, p.text) for p in passages(builder)] == [
        ("Fees, row 4", "Port: Aro; Fee: 1"), ("Fees, row 6", "Port: Bel; Fee: 2"), ("Fees, row 7", "Port: Cam; Fee: 3"),
    ]  # fmt: skip


def test_a_row_is_quoted_whole():
    builder = Builder()
    builder.table([head("Item", "Price"), ["Bread approx. 5 kg. Rye.", "Ask. It is 3 €."]])
    (passage,) = passages(builder)
    assert len(passage.sentences) == 1


def test_the_grid_is_kept_to_draw():
    builder = Builder()
    builder.add("Before.")
    builder.table([head("Port", "Fee"), ["Aro", "1"], ["", ""], ["Bel", "2"]], caption="Fees")
    parsed = builder.parsed()
    (table,) = parsed.tables
    assert (table.head, table.names, table.caption) == (1, ("Port", "Fee"), "Fees")
    assert [span and parsed.text[slice(*span)] for span in table.lines] == [
        None, "Port: Aro; Fee: 1", None, "Port: Bel; Fee: 2",
    ]  # fmt: skip
    assert table.rows[3] == (Cell("Bel"), Cell("2"))


def test_a_span_without_end_costs_nothing():
    rows = [[Cell("a", columns=10**9, rows=10**9)]] * 50
    assert lines(rows)


def test_lists_keep_their_numbers_and_notes_their_marks():
    builder = Builder()
    builder.items([Item("First step", "1."), "no number", Item("Fee", "8.3")])
    builder.note("2", "Set in  1999.")
    parsed = builder.parsed()
    assert parsed.text == "1. First step\nno number\n8.3 Fee\n\n[2] Set in 1999."
    assert parsed.blocks[1].place == "footnote 2"


def test_what_was_not_read_is_in_the_metadata():
    builder = Builder()
    builder.add("Text.")
    builder.warn("notes are\nnot read")
    builder.warn("notes are not read")
    builder.warn("the encoding was guessed")
    assert builder.parsed(metadata={"warnings": "one"}).metadata["warnings"] == (
        "one; notes are not read; the encoding was guessed"
    )
