"""Tables (CSV, TSV, spreadsheets, JSON lines) -> a block for each row, each cell behind its column's name."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from python_calamine import CalamineWorkbook

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.office.archive import open_zip
from retrieval.parsers.rows.sheets import MOST_ROWS, Row, Rows, Sheet
from retrieval.parsers.tables import Cell, is_number
from retrieval.text import one_line

_DELIMITERS = ",;\t|"
_NAMED_DELIMITER = re.compile(r'"?sep=(.)"?[ \t]*\n', re.IGNORECASE)  # Excel's first line
_MOST_NAMED = 10  # lines that are no JSON
_ESCAPED = re.compile(
    r'(?:^|[,;\t|])[ ]?"[^"\n]*\\"[^",;|\s]', re.MULTILINE
)  # quotes inside quotes, as MySQL writes them
_LOOKED_AT = 200  # lines in which a delimiter shows
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_csv(text: str) -> ParsedText:
    """Read comma-, semicolon-, bar- or tab-separated values; the first rows name the columns where they look so."""
    text = _standard(text)
    named = _NAMED_DELIMITER.match(text)
    above = 1 if named else 0
    body = text[named.end() :] if named else text
    remarks = _remarks(body)
    body = body.split("\n", len(remarks))[-1]
    return _separated(body, named[1] if named else _delimiter(body), above, remarks)


def read_tsv(text: str) -> ParsedText:
    """Read tab-separated values; a line in which there is no tab anywhere is read as `read_csv` does."""
    return _separated(_standard(text), "\t") if "\t" in text else read_csv(text)


def _standard(text: str) -> str:
    """Return values with the quotes inside them doubled, where a backslash marks them."""
    return (
        re.sub(r'\\(["\\])', lambda found: '""' if found[1] == '"' else "\\", text) if _ESCAPED.search(text) else text
    )


def _remarks(text: str) -> list[str]:
    """Return the lines above the names that begin with "#"; one with a name above each value is no remark."""
    lines = text.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    count = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0)
    delimiter = _delimiter("\n".join(lines[count:])) if count else ""
    if delimiter:
        last = max(number for number in range(count) if lines[number].strip())
        values = lines[count].split(delimiter)
        are_names = len(lines[last].split(delimiter)) == len(values) and any(map(is_number, values))
        count = last if are_names else count
    return lines[:count]


def _separated(text: str, delimiter: str, above: int = 0, remarks: Sequence[str] = ()) -> ParsedText:
    """Read values by their delimiter; quotes only where a value begins with one and the values end all."""
    csv.field_size_limit(1 << 20)
    builder = Builder()
    builder.add("\n".join(remarks), by_line=True)
    above += len(remarks)
    if not delimiter:
        rows = ([_unquoted(line)] for line in text.split("\n"))
        Rows(builder).add(Sheet("", _numbered(rows, above)))
        return builder.parsed()
    Rows(builder).add(Sheet("", _numbered(_cut(io.StringIO(text, newline=""), text, delimiter), above)))
    return builder.parsed()


def _numbered(rows: Any, above: int) -> Iterator[Row]:
    for number, row in enumerate(rows, start=above + 1):
        if any(cell.strip() for cell in row):
            yield number, [Cell(cell) for cell in row]


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts the lines into equally many values, the same ones most often; "" for one column.

    csv.Sniffer takes letters and commas of sentences for delimiters.
    """
    lines = _records(text)
    best, quality = "", 0.0
    for delimiter in _DELIMITERS:
        try:
            rows = list(_cut(lines, text, delimiter))
        except csv.Error:
            continue
        counts = [len(row) for row in rows if any(row)]
        if not counts or counts[0] < 2:
            continue
        is_prose = all(row[1][:1] == " " for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
        share = sum(count == counts[0] for count in counts) / len(counts)
        score = share * (0.4 if is_prose and delimiter == "," else 1) + min(counts[0], 20) / 1000
        if share >= 0.5 and score > quality:
            best, quality = delimiter, score
    return best


def _cut(lines: Iterable[str], text: str, delimiter: str) -> Iterator[list[str]]:
    """Cut lines into values. text: that they are of, which tells whether quotes enclose values."""
    if _quotes(text, delimiter):
        return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, skipinitialspace=True)


def _records(text: str) -> list[str]:
    """Return the first lines; the last is left out where it may be cut."""
    part = text[:200_000]
    lines = part.split("\n")[:_LOOKED_AT]
    return [line + "\n" for line in (lines[:-1] if len(part) < len(text) and len(lines) > 1 else lines) if line.strip()]


def _quotes(text: str, delimiter: str) -> bool:
    """Tell whether quotes enclose values: those that begin one also end one, as 5" of a pipe does not."""
    part = text[:200_000]
    edge = re.escape(delimiter)
    begins = len(re.findall(rf'(?:^|{edge})[ ]?"', part, re.MULTILINE))
    ends = len(re.findall(rf'"[ ]?(?:$|{edge})', part, re.MULTILINE))
    return begins > 0 and ends >= begins


