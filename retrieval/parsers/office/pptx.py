"""Presentations (PPTX) -> slide by slide: title, text, tables, notes. Knows nothing about other formats."""

import io
from collections.abc import Iterator
from typing import Any

import pptx
from pptx.shapes.group import GroupShape

from retrieval.parsers.base import Builder, ParsedText
from retrieval.parsers.metadata import common
from retrieval.parsers.office.archive import open_zip
from retrieval.parsers.office.properties import stated
from retrieval.text import one_line

_NO_TITLE = "PowerPoint Presentation"  # so it names every new file


def read_pptx(content: bytes) -> ParsedText:
    """Read every slide; the place of each block is its slide, or its slide's notes."""
    open_zip(content).close()  # checks the limits
    presentation = pptx.Presentation(io.BytesIO(content))
    builder = Builder()
    for number, slide in enumerate(presentation.slides, start=1):
        place = f"slide {number}"
        title = slide.shapes.title
        if title is not None:
            builder.add(one_line(title.text_frame.text), 1 if number == 1 else 2, place=place)
        for shape in _flat(slide.shapes):
            if title is None or shape.shape_id != title.shape_id:
                _add(builder, shape, place)
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if notes is not None:
            builder.add(_paragraphs(notes), place=f"{place}, notes")
    title, fields = stated(presentation)
    return builder.parsed("" if title == _NO_TITLE else title, common(fields))


def _flat(shapes: Any) -> Iterator[Any]:
    """Yield shapes in reading order, those of groups too: top to bottom, then left to right, as far as they say."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if isinstance(shape, GroupShape):  # shape_type fails for shapes without a geometry
            yield from _flat(shape.shapes)
        else:
            yield shape


def _add(builder: Builder, shape: Any, place: str) -> None:
    if shape.has_text_frame:
        text = _paragraphs(shape.text_frame)
        builder.add(text, by_line="\n" in text, place=place)
    elif getattr(shape, "has_table", False):
        rows = (" | ".join(one_line(cell.text) for cell in row.cells if cell.text.strip()) for row in shape.table.rows)
        builder.add("\n".join(filter(None, rows)), by_line=True, place=place)
    elif getattr(shape, "has_chart", False) and shape.chart.has_title and shape.chart.chart_title.has_text_frame:
        builder.add(one_line(shape.chart.chart_title.text_frame.text), place=place)


def _paragraphs(frame: Any) -> str:
    lines = (one_line(paragraph.text) for paragraph in frame.paragraphs)
    return "\n".join(filter(None, lines))
