"""Who says what a quote says, and where that was reported, as far as the text itself states it.

A small grammar of verbs of saying, names and bracketed sources, for English. It would rather find nothing than the
wrong speaker: two candidates are none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from retrieval.answering.attribution import speech
from retrieval.records import Passage, Span
from retrieval.text import STOP_WORDS

_QUOTATION = re.compile(r"“[^”]*(?:”|\Z)|(?<![\w\"])\"(?=\S)[^\"]*(?<=\S)\"(?!\w)")
_LEAD = 5  # words that tell who somebody is, before the name
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


class Attribution(NamedTuple):
    """Name of the speaker, and secondary source with its date; "" and None where the text states none.

    The spans are characters into the document's text: `document.text[start:end] == speaker`, always.
    """

    speaker: str = ""
    speaker_span: Span | None = None
    reported_in: str = ""
    reported_span: Span | None = None


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or several that one quotation runs through. start, end: characters into the passage's text."""

    start: int
    end: int
    speaker: Span | None = None
    source: Span | None = None
    by_pronoun: bool = False


def attribute(passage: Passage, quote: Span) -> Attribution:
    """Find who is said to say a quote and where. quote: whole sentences of the passage, characters into the document.

    A speaker is given when every sentence quoted has that one; a source when it stands behind the last of them and
    the sentences before it have none other.
    """
    text, offset = passage.text, passage.start
    masked = _masked(text)
    sentences = [(start - offset, end - offset) for start, end in passage.sentences]
    before = [unit for unit in _units(masked, sentences) if unit.start < quote[1] - offset]
    units: list[_Unit] = []
    while before and (before[-1].end > quote[0] - offset or units[0].by_pronoun):
        units.insert(0, _read(text, masked, before.pop()))
    quoted = [unit for unit in _resolved(text, units) if unit.end > quote[0] - offset]
    speaker = _agreed(text, [unit.speaker for unit in quoted])
    sources = {text[slice(*unit.source)] if unit.source else "" for unit in quoted}
    same = len(sources) == 1 or (speaker and len(sources) == 2 and not any(unit.source for unit in quoted[:-1]))
    source = quoted[-1].source if same else None
    return Attribution(*_cut(text, speaker, offset), *_cut(text, source, offset))


def _cut(text: str, span: Span | None, offset: int) -> tuple[str, Span | None]:
    """Return the words at a span of the passage, and where they stand in the document."""
    return (text[slice(*span)], (span[0] + offset, span[1] + offset)) if span else ("", None)


def _agreed(text: str, speakers: Sequence[Span | None]) -> Span | None:
    """Return the fullest name where all are one person's: "Ibrahim Kalin" and then "Kalin"."""
    known = [speaker for speaker in speakers if speaker]
    if not known or len(known) < len(speakers):
        return None
    fullest = max(known, key=lambda span: (span[1] - span[0], -span[0]))
    return fullest if all(_ends_with(text, fullest, each) for each in known) else None


def _ends_with(text: str, full: Span, short: Span) -> bool:
    return f" {text[slice(*full)]}".endswith(f" {text[slice(*short)]}")


def _masked(text: str) -> str:
    """Blank out, length kept, what is inside quotation marks and brackets, where no speaker of ours is named."""
    quiet = _QUOTATION.sub(lambda found: f"“{'_' * (len(found.group()) - 2)}”"[: len(found.group())], text)
    return _ASIDE.sub(lambda found: " " * len(found.group()), quiet)


def _units(masked: str, sentences: Sequence[Span]) -> Iterator[_Unit]:
    """Join the sentences that a quotation runs through."""
    begun: int | None = None
    for start, end in sentences:
        begun = start if begun is None else begun
        if masked.rfind("“", begun, end) <= masked.rfind("”", begun, end):
            yield _Unit(begun, end)
            begun = None
    if begun is not None:
        yield _Unit(begun, sentences[-1][1])


def _read(text: str, masked: str, unit: _Unit) -> _Unit:
    """Find the speaker and the source that a unit names itself."""
    said = re.sub(r"\s", " ", masked[unit.start : unit.end])
    said = re.sub(" (?= *[,.;:])| (?= +)", "\0", said)
    squeezed = said.replace("\0", "")
    places = [place for place, sign in enumerate(said, unit.start) if sign != "\0"]
    found = {
        (places[start], places[end - 1] + 1)
        for pattern in (speech.FORWARD, speech.BACKWARD, speech.ACCORDING, speech.OPINION)
        for match in pattern.finditer(squeezed)
        for start, end in _named(squeezed, match, masked)
    }
    found = {span for span in found if "(" not in text[slice(*span)]}
    speaker = _agreed(text, sorted(found))
    pronoun = not found and bool(speech.PRONOUN.search(squeezed))
    return replace(unit, speaker=speaker, source=_source(text, masked, unit), by_pronoun=pronoun)


