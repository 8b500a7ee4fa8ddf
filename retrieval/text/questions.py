"""Questions made of a document's own words, by rule: no model writes them.

A question is only as good as its rule, so whoever shows one asks it first (the page), or lets a person decide (drafts).
"""

import re
from collections.abc import Iterator

from retrieval.text.patterns import MONTHS
from retrieval.text.terms import STOP_WORDS, words

_WORD = r"[A-Z][\w’'-]+"
_NAME = rf"{_WORD}(?: (?:al-|bin |de |van )?{_WORD}){{1,2}}"
_SAID = {
    "said": "say", "stated": "say", "argued": "argue", "claimed": "claim", "declared": "declare",
    "predicted": "predict", "announced": "announce", "warned": "warn of", "explained": "explain", "wrote": "write",
    "told": "say", "urged": "urge", "added": "say", "found": "find", "reported": "report",
}  # fmt: skip
_SPEAKER = re.compile(rf"\b({_NAME})(?:,[^,.“”]{{3,60}},)? (?:also )?({'|'.join(_SAID)})\b")
_SPOKEN = re.compile(rf"\b({'|'.join(_SAID)})[^.“”]{{0,60}}?, ({_NAME})\.")
_OFFICE = re.compile(r"^(?:(?:Foreign|Defense|Defence|Prime|Vice|The) )*(?:Minister|President|Secretary|Chairman) ")
_ROLE = re.compile(rf"(?<![\w’'-] )(?<!\) )\b({_NAME}), (?:an?|the) [^.“”;]{{4,80}}?,")
_ACRONYM = re.compile(rf"\b{_WORD}(?: (?:of |for |the |and )*{_WORD})+ \(([A-Z]{{2,8}})\)")
_DATE = re.compile(rf"\b[Ii]n ((?:(?:{'|'.join(MONTHS)}) )?[12]\d{{3}})\b")
_BE = r"(is|are|was|were)"
_SUBJECT = r"^((?:The |An? )?[^,;:.“”\"()]{3,60}?)"
_DATED = re.compile(rf"{_SUBJECT} {_BE} ([^,;:.“”\"()]{{3,60}}?) (?:in|on) (?:\w+ )?[12]\d{{3}}\b")
_MADE_BY = re.compile(rf"{_SUBJECT} {_BE} (\w+ed|made|written|built|led) by [A-Z]")
_DEFINED = re.compile(rf"{_SUBJECT} {_BE} (?:an?|the|known as|used for|called) ")
_PRONOUNS = frozenset("he she it they this that these those there we i you who what which".split())
_POINTING = frozenset("first second third fourth fifth last next former latter other others one ones two same".split())
_OPENERS = STOP_WORDS | {"however", "meanwhile", "also", "still", "later", "yesterday", "today"}  # not of a name


def sentence_questions(sentence: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, question) of one sentence, at most one of a kind: what, when, who, said, role, acronym, date."""
    made = {
        "what": _what(sentence), "when": _when(sentence), "who": _who(sentence), "said": _said(sentence),
        "role": _role(sentence), "acronym": _acronym(sentence), "date": _date(sentence),
    }  # fmt: skip
    yield from ((kind, question) for kind, question in made.items() if question)


def heading_question(heading: str) -> str:
    """Return the question that a heading is, or one about it; "" for headings too short or long to ask about."""
    if heading.endswith("?"):
        return heading if len(heading) < 90 else ""
    return f"What does “{heading}” say?" if 3 < len(heading) < 60 else ""


def _said(sentence: str) -> str:
    match = _SPEAKER.search(sentence)
    name, verb = (match[1], match[2]) if match else ("", "")
    if not match and (match := _SPOKEN.search(sentence)):
        name, verb = match[2], match[1]
    speaker = _OFFICE.sub("", name).split()
    while speaker and speaker[0].lower() in _OPENERS:
        speaker.pop(0)
    return f"What did {' '.join(speaker)} {_SAID[verb]}?" if speaker else ""


def _when(sentence: str) -> str:
    match = _DATED.match(sentence)
    return f"When {match[2]} {_inside(match[1])} {match[3]}?" if match and _names(match[1]) else ""


def _who(sentence: str) -> str:
    match = _MADE_BY.match(sentence)
    return f"Who {match[2]} {_inside(match[1])} {match[3]} by?" if match and _names(match[1]) else ""


def _what(sentence: str) -> str:
    match = _DEFINED.match(sentence)
    return f"What {match[2]} {_inside(match[1])}?" if match and _names(match[1]) else ""


def _role(sentence: str) -> str:
    match = _ROLE.search(sentence)
    return f"Who is {_OFFICE.sub('', match[1])}?" if match else ""


def _acronym(sentence: str) -> str:
    match = _ACRONYM.search(sentence)
    return f"What does {match[1]} stand for?" if match else ""


def _date(sentence: str) -> str:
    match = _DATE.search(sentence)
    return f"What happened in {match[1]}?" if match else ""


def _inside(subject: str) -> str:
    """Write a subject as inside a sentence: an article in small letters."""
    article, blank, rest = subject.partition(" ")
    return f"{article.lower()}{blank}{rest}" if article in ("The", "A", "An") else subject


def _names(subject: str) -> bool:
    """Tell whether a subject names something by itself."""
    every = words(subject)
    return bool(set(every) - STOP_WORDS - _POINTING) and every[0] not in _PRONOUNS
