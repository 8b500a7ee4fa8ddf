"""Who says what a quote says, and where that was reported, as far as the text itself states it.

A small grammar of verbs of saying, names and bracketed sources, for English. It would rather find nothing than the
wrong speaker: two candidates are none. Knows nothing about people, documents or how a quote was found.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from retrieval.records import Passage, Span
from retrieval.terms import STOP_WORDS

_UPPER = "".join(filter(str.isupper, map(chr, range(0x530))))  # Latin, Greek, Cyrillic
_SAID = (
    "said says stated states claimed claims declared declares argued argues alleged alleges announced announces added "
    "adds warned warns insisted insists explained explains confirmed confirms denied denies predicted predicts noted "
    "notes stressed stresses emphasi[sz]ed emphasi[sz]es wrote writes reported reports remarked commented asserted "
    "asserts contended contends maintained maintains suggested suggests concluded concludes replied responded "
    "acknowledged acknowledges admitted admits conceded recalled revealed testified complained proclaimed promised "
    "continued told tells observed observes counter(?:ed|s)"
)
_SAYING = "confirming adding saying claiming stating arguing warning insisting alleging declaring explaining"
_VERB = f"(?:{'|'.join(_SAID.split())})"
_INVITED = f"(?:{_VERB}|urged|asked|summed|summari[sz]ed|put)"  # what may lead up to `: “`
_ADVERBS = r"(?:\s(?:also|later|then|again|once|has|had|recently|publicly|repeatedly|famously|further|immediately))*"
_TITLE = r"(?:Mr|Mrs|Ms|Dr|Gen|Sen|Lt|Col|Prof|Gov|Rep|St|Jr|Sr)\."
_CAP = rf"(?:{_TITLE}|(?:[{_UPPER}]\.)+|[{_UPPER}](?![\w.])|[{_UPPER}](?:[\w&]|[’'-](?=\w))+)"
_NAME = rf"(?:{_CAP}(?:\s(?:(?:of|for|and|the|de|von|van|der|la|le|del|da|bin|ibn|al)\s){{0,2}}{_CAP}){{0,7}})(?!\w)"
_FULL_NAME = rf"(?:{_CAP}(?:\s(?:de|von|van|der|la|del|da|bin|ibn|al))?(?:\s{_CAP}){{1,4}})(?!\w)"
_BREAKS = (
    "about after against among and at because before between by during for from if in into like of on or over since "
    "than that though to under unless unlike until when where whereas whether which who whom whose with without"
)
_LEADING = rf"(?:(?!(?:{'|'.join(_BREAKS.split())})\b)[\w’'-]+\s){{0,5}}?"  # up to a name, in its own phrase
_TWO_CAPS = r"[A-Z][\w’-]+\s[A-Z][\w’-]+"
_BESIDE = rf"(?:,\s(?:an?|the|former|then|who|chief|head|now|\w+\sof)\b(?:(?!,\s{_TWO_CAPS},)[^;:.“”]){{1,120}},)?"
_WHAT = rf"""(?:
    {_VERB}(?:,[^,;:“”]{{1,60}},|\s(?:in|on|at|during|to|from|before)\s[^.;:“”]{{1,60}}?)?\sthat\b
    | (?:told|tells)\s[^.;:“”]{{1,40}}?\sthat\b
    | (?:said|says)\s(?:it|he|she|they|there|his|her|their|its|the)\b
    | {_VERB}(?:,\s\w+ing)?[,:]\s?“
    | {_INVITED}\b[^;:]{{1,300}}:\s?“
    | \w+ed\s[^;:“”]{{1,160}},\s(?:{"|".join(_SAYING.split())})\sthat\b
)"""
_FORWARD = re.compile(  # the speaker goes before the verb: "The chief, Ann Lee, said that", "”, Ann Lee said"
    rf"(?:^|[,;:—–]\s|”,?\s)(?P<lead>{_LEADING})(?P<name>{_NAME}){_BESIDE}{_ADVERBS}\s{_WHAT}"
    rf"|”,?\s(?P<lead2>{_LEADING})(?P<name2>{_NAME}){_BESIDE}{_ADVERBS}\s{_VERB}\b"
    rf"|,\s(?P<name3>{_FULL_NAME}),{_ADVERBS}\s{_WHAT}",
    re.VERBOSE,
)
_END = r"(?=\s*[,.;:(—–“]|\s*$|\s(?:in|on|at|during|to|last|this)\b)"
_BACKWARD = (
    re.compile(  # "”, said the minister Ann Lee", "” said the head of the centre, Ann Lee", ", claimed Ann Lee."
        rf"”,?\s{_VERB}\s(?P<lead>{_LEADING})(?P<name>{_NAME}){_END}"
        rf"|”,?\s{_VERB}\s(?:the|an?)\s[^.;:“”]{{1,120}}?,\s(?P<name2>{_FULL_NAME})(?=\s*[.,(]|\s*$)"
        rf"|,\s{_VERB}\s(?P<lead3>{_LEADING})(?P<name3>{_FULL_NAME})(?=\s*[.(]|\s*$)"
    )
)
_ACCORDING = re.compile(rf"\b[Aa]ccording\sto\s(?P<lead>{_LEADING})(?P<name>{_NAME})(?=\s*[,.;(]|\s*$)")
_PRONOUN = re.compile(
    rf"^(?:But\s|And\s)?(?:He|She){_ADVERBS}\s{_WHAT}|”,?\s(?:he|she){_ADVERBS}\s{_VERB}\b", re.VERBOSE
)
_OPENERS = frozenset("the but as while however meanwhile later then yet so still thus today yesterday".split())
_QUANTIFIERS = frozenset("every many none one two three four five several another neither either most".split())
_ROLE = re.compile(
    r"(?!(?:after|ever|never|however|over|under|other|later|for|nor)$)(?:[a-z-]*(?:er|or|ist|man|woman|person|ident|ian|head|"
    r"chief|ally|aide|critic|analyst|king|queen|official|secretary|expert|pope|ambassador|economist|general|agency|newspaper))$"
)
# A law "states that", nobody says it; months and days begin dates; a crowd has no name.
_NOT_SPEAKERS = re.compile(
    r"(?:Law|Theorem|Theory|Principle|Hypothesis|Act|Article|Section|Conjecture|Amendment|Treaty|Constitution|Clause|Rule|"
    r"Legend|Tradition|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|"
    r"July|August|September|October|November|December)s?$"
)
_GROUP = re.compile(r"\b(?:and|Ministry|Council|Committee|Agency|University|Party|House|Office|Bank|Union|Staff)\b")
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DATE = rf"(?:{_MONTH}\.?\s\d{{1,2}}|\d{{1,2}}\s{_MONTH})(?:,?\s\d{{4}})?"
_OUTLET = rf"(?:The\s)?[{_UPPER}][\w’'.&-]*(?:[\s,][\s]?[{_UPPER}\d][\w’'.&-]*|\s(?:of|and|the|de)){{0,6}}?"
_REPORTED = re.compile(
    rf"\((?:(?P<credit>Source:\s)(?P<name>{_OUTLET}(?:,\s{_DATE})?)|(?P<dated>{_OUTLET},\s{_DATE}(?:;\s{_OUTLET},\s{_DATE})?))"
    r"\)[.”\"]?\s*$"
)
_PRESS = re.compile(r"\b(?:[A-Z]{2,}|News|Post|Times|Daily|Press|Today|Herald|Novosti|Reuters|Agency)\b|\.[a-z]{2,3}\b")
_SPEECH = re.compile(rf"“|\b(?:{_VERB[3:-1]}|{'|'.join(_SAYING.split())})\b")
_QUOTATION = re.compile(r"“[^”]*(?:”|\Z)|(?<![\w\"])\"(?=\S)[^\"]*(?<=\S)\"(?!\w)")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


@dataclass(frozen=True, slots=True)
class Attribution:
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
    units = [_read(text, masked, unit) for unit in _units(masked, sentences) if unit.start < quote[1] - offset]
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
        for pattern in (_FORWARD, _BACKWARD, _ACCORDING)
        for match in pattern.finditer(squeezed)
        for start, end in _named(squeezed, match, masked)
    }
    found = {span for span in found if "(" not in text[slice(*span)]}
    speaker = _agreed(text, sorted(found))
    pronoun = not found and bool(_PRONOUN.search(squeezed))
    return replace(unit, speaker=speaker, source=_source(text, masked, unit), by_pronoun=pronoun)


def _named(said: str, match: re.Match[str], passage: str) -> Iterator[Span]:
    """Yield the span of a match's name, if it is one: not a crowd, a date, a law, or the tail of another phrase."""
    group = next(name for name, value in match.groupdict().items() if name.startswith("name") and value)
    lead = (match.groupdict().get(group.replace("name", "lead")) or "").split()
    start, end = match.span(group)
    words = said[start:end].split()
    while len(words) > 1 and words[0].lower() in _OPENERS:
        start += len(words.pop(0)) + 1
    beginner = words[0].lower()
    alone = len(words) == 1 or words[1] in ("of", "for", "and")
    common = start == 0 and alone and not _stands_inside(words[0], passage)
    led = not lead or lead[-1].lower() in _OPENERS or _ROLE.match(lead[-1]) or lead[-1].isdigit()
    refused = beginner in STOP_WORDS | _QUANTIFIERS or beginner in _BREAKS.split() or _NOT_SPEAKERS.search(words[-1])
    counted = {word.lower() for word in lead} & ((STOP_WORDS - _OPENERS - {"a", "an"}) | _QUANTIFIERS)
    if led and not (common or refused or counted):
        yield start, end


