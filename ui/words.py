"""The words in which answers, documents and their places are shown, on a terminal as on the page."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from retrieval import Answer
    from retrieval.records import Coverage

Outcome = Literal["answered", "probably", "perhaps", "partly", "unsure", "unsaid", "empty", "reply"]
# Confidence from which an answer is right 9 times in 10, and in the band below it 7 times in 10, where one question in
# five only looks as if the documents answered it; on articles of squad2-dev-a that were not fitted on ("answers right,
# one in five a look-alike" in retrieval/answering/confidence.json is that of all from a threshold on).
CERTAIN, PROBABLE = 0.6, 0.25
PHRASES: dict[Outcome, str] = {
    "answered": "Answered in the documents",
    "probably": "Probably answered in the documents; check the quotes",
    "perhaps": "Perhaps not in the documents; these quotes come closest",
    "partly": "Partly answered in the documents.",
    "unsure": "Not sure enough",
    "unsaid": "The documents do not say this.",
    "empty": "There are no documents to ask yet. Add some first.",
    "reply": "",
}
_METADATA = ("author", "publication", "journal", "volume", "issue", "date", "published")
# C0 except newline and tab, DEL, C1, and the controls that reorder what surrounds them (trojan source).
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SURROGATE = re.compile("[\ud800-\udfff]")  # bytes of a file name that are not UTF-8


def outcome(answer: "Answer") -> Outcome:
    """Name what became of a question, by confidence: a percentage holds for the questions that it was fitted on."""
    if not answer.found:
        return "reply" if answer.reply else _unanswered(answer)
    if answer.outcome == "partly":
        return "partly"
    if answer.confidence >= CERTAIN:
        return "answered"
    return "probably" if answer.confidence >= PROBABLE else "perhaps"


def _unanswered(answer: "Answer") -> Outcome:
    """Tell why nothing is quoted. What the usual threshold lets through was kept back by one that somebody chose."""
    from retrieval import Settings

    if not answer.coverage.searchable:
        return "empty"
    return "unsure" if answer.confidence >= Settings().threshold else "unsaid"


def verdict(answer: "Answer", least: float | None = None) -> str:
    """Say whether the documents answer, how sure that is, what is missing, and what follows where there is none.

    least: the confidence (0 to 1) that was asked for, where it is known.
    """
    if answer.reply:
        return one_line(answer.reply)
    came = outcome(answer)
    if came == "empty":
        return PHRASES[came]
    if came == "unsure":
        wanted = f"; at least {percent(least)} is asked for" if least is not None else ""
        return f"{PHRASES[came]} ({percent(answer.confidence)}{wanted}). Closest passages:"
    nearest = "Related passages:" if answer.passages else "There are no passages to show."
    said = (PHRASES[came], one_line(answer.reason), "" if answer.found else nearest)
    return " ".join(filter(None, said))


def percent(share: float) -> str:
    """Write a share of 1: 0.284 -> "28 %"; never more than it is, so that 69.9 % does not look like 70 %."""
    return f"{int(100 * share + 1e-9)} %"


def searchable(documents: int, coverage: "Coverage") -> str:
    """Say how much can be asked: documents, and files where identical ones make them differ."""
    if coverage.searchable == documents:
        return str(coverage)
    failed = f"; {coverage.failed} failed" if coverage.failed else ""
    held = f"{documents:,} document{'s' if documents != 1 else ''}"
    return f"{held} from {coverage.searchable:,} of {coverage.known:,} files searchable{failed}"


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
