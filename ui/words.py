"""The words in which answers, documents and their places are shown, on a terminal as on the page."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from retrieval import Answer

Outcome = Literal["answered", "probably", "perhaps", "partly", "unsaid", "reply"]
# Confidence from which an answer is given without "probably", and without "perhaps": those of nearly half and of nine
# tenths of the questions that squad2-dev-a answers (see retrieval/answering/confidence.json).
CERTAIN, PROBABLE = 0.5, 0.2
PHRASES: dict[Outcome, str] = {
    "answered": "Answered in the documents",
    "probably": "Probably answered in the documents; check the quotes",
    "perhaps": "Perhaps answered in the documents; check the quotes",
    "partly": "Partly answered in the documents.",
    "unsaid": "The documents do not say this.",
    "reply": "",
}
_METADATA = ("author", "publication", "journal", "volume", "issue", "date", "published")
# C0 except newline and tab, DEL, C1, and the controls that reorder what surrounds them (trojan source).
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SURROGATE = re.compile("[\ud800-\udfff]")  # bytes of a file name that are not UTF-8


def outcome(answer: "Answer") -> Outcome:
    """Name what became of a question, by confidence: a percentage holds for the questions that it was fitted on."""
    if not answer.found:
        return "reply" if answer.reply else "unsaid"
    if answer.outcome == "partly":
        return "partly"
    if answer.confidence >= CERTAIN:
        return "answered"
    return "probably" if answer.confidence >= PROBABLE else "perhaps"


def verdict(answer: "Answer") -> str:
    """Say whether the documents answer, how sure that is, what is missing, and what follows where there is none."""
    if answer.reply:
        return one_line(answer.reply)
    nearest = "Related passages:" if answer.passages else "There are no passages to show."
    said = (PHRASES[outcome(answer)], one_line(answer.reason), "" if answer.found else nearest)
    return " ".join(filter(None, said))


def clean(text: str) -> str:
    """Remove what a terminal would act on; the words stay, lines and tabs too."""
    return SURROGATE.sub("\ufffd", CONTROL.sub("", text))


def one_line(text: str) -> str:
    """Clean a text and make every run of white space one blank."""
    return " ".join(clean(text).split())


def joined(*parts: str | None) -> str:
    """Put commas between the parts that are there, each on one line and clean."""
    return ", ".join(one_line(part) for part in parts if part)


def published(metadata: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is known of where a document appeared: "Eurasia Daily Monitor", "issue 96"."""
    for key in _METADATA:
        if metadata.get(key):
            yield f"{key} {metadata[key]}" if key in ("volume", "issue") else str(metadata[key])