def _stands_inside(word: str, passage: str) -> bool:
    """Tell whether a capital is the word's own: within a sentence too, or "TASS". "Critics" may be anyone."""
    return len(word) > 1 and (word.isupper() or bool(re.search(rf"(?:[\w,]|\b[A-Z]\.)\s{re.escape(word)}\b", passage)))


def _source(text: str, masked: str, unit: _Unit) -> Span | None:
    """Find "(RIA Novosti, June 6)" at the end: behind speech, or with a name as the press has them; "(Source: …)"."""
    match = _REPORTED.search(text, unit.start, unit.end)
    if not match:
        return None
    group = "name" if match["credit"] else "dated"
    speech = _SPEECH.search(masked, unit.start, match.start())
    return match.span(group) if match["credit"] or speech or _PRESS.search(match[group]) else None


def _resolved(text: str, units: Sequence[_Unit]) -> Iterator[_Unit]:
    """Let "he" be who spoke right before, where that is one person and nobody else is named in full there."""
    before: _Unit | None = None
    for unit in units:
        if unit.by_pronoun and before and before.speaker and _is_alone(text, before):
            unit = replace(unit, speaker=before.speaker)
        yield unit
        before = unit


def _is_alone(text: str, unit: _Unit) -> bool:
    """Tell whether a unit's speaker is a person named in full, and the only one in it."""
    if unit.by_pronoun:
        return True  # who it is was settled before
    name = text[slice(*unit.speaker)] if unit.speaker else ""
    if " " not in name or _GROUP.search(name):
        return False
    others = re.findall(_FULL_NAME, _masked(text)[unit.start : unit.end])
    return all(name in other or other in name for other in others)
