"""Questions to begin with: made of the documents' own words, kept only if the documents answer them."""

from collections.abc import Iterator
from itertools import chain, zip_longest

from retrieval import Answer, Document, Library, Passage, PinciteError
from retrieval.text import heading_question, sentence_questions
from ui.words import outcome

WANTED = 4
_DOCUMENTS = 8  # the newest are looked at
_PASSAGES = 40  # of each
_TRIED = 24  # asked at the most: about 10 ms each
_KINDS = ("said", "role", "acronym", "date", "heading", "what")  # in the order in which they take turns


def questions(library: Library, wanted: int = WANTED) -> list[str]:
    """Return up to `wanted` questions, each found to be answered from the passage it was made of."""
    documents = library.documents()[-_DOCUMENTS:]
    by_document = [_made_of(library, document) for document in reversed(documents)]
    mixed = chain.from_iterable(zip_longest(*by_document))
    kept: dict[str, bool] = {}  # and whether the answer is certain
    for _, (question, passage) in zip(range(_TRIED), filter(None, mixed), strict=False):
        answer = _answer(library, question)
        if question not in kept and answer is not None and _is_from(answer, passage):
            kept[question] = outcome(answer) == "answered"
    return sorted(kept, key=lambda question: not kept[question])[:wanted]


def _answer(library: Library, question: str) -> Answer | None:
    try:
        return library.ask(question)
    except PinciteError:
        return None


def _is_from(answer: Answer, passage: Passage) -> bool:
    """Tell whether a quote of the answer comes from the passage that the question was made of."""
    return any(c.doc_id == passage.doc_id and passage.start <= c.start < passage.end for c in answer.citations)


def _made_of(library: Library, document: Document) -> Iterator[tuple[str, Passage]]:
    """Make questions of a document, the kinds taking turns: who said what, who somebody is, and so on."""
    kinds: dict[str, list[tuple[str, Passage]]] = {kind: [] for kind in _KINDS}
    for passage in library.passages(document.doc_id)[:_PASSAGES]:
        if question := heading_question(passage.heading.rsplit(" › ", 1)[-1]):
            kinds["heading"].append((question, passage))
        for start, end in passage.sentences:
            for kind, question in sentence_questions(passage.text[start - passage.start : end - passage.start]):
                if kind in kinds:
                    kinds[kind].append((question, passage))
    yield from filter(None, chain.from_iterable(zip_longest(*kinds.values())))
