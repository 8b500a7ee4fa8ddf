"""Tables (CSV, TSV, spreadsheets, JSON lines) -> a block for each row. Knows nothing about other formats.

Each cell stands behind its column's name, because a row alone does not say what its numbers are.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from python_calamine import CalamineWorkbook

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.office.archive import open_zip
from retrieval.text import one_line

_MOST_ROWS = 200_000  # of one file
_DELIMITERS = ",;\t|"


def read_csv(text: str) -> ParsedText:
    """Read comma-, semicolon- or tab-separated values; the first row names the columns where it looks like names."""
    csv.field_size_limit(1 << 20)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:8192], _DELIMITERS)
    except csv.Error:
        dialect = csv.excel
    builder = Builder()
    _add_rows(builder, csv.reader(io.StringIO(text, newline=""), dialect), "")
    return builder.parsed()


def read_workbook(content: bytes) -> ParsedText:
    """Read every sheet of an XLSX, XLS, XLSB or ODS file; formulas are their stored results, macros never run."""
    if content.startswith(b"PK"):
        open_zip(content).close()  # checks the limits
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    builder = Builder()
    for name in workbook.sheet_names:
        sheet = workbook.get_sheet_by_name(name)
        first = (sheet.start or (0, 0))[0]
        _add_rows(builder, (list(map(_shown, row)) for row in sheet.to_python(skip_empty_area=True)), name, first)
    return builder.parsed()


def read_jsonl(text: str) -> ParsedText:
    """Read one JSON value a line; objects and lists inside are flattened to "key.key: value"."""
    builder = Builder()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise UnreadableError(f"is no JSON in line {number}: {error}") from error
        pairs = (f"{key}: {shown}" if key else shown for key, shown in _flat(value) if shown)
        builder.add("; ".join(pairs), place=f"line {number}")
        _check(number)
    return builder.parsed()


def _add_rows(builder: Builder, rows: Iterable[Sequence[str]], sheet: str, above: int = 0) -> None:
    """Add the rows of one table. above: empty rows before the first."""
    numbered = enumerate(rows, start=above + 1)
    first = next(numbered, (1, []))
    head = [one_line(cell) for cell in first[1]]
    names = head if _are_names(head) else []
    is_alone = True
    for number, row in numbered if names else chain([first], numbered):
        _check(number)
        builder.add("; ".join(_named(names, row)), place=_place(sheet, number))
        is_alone = False
    if is_alone:
        builder.add("; ".join(filter(None, head)), place=_place(sheet, first[0]))


def _place(sheet: str, number: int) -> str:
    return f"{sheet}, row {number}" if sheet else f"row {number}"


def _named(names: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    for index, cell in enumerate(row):
        text = one_line(cell)
        if text:
            yield f"{names[index]}: {text}" if index < len(names) and names[index] else text


def _are_names(cells: Sequence[str]) -> bool:
    """Tell whether a first row names columns: at least two, all short, different, and no numbers."""
    filled = [cell for cell in cells if cell]
    is_short = all(len(cell) <= 60 and (cell[0].isalpha() or not cell[-1].isdigit()) for cell in filled)
    return len(filled) > 1 and len(set(filled)) == len(filled) and is_short


def _shown(cell: Any) -> str:
    """Return a cell as a spreadsheet shows it: whole numbers without decimals, days without a time."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    return str(cell)


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, key)
    elif value is not None:
        yield key, one_line(value) if isinstance(value, str) else json.dumps(value)


def _check(number: int) -> None:
    if number > _MOST_ROWS:
        raise UnreadableError(f"has more than {_MOST_ROWS:,} rows; split it")
