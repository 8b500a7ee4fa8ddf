"""Subtitles (.srt, .vtt) -> what is said, sentence by sentence as far as cues allow; the place is the time."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.text import one_line

_ENOUGH = 240  # characters after which a sentence's end ends a block
_MOST = 900  # characters after which any cue's end does
_PAUSE = 4_000  # milliseconds of silence that end a block
_ROLLING = 0.3  # of the cues repeat a line of the one before: captions that roll up line by line
_ENDS = (".", "!", "?", "…", "”", '"')
_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"[ \t:]*{_CLOCK}[ \t]*-->[ \t:]*{_CLOCK}")
_SRT_MARKS = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|c|v)(?:[ .][^<>\n]*)?>|\{\\[^{}\n]*\}|\{\d+\}\{\d+\}", re.IGNORECASE
)
_VTT_MARKS = re.compile(r"</?(?:[ibuvc]|ruby|rt|lang)(?:[ .\t][^<>\n]*)?>|<\d[\d:.]*>", re.IGNORECASE)


@dataclass(slots=True)
class _Cue:
    """What is shown from start to end, in milliseconds."""

    start: int
    end: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def read_subtitles(text: str) -> ParsedText:
    """Read the cues; about a paragraph of them makes a block, from the first's start to the last's end."""
    is_web = text.lstrip("\ufeff \n").startswith("WEBVTT")
    cues = list(_cues(text, is_web))
    if not cues and text.strip() and "-->" not in text:
        raise UnreadableError("holds no subtitles: nothing in it says when it is shown")
    builder = Builder()
    for group in _paragraphs(_unrolled(cues)):
        builder.add("\n".join(cue.text for cue in group), place=_span(group[0].start, group[-1].end))
    return builder.parsed()


def _cues(text: str, is_web: bool) -> Iterator[_Cue]:
    """Yield the cues that say something. A cue ends at an empty line, or where the next one's times stand."""
    cue: _Cue | None = None
    before = ""  # the line above a time: a number or name, no text
    for raw in [*text.split("\n"), ""]:
        times = _TIMES.match(raw)
        if times:
            if cue is not None and cue.lines and cue.lines[-1] == before and before.isdigit():
                cue.lines.pop()  # no empty line above the next cue's number
            if cue is not None and cue.lines:
                yield cue
            numbers = times.groups()
            cue = _Cue(_milliseconds(numbers[:4]), _milliseconds(numbers[4:]), [])
        elif not raw.strip() and not (cue is not None and not cue.lines and raw):
            if cue is not None and cue.lines:
                yield cue
            cue = None
        elif cue is not None:
            shown = html.unescape(_VTT_MARKS.sub("", raw)) if is_web else _SRT_MARKS.sub("", raw)
            for line in shown.split("\\N"):
                if one_line(line):
                    cue.lines.append(one_line(line))
        before = one_line(raw)


def _milliseconds(numbers: Sequence[str | None]) -> int:
    hours, minutes, seconds = (int(number or 0) for number in numbers[:3])
    return (hours * 3600 + minutes * 60 + seconds) * 1000 + int((numbers[3] or "0").ljust(3, "0"))


def _unrolled(cues: Sequence[_Cue]) -> list[_Cue]:
    """Return cues that show each line once, where they roll up line by line."""
    repeating = sum(any(line in before.lines for line in cue.lines) for before, cue in pairwise(cues))
    if repeating < 2 or repeating < _ROLLING * len(cues):
        return list(cues)
    unrolled: list[_Cue] = []
    shown: list[str] = []
    for cue in cues:
        fresh = [line for line in cue.lines if line not in shown]
        shown = cue.lines
        if fresh:
            unrolled.append(_Cue(cue.start, cue.end, fresh))
        elif unrolled:
            unrolled[-1].end = cue.end
    return unrolled


def _paragraphs(cues: Sequence[_Cue]) -> Iterator[list[_Cue]]:
    group: list[_Cue] = []
    length = 0
    for cue in cues:
        said = group[-1].text if group else ""
        is_full = length > _MOST or (length > _ENOUGH and said.endswith(_ENDS))
        if group and (is_full or cue.start - group[-1].end > _PAUSE):
            yield group
            group, length = [], 0
        group.append(cue)
        length += len(cue.text)
    if group:
        yield group


def _span(start: int, end: int) -> str:
    return f"{_time(start)}–{_time(end)}"


def _time(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
