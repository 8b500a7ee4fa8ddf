"""RTF -> paragraphs, headings, tables, notes. Embedded objects are never opened.

Read here word by word: striprtf (0.0.35) leaves out notes and text boxes, shows what is hidden or deleted, and cannot
tell cells from pipes in the text. The format: Word 2007 RTF Specification 1.9.1.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from retrieval.parsers.base import Builder, Item, ParsedText, UnreadableError
from retrieval.parsers.metadata import common
from retrieval.parsers.office.numbering import clause
from retrieval.parsers.office.runs import in_font, raised, symbol
from retrieval.parsers.tables import Cell
from retrieval.text import one_line

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,9})?\d*[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)
_UNREAD = frozenset(
    "colortbl stylesheet pict objdata objclass objname objalias objsect themedata colorschememapping latentstyles "
    "listtable listoverridetable rsidtbl generator xmlnstbl mmathPr datastore filetbl revtbl pgptbl bkmkstart bkmkend "
    "atnid atnauthor atndate atnref annotation shppict nonshppict sp template keycode private factoidname "
    "formfield ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn xe tc rxe txe userprops docvar pnseclvl "
    "levelnumbers leveltext listname wgrffmtfilter do background".split()
)
_READ_STARRED = frozenset(
    "fldinst shpinst shptxt dptxbxtext pn pntext listtext footnote ud result shprslt nesttableprops cs".split()
)
_SIGNS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ", "zwj": "", "zwnj": "",
}  # fmt: skip
_ESCAPED = {"~": "\u00a0", "_": "-", "{": "{", "}": "}", "\\": "\\", "\n": "\f", "\r": "\f"}
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250",
    2: "cp1252",
}  # fmt: skip
_BEFORE = b" \t\r\n\x00\xef\xbb\xbf"  # what programs put before the first brace
_FIELD_OF_SIGN = re.compile(
    r"\s*SYMBOL\s+(\d{1,5}|0x[0-9a-f]{1,4})\b(?:.*?\\+f\s*\"?([^\"\\]*))?", re.IGNORECASE | re.DOTALL
)
_DEEPEST = 2000
_CLAUSE = 120
_NUMBER = re.compile(r"(?:[^\W_]{1,4}|§ ?\d+|\d+(?:\.\d+)*)[.)]?|\([^\W_]{1,4}\)")


@dataclass(slots=True)
class _State:
    """What a group inherits."""

    target: str = "text"  # text, skip, fonts, styles, info, title, author, created, number, note, head
    font: int = 0
    is_hidden: bool = False
    is_raised: bool = False
    skips: int = 1  # characters that follow \u for programs that do not know it
    starred: bool = False


@dataclass(slots=True)
class _Row:
    cells: list[Cell] = field(default_factory=list)
    spans: list[tuple[bool, bool, bool, bool]] = field(default_factory=list)  # (first, next across; first, next down)


def read_rtf(content: bytes) -> ParsedText:
    """Read the text; notes stand behind the paragraph that refers to them, headers once."""
    content = content.lstrip(_BEFORE)
    if not content.startswith(b"{\\rtf"):
        raise UnreadableError("is no RTF: it does not begin with {\\rtf")
    reader = _Reader()
    reader.read(content)
    info = {key: one_line("".join(parts)) for key, parts in reader.info.items()}
    day = reader.day if reader.day[0] else (0, 0, 0)
    date = "-".join(f"{part:02}" for part in day) if all(day) else ""
    return reader.builder.parsed(info.get("title", ""), common({"author": info.get("author", ""), "date": date}))


class _Reader:
    """Follows groups and control words, and gives paragraphs to a builder."""

    def __init__(self) -> None:
        self.builder = Builder()
        self.info: dict[str, list[str]] = {"title": [], "author": []}
        self.day = (0, 0, 0)
        self._state = _State()
        self._stack: list[tuple[_State, bool]] = []
        self._text: list[str] = []
        self._raised: list[str] = []
        self._number: list[str] = []
        self._notes: list[str] = []
        self._counted = 0
        self._outer: list[tuple[list[str], int, bool]] = []
        self._items: list[Item] = []
        self._level = 0
        self._levels: dict[int, int] = {}
        self._style = ("", 0, -1)  # name, number, outline
        self._fonts: dict[int, tuple[str, str]] = {}  # number -> (encoding, name)
        self._font_name: list[str] = []
        self._encoding = "cp1252"
        self._bytes = bytearray()
        self._pending = 0  # characters to skip behind \u
        self._half = ""
        self._in_table = False
        self._cell: list[str] = []
        self._row = _Row()
        self._next_span = (False, False, False, False)
        self._rows: list[_Row] = []
        self._heads: dict[str, None] = {}
        self._field: list[str] = []
        self._is_signed = False  # the field that is read shows a sign, whatever its result says

    def read(self, content: bytes) -> None:
        """Read the whole file; what follows its last group is ignored."""
        at, opened = content.find(b"{"), False
        while at < len(content):
            found = _TOKEN.match(content, at)
            if found is None:
                at += 1
                continue
            at = found.end()
            word, number, code, escaped, brace, text = found.groups()
            is_start = opened
            opened = brace == b"{" or (opened and not any(found.groups()))
            if brace == b"{":
                self._flush_bytes()
                if len(self._stack) > _DEEPEST:
                    raise UnreadableError("is nested too deeply")
                self._stack.append((self._state, False))
                self._state = replace(self._state, starred=False)
            elif brace == b"}":
                self._close()
                if not self._stack:
                    break
            elif word:
                name = word.decode("ascii")
                if name == "bin":
                    at += max(0, int(number or 0))
                self._word(name, int(number) if number else None)
            elif code:
                self._byte(int(code, 16))
            elif escaped == b"*":
                self._state.starred = is_start  # in the middle of a group it marks one word, not the group
            elif escaped:
                self._escape(escaped.decode("latin-1"))
            elif text:
                self._plain(text)
        self._flush_bytes()
        self._paragraph()
        self._end_table()
        self._end_list()
        for text in self._heads:
            self.builder.add(text, place="page header or footer")

    # --- groups

    def _close(self) -> None:
        self._flush_bytes()
        if not self._stack:
            return
        own, (self._state, is_apart) = self._state, self._stack.pop()
        if own.target != self._state.target:
            if own.target == "field":
                self._sign_of_field()
            if own.target in ("note", "head"):
                text = one_line("".join(self._text))
                self._text, self._level, self._in_table = self._outer.pop()
                if own.target == "note" and text:
                    self._notes.append(text)
                elif text and not re.fullmatch(r"\W*(?:page)?\W*\d*\W*", text, re.IGNORECASE):
                    self._heads[text] = None
            elif own.target == "fonts":
                self._font_name = []
        if is_apart:
            self._paragraph()

    def _word(self, name: str, number: int | None) -> None:
        state = self._state
        if name == "u" and number is not None:
            self._unicode(number)
            return
        if self._pending and name not in ("uc",):
            self._pending = 0
        self._flush_bytes()
        if state.starred:
            state.starred = False
            if name not in _READ_STARRED:
                state.target = "skip"
                return
        if name in _UNREAD:
            state.target = "styles" if name == "stylesheet" else "skip"
            return
        own = _WORDS.get(name)
        if own is not None:
            own(self, number)
        elif name in _SIGNS:
            self._add(_SIGNS[name])

    def _escape(self, sign: str) -> None:
        self._flush_bytes()
        if sign in "\r\n":
            self._par(None)
        elif sign in _ESCAPED:
            self._add(_ESCAPED[sign])

    # --- characters

    def _byte(self, code: int) -> None:
        if self._pending:
            self._pending -= 1
            return
        self._bytes.append(code)

    def _plain(self, text: bytes) -> None:
        if self._pending:
            skipped = min(self._pending, len(text))
            self._pending -= skipped
            text = text[skipped:]
        self._bytes += text
        if self._state.target == "styles":
            self._style_text(text)

    def _flush_bytes(self) -> None:
        if self._bytes:
            encoding, name = self._fonts.get(self._state.font, ("", ""))
            text = bytes(self._bytes).decode(encoding or self._encoding, "replace")
            self._bytes.clear()
            self._add(text, name)

    def _unicode(self, number: int) -> None:
        self._flush_bytes()
        code = number + 0x10000 if number < 0 else number
        sign = chr(code) if 0 <= code < 0x110000 else "\ufffd"
        if "\ud800" <= sign < "\udc00":
            self._half = sign
        elif "\udc00" <= sign < "\ue000":
            self._add((self._half + sign).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
            self._half = ""
        else:
            self._add(sign, self._fonts.get(self._state.font, ("", ""))[1])
        self._pending = self._state.skips

    def _add(self, text: str, font: str = "") -> None:
        state = self._state
        if state.target in ("text", "note", "head"):
            if not state.is_hidden:
                text = in_font(text, font)
                self._text.append(raised(text) if state.is_raised else text)
        elif state.target == "number":
            self._number.append(text)
        elif state.target == "field":
            self._field.append(text)
        elif state.target in self.info:
            self.info[state.target].append(text)
        elif state.target == "fonts":
            self._font_name.append(text)
            number = state.font
            encoding = self._fonts.get(number, ("", ""))[0]
            self._fonts[number] = (encoding, one_line("".join(self._font_name).split(";")[0]))
            if ";" in text:
                self._font_name = []

    def _sign_of_field(self) -> None:
        """Add the sign that a field of one shows, by its instruction: programs leave its result empty."""
        found = _FIELD_OF_SIGN.match("".join(self._field))
        self._field, self._is_signed = [], found is not None
        if found:
            self._add(symbol(int(found[1], 0), (found[2] or "").strip()))

    # --- styles

    def _style_text(self, text: bytes) -> None:
        name, number, outline = self._style
        name += text.decode("latin-1")
        if ";" in name:
            found = re.match(r"\s*heading (\d)", name, re.IGNORECASE)
            if name.split(";")[0].strip().casefold() == "title":
                self._levels[number] = 1
            elif 0 <= outline < 9 or found:
                self._levels[number] = min(6, outline + 1 if 0 <= outline < 9 else int(found[1]) if found else 6)
            name, outline = "", -1
            number = 0
        self._style = (name, number, outline)

    # --- paragraphs

    def _par(self, _: int | None) -> None:
        if self._state.target in ("note", "head"):
            self._text.append(" ")
        elif self._state.target == "text":
            if self._in_table:
                self._text.append(" ")
            else:
                self._paragraph()

    def _paragraph(self) -> None:
        """End a paragraph outside of tables."""
        text = "".join(self._text).strip()
        number = one_line("".join(self._number))
        self._text, self._number = [], []
        if text:
            self._end_table()
            is_number = bool(_NUMBER.fullmatch(number))
            if number and not self._level and len(text) <= _CLAUSE:
                self._items.append(Item(text, number if is_number else ""))
            else:
                self._end_list()
                shown = f"{number} {text}" if is_number else text
                place = clause(number) if is_number and not self._level else ""
                self.builder.add(shown, self._level, place=place)
        self._add_notes()

    def _add_notes(self) -> None:
        notes, self._notes = self._notes, []
        if notes:
            self._end_list()
        for note in notes:
            self._counted += 1
            self.builder.note(str(self._counted), note)

    def _end_list(self) -> None:
        items, self._items = self._items, []
        self.builder.items(items)

    # --- tables

    def _end_cell(self, _: int | None) -> None:
        if self._state.target == "text":
            number = one_line("".join(self._number))
            text = one_line("".join(self._text))
            self._row.cells.append(Cell(f"{number} {text}" if _NUMBER.fullmatch(number) else text))
            self._text, self._number = [], []

    def _end_row(self, _: int | None) -> None:
        if self._state.target == "text" and self._row.cells:
            self._end_list()
            self._rows.append(self._row)
            self._row = _Row([], list(self._row.spans))
        self._in_table = False

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if self._row.cells:  # a row that never ended
            rows.append(self._row)
            self._row = _Row()
        made: list[list[Cell]] = []
        above: dict[int, tuple[int, int]] = {}
        for row in rows:
            line: list[Cell] = []
            for column, cell in enumerate(row.cells):
                _, is_next, is_first_down, is_down = row.spans[column] if column < len(row.spans) else (False,) * 4
                if is_next and line:
                    line[-1] = replace(line[-1], columns=line[-1].columns + 1)
                elif is_down and column in above:
                    at, place = above[column]
                    made[at][place] = replace(made[at][place], rows=len(made) - at + 1)
                else:
                    if is_first_down:
                        above[column] = (len(made), len(line))
                    line.append(cell)
            made.append(line)
        if made:
            self._end_list()
            if max(map(len, made)) == 1:
                for line in made:
                    for cell in line:
                        self.builder.add(cell.text)
            else:
                self.builder.table(made)


def _to(target: str) -> Callable[[_Reader, int | None], None]:
    def turn(reader: _Reader, _: int | None) -> None:
        if reader._state.target == "skip":
            return
        if target in ("note", "head"):
            reader._outer.append((reader._text, reader._level, reader._in_table))
            reader._text = []
        reader._state.target = target

    return turn


def _apart(reader: _Reader, _: int | None) -> None:
    """A text box: its text is a paragraph of its own."""
    if reader._state.target == "skip":
        return
    reader._state.target = "text"
    if reader._stack:
        before = reader._stack[-1][0]
        reader._stack[-1] = (before, True)
    if not reader._in_table:
        reader._paragraph()


def _result(reader: _Reader, _: int | None) -> None:
    if reader._is_signed:
        reader._state.target, reader._is_signed = "skip", False


def _pard(reader: _Reader, _: int | None) -> None:
    if reader._state.target == "text":
        reader._level, reader._in_table = 0, False


def _plain_format(reader: _Reader, _: int | None) -> None:
    reader._state.is_hidden = reader._state.is_raised = False


def _in_table(reader: _Reader, _: int | None) -> None:
    if reader._state.target == "text":
        if (
            not reader._in_table
            and not reader._row.cells
            and not reader._rows
            and reader._text
            and one_line("".join(reader._text))
        ):
            reader._paragraph()
        reader._in_table = True


def _new_row(reader: _Reader, _: int | None) -> None:
    reader._row.spans = []
    reader._next_span = (False, False, False, False)


def _span(place: int) -> Callable[[_Reader, int | None], None]:
    def mark(reader: _Reader, _: int | None) -> None:
        own = list(reader._next_span)
        own[place] = True
        reader._next_span = (own[0], own[1], own[2], own[3])

    return mark


def _cell_edge(reader: _Reader, _: int | None) -> None:
    reader._row.spans.append(reader._next_span)
    reader._next_span = (False, False, False, False)


def _font(reader: _Reader, number: int | None) -> None:
    reader._state.font = number or 0


def _charset(reader: _Reader, number: int | None) -> None:
    if reader._state.target == "fonts":
        name = reader._fonts.get(reader._state.font, ("", ""))[1]
        reader._fonts[reader._state.font] = (_CHARSETS.get(number or 0, ""), name)


def _code_page(reader: _Reader, number: int | None) -> None:
    try:
        reader._encoding = codecs.lookup("utf-8" if number == 65001 else f"cp{number}").name
    except LookupError:
        return


def _style_of(reader: _Reader, number: int | None) -> None:
    if reader._state.target == "styles":
        name, _, outline = reader._style
        reader._style = (name, number or 0, outline)
    elif reader._state.target == "text":
        reader._level = reader._levels.get(number or 0, 0)


def _outline(reader: _Reader, number: int | None) -> None:
    if reader._state.target == "styles":
        name, own, _ = reader._style
        reader._style = (name, own, -1 if number is None else number)
    elif reader._state.target == "text":
        reader._level = min(6, number + 1) if number is not None and 0 <= number < 9 else 0


def _set(name: str, value: bool | None = None) -> Callable[[_Reader, int | None], None]:
    def turn(reader: _Reader, number: int | None) -> None:
        setattr(reader._state, name, number != 0 if value is None else value)

    return turn


def _skips(reader: _Reader, number: int | None) -> None:
    reader._state.skips = max(0, min(number if number is not None else 1, 16))


def _part_of_day(place: int) -> Callable[[_Reader, int | None], None]:
    def note(reader: _Reader, number: int | None) -> None:
        if reader._state.target == "created":
            day = list(reader.day)
            day[place] = number or 0
            reader.day = (day[0], day[1], day[2])

    return note


_WORDS: dict[str, Callable[[_Reader, int | None], None]] = {
    "par": _Reader._par, "sect": _Reader._par, "page": _Reader._par, "column": _Reader._par,
    "cell": _Reader._end_cell, "row": _Reader._end_row,
    "nestcell": lambda reader, _: reader._add(" "), "nestrow": lambda reader, _: reader._add(" "),
    "pard": _pard, "plain": _plain_format, "intbl": _in_table, "trowd": _new_row, "cellx": _cell_edge,
    "clmgf": _span(0), "clmrg": _span(1), "clvmgf": _span(2), "clvmrg": _span(3),
    "fonttbl": _to("fonts"), "info": _to("info"), "title": _to("title"), "author": _to("author"),
    "creatim": _to("created"), "revtim": _to("created"),
    "fldinst": _to("field"), "fldrslt": _result,
    "footnote": _to("note"), "pntext": _to("number"), "listtext": _to("number"),
    "header": _to("head"), "headerl": _to("head"), "headerr": _to("head"), "headerf": _to("head"),
    "footer": _to("head"), "footerl": _to("head"), "footerr": _to("head"), "footerf": _to("head"),
    "shptxt": _apart, "dptxbxtext": _apart,
    "f": _font, "fcharset": _charset, "ansicpg": _code_page,
    "mac": lambda reader, _: setattr(reader, "_encoding", "mac_roman"),
    "s": _style_of, "outlinelevel": _outline,
    "v": _set("is_hidden"), "deleted": _set("is_hidden"),
    "super": _set("is_raised"), "up": _set("is_raised"), "nosupersub": _set("is_raised", False),
    "sub": _set("is_raised", False),
    "uc": _skips, "yr": _part_of_day(0), "mo": _part_of_day(1), "dy": _part_of_day(2),
}  # fmt: skip