def _named(said: str, match: re.Match[str], passage: str) -> Iterator[Span]:
    """Yield the span of a match's name, if it is one: not a crowd, a date, a law, or the tail of another phrase."""
    group = next(name for name, value in match.groupdict().items() if name.startswith("name") and value)
    lead = (match.groupdict().get(group.replace("name", "lead")) or "").split()
    start, end = match.span(group)
    words = said[start:end].split()
    while len(words) > 1 and words[0].lower() in speech.OPENERS:
        start += len(words.pop(0)) + 1
    beginner = words[0].lower()
    alone = len(words) == 1 or words[1] in ("of", "for", "and")
    common = start == 0 and alone and not _stands_inside(words[0], passage)
    described = len(words) > 1 and len(lead) > 1 and lead[0].lower() in ("the", "a", "an") and lead[-1].islower()
    led = (
        not lead or lead[-1].lower() in speech.OPENERS or speech.ROLE.match(lead[-1]) or lead[-1].isdigit() or described
    )
    refused = (
        beginner in STOP_WORDS | speech.QUANTIFIERS
        or beginner in speech.BREAKS.split()
        or speech.NOT_SPEAKERS.search(words[-1])
    )
    counted = {word.lower() for word in lead} & ((STOP_WORDS - speech.OPENERS - {"a", "an"}) | speech.QUANTIFIERS)
    paired = re.search(r"\band\s(?:his|her|its|their|the|an?)\s[^,;:]*,\s$", said[:start])
    if led and not (common or refused or counted or paired):
        yield start, end


def _stands_inside(word: str, passage: str) -> bool:
    """Tell whether a capital is the word's own: within a sentence too, or "TASS". "Critics" may be anyone."""
    return len(word) > 1 and (word.isupper() or bool(re.search(rf"(?:[\w,]|\b[A-Z]\.)\s{re.escape(word)}\b", passage)))


def _source(text: str, masked: str, unit: _Unit) -> Span | None:
    """Find "(RIA Novosti, June 6)" at the end: behind speech, or with a name as the press has them; "(Source: …)"."""
    match = speech.REPORTED.search(text, unit.start, unit.end)
    if not match:
        return _told(masked, unit)
    group = "name" if match["credit"] else "dated"
    spoken = speech.SPEECH.search(masked, unit.start, match.start())
    return match.span(group) if match["credit"] or spoken or speech.PRESS.search(match[group]) else None


def _told(masked: str, unit: _Unit) -> Span | None:
    """Find the one newspaper, agency or station that a unit says something was told to."""
    found = [match.span(match.lastgroup or 0) for match in speech.QUOTED_BY.finditer(masked, unit.start, unit.end)]
    for match in speech.TOLD.finditer(masked, unit.start, unit.end):
        group = "name2" if match["name2"] else "name"
        if match["kind"] or speech.KNOWN_PRESS.search(match[group]):
            found.append(match.span(group))
    return found[0] if len(found) == 1 else None


def _resolved(text: str, units: Sequence[_Unit]) -> Iterator[_Unit]:
    """Let "he" be who spoke right before, where that is one person and nobody else is named in full there."""
    before: _Unit | None = None
    for unit in units:
        if unit.by_pronoun and before:
            speaker = before.speaker if before.speaker and _is_alone(text, before) else _subject(text, before)
            unit = replace(unit, speaker=speaker)
        yield unit
        before = unit


def _subject(text: str, unit: _Unit) -> Span | None:
    """Return the person that a unit begins with, by a title or a role, where it names nobody else and nobody speaks."""
    masked = _masked(text)[: unit.end]
    names = [name for name in re.finditer(speech.FULL_NAME, masked) if name.start() >= unit.start]
    if len(names) != 1 or unit.speaker or unit.by_pronoun or speech.GROUP.search(names[0].group()):
        return None
    lead = masked[unit.start : names[0].start()].split()
    described = 0 < len(lead) <= _LEAD and speech.ROLE.match(lead[-1]) and all(map(str.islower, lead[1:]))
    titled = not lead and speech.TITLED.search(names[0].group())
    return names[0].span() if described or titled else None


def _is_alone(text: str, unit: _Unit) -> bool:
    """Tell whether a unit's speaker is a person named in full, and the only one in it."""
    if unit.by_pronoun:
        return True  # who it is was settled before
    name = text[slice(*unit.speaker)] if unit.speaker else ""
    if " " not in name or speech.GROUP.search(name):
        return False
    others = re.findall(speech.FULL_NAME, _masked(text)[unit.start : unit.end])
    return all(name in other or other in name for other in others)
