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
_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,][ \t]?(\d{1,3}))?\d*"
_TIMES = re.compile(rf"[ \t:]*{_CLOCK}[ \t]*--?>[ \t:]*{_CLOCK}")
_VOICE = re.compile(r"<v(?:\.[^ \t<>]*)?[ \t]+([^<>]*)>")
_READING_AID = re.compile(r"<rt\b[^<>]*>.*?(?:</rt>|(?=</ruby>)|$)")
_SRT_MARKS = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|c|v)(?:[ .][^<>\n]*)?>|\{\\[^{}\n]*\}|\{\d+\}\{\d+\}", re.IGNORECASE
)
_VTT_MARKS = re.compile(r"</?(?:[ibuvc]|ruby|rt|lang)(?:[ .\t][^<>\n]*)?>|<\d[\d:.]*>", re.IGNORECASE)


@dataclass(slots=True)
class _Cue:
    """What is shown from start to end, in milliseconds. voices: who says each line, "" where nothing tells."""

    start: int
    end: int
    lines: list[str]
    voices: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def add(self, line: str, voice: str = "") -> None:
        if line:
            self.lines.append(line)
            self.voices.append(voice)


def read_subtitles(text: str) -> ParsedText:
    """Read the cues; about a paragraph of them makes a block, from the first's start to the last's end."""
    is_web = text.lstrip("\ufeff \n").startswith("WEBVTT")
    cues = list(_cues(text, is_web))
    if not cues and text.strip() and "-->" not in text:
        raise UnreadableError("holds no subtitles: nothing in it says when it is shown")
    builder = Builder()
    for group in _paragraphs(_unrolled(cues)):
        builder.add("\n".join(_said(group)), place=_span(group[0].start, group[-1].end))
    return builder.parsed()


def _cues(text: str, is_web: bool) -> Iterator[_Cue]:
    """Yield the cues that say something. A cue ends where the next one's times stand; in WebVTT, at an empty line."""
    cue: _Cue | None = None
    last = -1  # number of the cue before
    above, before = "", ""  # the two lines above a time: the one next to it may be a number or name, no text
    for raw in text.split("\n"):
        times = _TIMES.match(raw)
        if times:
            own = before or above
            number = int(own) if own.isdigit() and len(own) < 10 else None
            if number is not None and (number in (last, last + 1) or not (above and before) or cue is None):
                if cue is not None and cue.lines and cue.lines[-1] == own and (before or number == last + 1):
                    cue.lines.pop()
                    cue.voices.pop()
                last = number
            if cue is not None and cue.lines:
                yield cue
            numbers = times.groups()
            cue = _Cue(_milliseconds(numbers[:4]), _milliseconds(numbers[4:]), [], [])
        elif is_web and not raw.strip():
            if cue is not None and cue.lines:
                yield cue
                cue = None
            cue = cue if raw else None
        elif cue is not None:
            _add_line(cue, raw, is_web)
        above, before = before, one_line(raw)
    if cue is not None and cue.lines:
        yield cue


def _add_line(cue: _Cue, raw: str, is_web: bool) -> None:
    if not is_web:
        for line in _SRT_MARKS.sub("", raw).split("\\N"):
            cue.add(one_line(line))
        return
    first, *said = _VOICE.split(_READING_AID.sub("", raw))
    voices = [cue.voices[-1] if cue.voices else "", *said[::2]]
    for voice, line in zip(voices, [first, *said[1::2]], strict=True):
        cue.add(one_line(html.unescape(_VTT_MARKS.sub("", line))), one_line(html.unescape(voice)))


def _said(cues: Sequence[_Cue]) -> Iterator[str]:
    """Yield the lines of cues, each speaker named where another one begins."""
    speaker = ""
    for cue in cues:
        for line, voice in zip(cue.lines, cue.voices, strict=True):
            yield f"{voice}: {line}" if voice and voice != speaker else line
            speaker = voice


def _milliseconds(numbers: Sequence[str | None]) -> int:
    hours, minutes, seconds = (int(number or 0) for number in numbers[:3])
    return (hours * 3600 + minutes * 60 + seconds) * 1000 + int((numbers[3] or "0").ljust(3, "0"))


def _unrolled(cues: Sequence[_Cue]) -> list[_Cue]:
    """Return cues that show each line once, where they roll up line by line or grow word by word."""
    repeating = sum(_goes_on(before, cue) for before, cue in pairwise(cues))
    is_short = 0 < repeating == len(cues) - 1 and all(len(cue.lines) > 1 for cue in cues[1:])
    if not is_short and (repeating < 2 or repeating < _ROLLING * len(cues)):
        return list(cues)
    unrolled: list[_Cue] = []
    shown: list[str] = []
    for cue in cues:
        fresh = _Cue(cue.start, cue.end, [], [])
        for line, voice in zip(cue.lines, cue.voices, strict=True):
            begun = next((each for each in shown if _is_grown(each, line)), None)
            if unrolled and begun in unrolled[-1].lines:
                unrolled[-1].lines[unrolled[-1].lines.index(str(begun))] = line
            elif line not in shown:
                fresh.add(line, voice)
        shown = cue.lines
        if fresh.lines:
            unrolled.append(fresh)
        elif unrolled:
            unrolled[-1].end = cue.end
    return unrolled


def _goes_on(before: _Cue, cue: _Cue) -> bool:
    return any(line in before.lines or any(_is_grown(each, line) for each in before.lines) for line in cue.lines)


def _is_grown(before: str, line: str) -> bool:
    """Tell whether a line is one that was shown before, and more words."""
    return line != before and line.startswith(before) and not line[len(before)].isalnum()


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
