"""What people added to a page: values of form fields, text typed onto it, comments. Scripts of forms never run."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pypdfium2 import raw

from retrieval.parsers.pdf.lines import Box, Line, turned
from retrieval.text import one_line, printable

_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13
_MOST = 5000  # annotations of a page
_LARGEST = 14.0  # points: a value's letters, in a field that is higher
_COMMENTS = frozenset(
    (raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE, raw.FPDF_ANNOT_SQUIGGLY,
     raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_CARET)
)  # fmt: skip
_TEXTS = frozenset((raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX))
_CHECKED = {
    raw.FPDF_FORMFIELD_CHECKBOX: ("☐", "☒"),
    raw.FPDF_FORMFIELD_RADIOBUTTON: ("○", "◉"),
}


@dataclass(slots=True)
class Added:
    """What was added to a page: lines at their places, and comments, which stand beside it."""

    lines: list[Line] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def added(document: Any, page: Any, number: int, edges: Box, quarters: int = 0) -> Added:
    """Return what was filled in, typed and commented on a page. quarters: by which its text is turned."""
    found = Added()
    for index in range(min(_MOST, raw.FPDFPage_GetAnnotCount(page))):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if not raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
                _add(found, document, annotation, number, edges, quarters)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _add(found: Added, document: Any, annotation: Any, number: int, edges: Box, quarters: int) -> None:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind in _COMMENTS:
        found.comments += filter(None, [one_line(printable(_string(annotation, b"Contents")))])
        return
    if kind == raw.FPDF_ANNOT_WIDGET:
        text = _value(document.formenv, annotation) if document.formenv else _string(annotation, b"V")
    elif kind == raw.FPDF_ANNOT_FREETEXT:
        text = _string(annotation, b"Contents")
    else:
        return
    area = raw.FS_RECTF()
    shown = [one_line(each) for each in printable(text).split("\n")]
    if not any(shown) or not raw.FPDFAnnot_GetRect(annotation, area):
        return
    box = turned(Box(area.left, area.bottom, area.right, area.top), quarters)
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    if edges.left <= x <= edges.right and edges.bottom <= y <= edges.top:
        found.lines += _lines([each for each in shown if each], box, number)


def _lines(texts: Sequence[str], box: Box, number: int) -> Iterator[Line]:
    """Yield lines within a box, from its top; one alone stands in its middle."""
    step = (box.top - box.bottom) / len(texts)
    size = max(1.0, min(step, _LARGEST))
    for index, text in enumerate(texts):
        y = box.top - (index + 0.5) * step - 0.25 * size
        right = min(box.right, box.left + 0.5 * size * len(text))
        yield Line(text, number, box.left, max(right, box.left + 1), y, size, is_field=True)


def _value(form: Any, annotation: Any) -> str:
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _TEXTS:
        is_secret = raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD
        return "" if is_secret else _wide(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
    if kind in _CHECKED:
        return _CHECKED[kind][bool(raw.FPDFAnnot_IsChecked(form, annotation))]
    return ""


def _string(annotation: Any, key: bytes) -> str:
    return _wide(raw.FPDFAnnot_GetStringValue, annotation, key)


def _wide(get: Any, *arguments: Any) -> str:
    """Return what one of PDFium's functions writes as UTF-16."""
    size = get(*arguments, None, 0)
    if not 2 < size < 1 << 22:
        return ""
    buffer = ctypes.create_string_buffer(size)
    get(*arguments, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def placed(lines: Sequence[Line], values: Sequence[Line]) -> list[Line]:
    """Put values behind what stands left of them in their row, or else above them; a box before what it is of."""
    ordered = list(lines)
    for value in sorted(values, key=lambda line: (-line.y, line.left)):
        row = [each for each in ordered if abs(each.y - value.y) < 0.6 * max(each.size, value.size)]
        if row:
            value = replace(value, y=row[0].y)
        before = [each for each in row if each.left <= value.left]
        above = [each for each in ordered if each.y > value.y] if not row else []
        if before:
            last = max(before, key=lambda each: each.left)
        elif row:
            following = min(row, key=lambda each: each.left)
            ordered.insert(_index(ordered, following), value)
            continue
        elif above:
            last = min(above, key=lambda each: (each.y, -each.left))
        else:
            ordered.insert(0, value)
            continue
        ordered.insert(_index(ordered, last) + 1, value)
    return ordered


def _index(lines: Sequence[Line], wanted: Line) -> int:
    return next(index for index, line in enumerate(lines) if line is wanted)
