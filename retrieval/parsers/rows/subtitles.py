"""Subtitles (.srt, .vtt) -> what is said, sentence by sentence as far as cues allow; the place is the time.

Knows nothing about other formats.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pysubs2

from retrieval.parsers.base import Builder, ParsedText
from retrieval.text import one_line

_ENOUGH = 240  # characters after which a sentence's end ends a block
_MOST = 900  # characters after which any cue's end does
_PAUSE = 4_000  # milliseconds of silence that end a block
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")
_NO_HOURS = re.compile(r"(?<!\d):+(?=\d\d:\d\d[.,]\d\d)")
_ENDS = (".", "!", "?", "…", "”", '"')


def read_subtitles(text: str) -> ParsedText:
    """Read the cues; about a paragraph of them makes a block, from the first's start to the last's end."""
    kind = "vtt" if text.lstrip().startswith("WEBVTT") else "srt"
    text = _EMPTY_LINES.sub("\n\n", text)  # pysubs2 takes time in their number squared
    text = _NO_HOURS.sub("", text)  # and fails where nothing stands before the colon
    subtitles = pysubs2.SSAFile.from_string(text, kind, keep_unknown_html_tags=False)
    builder = Builder()
    for cues in _paragraphs([cue for cue in subtitles if cue.plaintext.strip() and not cue.is_comment]):
        lines = (one_line(line) for cue in cues for line in cue.plaintext.splitlines())
        builder.add("\n".join(lines), place=_span(cues[0].start, cues[-1].end))
    return builder.parsed()


def _paragraphs(cues: Sequence[Any]) -> Iterator[list[Any]]:
    group: list[Any] = []
    length = 0
    for cue in cues:
        said = group[-1].plaintext.rstrip() if group else ""
        is_full = length > _MOST or (length > _ENOUGH and said.endswith(_ENDS))
        if group and (is_full or cue.start - group[-1].end > _PAUSE):
            yield group
            group, length = [], 0
        group.append(cue)
        length += len(cue.plaintext)
    if group:
        yield group


def _span(start: int, end: int) -> str:
    return f"{_time(start)}–{_time(end)}"


def _time(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