def _unquoted(line: str) -> str:
    quoted = re.fullmatch(r'\s*"((?:[^"]|"")*)"\s*', line)
    return quoted[1].replace('""', '"') if quoted else line


def read_workbook(content: bytes) -> ParsedText:
    """Read the sheets that an XLSX, XLS, XLSB or ODS file shows; formulas are stored results, macros never run."""
    start = content[:2000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith(b"<"):
        return _of_marks(content, start)
    builder = Builder()
    rows = Rows(builder)
    if content.startswith(b"PK"):
        from retrieval.parsers.rows import ods, xlsx

        with open_zip(content) as archive:
            for member in archive.infolist():  # some programs of Windows part folders by backslashes
                member.filename = member.filename.replace("\\", "/")
                archive.NameToInfo[member.filename] = member
            names = archive.namelist()
            if "content.xml" in names:
                kept = ods.sheets(archive, builder)
            elif any(name.lower().endswith("workbook.xml") for name in names):
                kept = xlsx.sheets(archive, builder)
            else:
                kept = _sheets(content, builder)
            for sheet in kept:
                rows.add(sheet)
    elif content.startswith(_COMPOUND) and "EncryptedPackage".encode("utf-16-le") in content:
        raise UnreadableError("is protected by a password; save it without one")
    else:
        for sheet in _sheets(content, builder):
            rows.add(sheet)
    return builder.parsed()


def _of_marks(content: bytes, start: bytes) -> ParsedText:
    """Read a page that a program saved under the name of a workbook."""
    if b"urn:schemas-microsoft-com:office:spreadsheet" in content[:4000]:
        raise UnreadableError("is an XML spreadsheet of 2003; open it and save it as .xlsx")
    if start.startswith(
        (b"<html", b"<!doctype", b"<table", b"<meta", b"<head", b"<body", b"<div", b"<style", b"<?xml")
    ):
        from retrieval.parsers.markup.html import read_html

        return read_html(content)
    raise UnreadableError("is no workbook, but text with marks; save it as .xlsx")


def _sheets(content: bytes, builder: Builder) -> Iterator[Sheet]:
    """Yield the sheets of a file that calamine reads: XLS, XLSB."""
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except Exception as error:
        if "password" in str(error).lower() or "encrypt" in str(error).lower():
            raise UnreadableError("is protected by a password; save it without one") from error
        raise
    for each in workbook.sheets_metadata:
        if "Visible" not in str(each.visible):
            builder.warn(f"left out because hidden: the sheet {each.name}")
            continue
        if "WorkSheet" not in str(each.typ):
            continue
        sheet = workbook.get_sheet_by_name(each.name)
        yield Sheet(one_line(each.name), _calamine_rows(sheet))


def _calamine_rows(sheet: Any) -> Iterator[Row]:
    first = (sheet.start or (0, 0))[0]
    merged = {start: (end[0] - start[0] + 1, end[1] - start[1] + 1) for start, end in sheet.merged_cell_ranges or ()}
    left = (sheet.start or (0, 0))[1]
    for number, row in enumerate(sheet.iter_rows(), start=first):
        texts = [_shown(cell) for cell in row]
        if any(texts):
            cells = []
            column = left
            while column < left + len(texts):
                height, width = merged.get((number, column), (1, 1))
                cells.append(Cell(texts[column - left], width, height))
                column += width
            yield number + 1, cells


def _shown(cell: Any) -> str:
    """Return a cell as a spreadsheet shows it: whole numbers without decimals, days without a time."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    return str(cell)


def read_jsonl(text: str) -> ParsedText:
    """Read one JSON value a line; objects and lists inside are flattened to "key.key: value".

    A line that is none is left out with a warning; UnreadableError where half of the lines are none.
    """
    builder = Builder()
    bad: dict[int, ValueError] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            bad[number] = error
            continue
        pairs = (f"{key}: {shown}" if key else shown for key, shown in _flat(value) if shown)
        builder.add("; ".join(pairs), place=f"line {number}")
        if number > MOST_ROWS:
            raise UnreadableError(f"has more than {MOST_ROWS:,} rows; split it")
    if bad and len(bad) >= builder.count:
        number, wrong = next(iter(bad.items()))
        raise UnreadableError(f"is no JSON in line {number}: {wrong}") from wrong
    for number in list(bad)[:_MOST_NAMED]:
        builder.warn(f"left out because it is no JSON: line {number}")
    if len(bad) > _MOST_NAMED:
        builder.warn(f"left out because they are no JSON: {len(bad) - _MOST_NAMED:,} more lines")
    return builder.parsed()


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, key)
    elif value is not None:
        yield key, one_line(value) if isinstance(value, str) else json.dumps(value)
