"""What a library and each of its documents offer at first sight, all in the documents' own words.

Questions are made of sentences and kept only if the documents answer them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from retrieval import Answer, Citation, Library, Passage, PinciteError
from retrieval.records import Version
from retrieval.text import heading_question, sentence_questions
from ui.words import outcome

WANTED = 4
FOLLOWING = 2  # questions under an answer
MOST_HEADINGS = 60
MOST_NAMED = 8  # speakers, dates
_DOCUMENTS = 8  # the newest are looked at
_PASSAGES = 40  # of each
_AROUND = 4  # passages on each side of a quote, for what may be asked next
_TRIED, _TRIED_NEXT = 24, 4  # asked at the most: about 30 ms each
_KINDS = ("said", "role", "acronym", "date", "heading", "what")  # in the order in which they take turns


@dataclass(frozen=True, slots=True)
class Glance:
    """A document at first sight.

    outline: (depth from 0, heading, number of its first paragraph). overview: sentences that cover it. speakers: the
    first sentence of each. dates: sentences in the order of their dates. All (number of the paragraph, citation).
    questions: that it answers. versions: how many earlier ones are kept.
    """

    outline: Sequence[tuple[int, str, int]]
    overview: Sequence[tuple[int, Citation]]
    speakers: Sequence[tuple[int, Citation]]
    dates: Sequence[tuple[int, Citation]]
    questions: Sequence[str]
    versions: Sequence[Version]


def glance(library: Library, doc_id: str) -> Glance:
    """Look over one document."""
    passages = library.passages(doc_id)
    about, said, dated = (
        _numbered(_viewed(library, doc_id, question), passages)
        for question in ("What is this document about?", "Who is quoted?", "Give me a timeline")
    )
    return Glance(
        list(_outline(passages))[:MOST_HEADINGS],
        about,
        [(number, each) for number, each in said if each.speaker][:MOST_NAMED],
        dated[:MOST_NAMED],
        _answered(library, _made_of(passages[:_PASSAGES]), WANTED, doc_id),
        library.versions(doc_id),
    )


def questions(library: Library, wanted: int = WANTED) -> list[str]:
    """Return up to `wanted` questions to begin with, each found to be answered from the passage it was made of."""
    documents = library.documents()[-_DOCUMENTS:]
    by_document = [_made_of(library.passages(each.doc_id)[:_PASSAGES]) for each in reversed(documents)]
    return _answered(library, filter(None, chain.from_iterable(zip_longest(*by_document))), wanted)


def following(library: Library, asked: str, citations: Sequence[Citation]) -> list[str]:
    """Return questions that may be asked next: of what stands around the quotes of an answer, but not in them."""
    if not citations:
        return []
    first = citations[0]
    passages = library.passages(first.doc_id)
    own = next((place for place, each in enumerate(passages) if each.start <= first.start < each.end), None)
    if own is None:
        return []
    near = [*passages[own : own + _AROUND + 1], *reversed(passages[max(0, own - _AROUND) : own])]
    made = [(question, passage) for question, passage in _made_of(near) if question.casefold() != asked.casefold()]
    return _answered(library, made[:_TRIED_NEXT], FOLLOWING, but=citations)


def _viewed(library: Library, doc_id: str, question: str) -> Sequence[Citation]:
    """Return the quotes of a view of a document; none where it has nothing of the kind."""
    answer = library.ask(question, where={"doc_id": doc_id})
    return answer.citations if answer.confidence == 1.0 else ()


def _numbered(citations: Iterable[Citation], passages: Sequence[Passage]) -> list[tuple[int, Citation]]:
    """Return citations, each with the number of its paragraph."""
    starts = [passage.start for passage in passages]
    return [(passages[bisect_right(starts, each.start) - 1].number, each) for each in citations]


def _outline(passages: Sequence[Passage]) -> Iterator[tuple[int, str, int]]:
    """Yield each heading once it changes, those above it first."""
    above: list[str] = []
    for passage in passages:
        path = passage.heading.split(" › ") if passage.heading else []
        same = next((n for n, (old, new) in enumerate(zip(above, path, strict=False)) if old != new), len(above))
        for depth in range(min(same, len(path)), len(path)):
            yield depth, path[depth], passage.number
        above = path


def _answered(
    library: Library, made: Iterable[tuple[str, Passage]], wanted: int, doc_id: str = "", but: Iterable[Citation] = ()
) -> list[str]:
    """Return the first questions that are answered from their passage, those with a certain answer first.

    doc_id: of the one document to ask, all if empty. but: quotes that nobody needs a second time.
    """
    known = {(each.doc_id, each.start) for each in but}
    kept: dict[str, bool] = {}  # and whether the answer is certain
    for _, (question, passage) in zip(range(_TRIED), made, strict=False):
        if len(kept) >= 2 * wanted:
            break
        answer = None if question in kept else _answer(library, question, doc_id)
        if answer is None or not _is_from(answer, passage):
            continue
        if (answer.citations[0].doc_id, answer.citations[0].start) not in known:
            kept[question] = outcome(answer) == "answered"
    return sorted(kept, key=lambda question: not kept[question])[:wanted]


def _answer(library: Library, question: str, doc_id: str) -> Answer | None:
    try:
        return library.ask(question, where={"doc_id": doc_id} if doc_id else None)
    except PinciteError:
        return None


def _is_from(answer: Answer, passage: Passage) -> bool:
    """Tell whether a quote of the answer comes from the passage that the question was made of."""
    return any(c.doc_id == passage.doc_id and passage.start <= c.start < passage.end for c in answer.citations)


def _made_of(passages: Iterable[Passage]) -> Iterator[tuple[str, Passage]]:
    """Make questions of passages, the kinds taking turns: who said what, who somebody is, and so on."""
    kinds: dict[str, list[tuple[str, Passage]]] = {kind: [] for kind in _KINDS}
    for passage in passages:
        if question := heading_question(passage.heading.rsplit(" › ", 1)[-1]):
            kinds["heading"].append((question, passage))
        for start, end in passage.sentences:
            for kind, question in sentence_questions(passage.text[start - passage.start : end - passage.start]):
                if kind in kinds:
                    kinds[kind].append((question, passage))
    yield from filter(None, chain.from_iterable(zip_longest(*kinds.values())))
