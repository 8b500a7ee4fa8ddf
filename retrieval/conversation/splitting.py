"""One message becomes the questions in it."""

import re

from retrieval.conversation.base import count_content
from retrieval.text import QUESTION_WORD

_ASKING = re.compile(QUESTION_WORD, re.IGNORECASE)
_ALSO = re.compile(rf",? (?:and|and also|as well as) (?={QUESTION_WORD})", re.IGNORECASE)
_COMMA = re.compile(rf", (?={QUESTION_WORD})", re.IGNORECASE)
_NEXT = re.compile(rf"(?<=\?)\s+(?:(?:and|but|also),? (?={QUESTION_WORD}))?(?=\S)", re.IGNORECASE)
_FACT = (
    r"(?:[\w-]+ ){0,2}(?:hours|fees?|prices?|costs?|rent|deposit|rates?|fares?|address|phone|numbers?|e-?mail|website|"
    r"dates?|deadline|times?|location|venue|place|size|area|weight|height|length|depth|width|speed|power|capacity|duration|dose|"
    r"dosage|age|name|author|owner|warranty|period)"
)
# "opening hours and yearly fee of the pool": two facts of one thing
_FACTS = re.compile(
    rf"^(?:what(?:['’]?s| is| are| was| were) )?(?:the )?(?P<one>{_FACT}) and (?:the )?(?P<other>{_FACT}) "
    r"(?P<of>(?:of|for|at) [^?,]{3,60})\W*$",
    re.IGNORECASE,
)
_IN = r"(?: (?:in terms of|with regard to|regarding|concerning|by|in|on|for) (?P<topic>[^?!.]+))?\W*$"
_PAIR = r"(?P<one>[^?!.]{2,60}?) (?:and|with|to|against|or|versus|vs\.?) (?P<other>[^?!.]{2,60}?)"
_OTHER = r"(?P<other>[^?!.]{2,60}?)"
_COMPARISONS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bcompar(?:e|ing|ison (?:of|between)) {_PAIR}{_IN}",
        rf"\bdifferences? between {_PAIR}{_IN}",
        rf"\bhow (?:do|does|did|is|are) {_PAIR} (?:differ|compare|different)\b{_IN}",
        rf"\bhow (?:do|does|did|is|are) (?P<one>[^?!.]{{2,60}}?) (?:differ(?:ent)? from|compare (?:with|to)) "
        rf"{_OTHER}{_IN}",
        rf"^(?P<one>[\w '’-]{{2,60}}?) (?:versus|vs\.?) {_OTHER}{_IN}",
    )
]
_POINTING = re.compile(r"(?:those|that|these|this|it|them|him|her|others?|each other)\b", re.IGNORECASE)
# "How does the new policy differ from the old one?": editions of one thing
_EDITION = re.compile(
    r"\b(?:old|older|new|newer|earlier|previous|prior|last|former|first|second|original|current|latest) "
    r"(?:ones?|editions?|versions?|releases?|drafts?|revisions?)$|"
    r"^(?:the )?(?:last|previous) (?:year|month)(?:['’]s)?$",
    re.IGNORECASE,
)
_MOST_QUESTIONS = 6  # in one message that are answered each


def questions(message: str) -> list[str]:
    """Return the questions in a message, six at the most; the message itself where there is only one."""
    parts = _NEXT.split(message.strip())
    if len(parts) == 1:
        parts = [half.strip() for half in _ALSO.split(message.strip(), maxsplit=1)]
        own = len(parts) == 2 and _ASKING.match(parts[0]) and _is_whole(parts[0])
        if not (own and count_content(parts[1])):
            return _facts(message)
        before = [part.strip() for part in _COMMA.split(parts[0].rstrip(",;"))]
        before = before if all(map(_is_whole, before)) else [parts[0].rstrip(",;")]
        return [*(f"{part}?" for part in before), parts[1]]
    several = _asks(parts[0]) and all(part.endswith("?") for part in parts)
    return parts if several and len(parts) <= _MOST_QUESTIONS else [message]


def _facts(message: str) -> list[str]:
    """Return a question for each of two facts that a message asks of one thing; else the message itself."""
    found = _FACTS.match(message.strip())
    if found is None:
        return [message]
    return [f"What is the {found[fact]} {found['of']}?" for fact in ("one", "other")]


def _is_whole(part: str) -> bool:
    """Tell whether a part says enough to be a question: "when is the AGM", but not "who wrote"."""
    return count_content(part) > (0 if len(part.split()) > 3 else 1)


def compared(message: str) -> list[str]:
    """Return one question for each of two things that a message compares; nothing where it compares none.

    >>> compared("Compare the rent of the flat and the house")
    ['the rent of the flat', 'the rent of the house']
    """
    found = next(filter(None, (form.search(message.strip()) for form in _COMPARISONS)), None)
    if found is None:
        return []
    said = {name: (text or "").strip(" ?!.,") for name, text in found.groupdict().items()}
    one, other, topic = said["one"], said["other"], said.get("topic", "")
    if _POINTING.match(other) or _EDITION.search(other):
        return []
    if count_content(one) == 1 and count_content(other) > 1:
        one = f"{one} {other.split()[-1]}"  # "the Team and Enterprise plans"
    of, _, last = one.rpartition(" of ")
    if of and " of " not in other:
        one, other = f"{of} of {last}", f"{of} of {other}"
    return [f"{each} {topic}".strip() for each in (one, other)]


def _asks(part: str) -> bool:
    return part.endswith("?") and count_content(part) > 0
