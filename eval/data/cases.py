"""Cases: questions with the quotes that answer them, one JSON object a line.

    {"id": "s001", "question": "…", "kind": "when", "answerable": true, "quotes": ["words of the document"],
     "history": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}

`id`, `kind` and `history` may be left out. A case that is not answerable has no quotes. Any of the quotes answers,
unless `kind` is "several": then all are needed. Instead of `quotes`, a case may have `groups` of alternatives:

    {"question": "Which sailings are sold out?", "groups": [["Holm"], ["Tern"]], "least": 2, "never": ["Oskar"]}

An answer is right where its quotes hold one of each group, or of `least` groups, and none of the words in `never`.
A case with "draft": true is not asked: it waits for a person, who deletes that entry to keep it, or the line to drop
it. Thumbs from the web page come in the same form.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.data.datasets import Dataset, Place, Query, read_jsonl
from retrieval import Document, Library
from retrieval.settings import seeds_folder

SEEDS = Path(__file__).parent / "cases" / "seeds.jsonl"
# Name -> the folder of documents, and the cases for it.
SHIPPED = {
    "seeds": (seeds_folder(), SEEDS),
    "everyday": (Path(__file__).parent / "everyday", SEEDS.with_name("everyday.jsonl")),
}
ALL_NEEDED = "several"
_TYPES = {
    "question": str,
    "answerable": bool,
    "quotes": list,
    "history": list,
    "kind": str,
    "id": str,
    "groups": list,
    "never": list,
    "least": int,
}


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Read a file of cases without the drafts; ValueError names the line and what is wrong with it."""
    records = enumerate(read_jsonl(path), start=1)
    return [
        checked(r, f"{path}, case {number}") for number, r in records if not (isinstance(r, dict) and r.get("draft"))
    ]


def checked(record: Any, where: str) -> dict[str, Any]:
    """Fill in what may be left out, or say what is wrong."""
    if not isinstance(record, dict) or not str(record.get("question") or "").strip():
        raise ValueError(f"{where}: expected an object with a question")
    case: dict[str, Any] = {
        "id": "",
        "kind": "",
        "answerable": bool(record.get("quotes") or record.get("groups")),
        "quotes": [],
        "history": [],
        "groups": [],
        "never": [],
        "least": len(record.get("groups") or [""]),
    } | record
    for name, kind in _TYPES.items():
        if not isinstance(case[name], kind):
            raise ValueError(f"{where}: {name} is {case[name]!r}; expected {kind.__name__}")
    if not all(isinstance(group, list) and group for group in case["groups"]):
        raise ValueError(f"{where}: groups must be lists of alternatives that are not empty")
    case["quotes"] = case["quotes"] or [quote for group in case["groups"] for quote in group]
    if not all(isinstance(quote, str) and quote.strip() for quote in case["quotes"]):
        raise ValueError(f"{where}: quotes must be strings that are not empty")
    if not all(isinstance(m, dict) and isinstance(m.get("content"), str) and "role" in m for m in case["history"]):
        raise ValueError(f'{where}: history must be a list of {{"role": …, "content": …}}')
    if case["answerable"] != bool(case["quotes"]):
        raise ValueError(f"{where}: answerable is {case['answerable']} with {len(case['quotes'])} quotes")
    return case


def missing_quotes(cases: Iterable[Mapping[str, Any]], documents: Iterable[Document]) -> list[str]:
    """Return "id: quote" for every gold quote, or group of alternatives, that stands in none of the documents."""
    texts = [document.text for document in documents]
    return [
        f"{case['id'] or case['question']}: {' | '.join(group)}"
        for case in cases
        for group in case.get("groups") or [[quote] for quote in case["quotes"]]
        if not any(quote in text for text in texts for quote in group)
    ]


def dataset(name: str, cases: Iterable[Mapping[str, Any]], documents: Iterable[Document]) -> Dataset:
    """Make a data set whose answers are the places of the gold quotes; ValueError where one is in no document."""
    known = tuple(documents)
    judged = list(cases)
    missing = missing_quotes(judged, known)
    if missing:
        raise ValueError(f"{len(missing)} gold quotes are in no document, the first: {missing[0]}")
    queries = tuple(_query(case, number, known) for number, case in enumerate(judged, start=1))
    return Dataset(name, known, queries, "paragraph")


def of_library(library: Library, path: Path) -> Dataset:
    """Read cases for a library; ValueError where a gold quote is in none of its documents."""
    return dataset(path.stem, read_cases(path), texts(library))


def texts(library: Library) -> list[Document]:
    """Return all documents of a library with their texts."""
    found = (library.document(document.doc_id) for document in library.documents())
    return [document for document in found if document]


def _query(case: Mapping[str, Any], number: int, documents: Iterable[Document]) -> Query:
    groups = case["groups"] or [[quote] for quote in case["quotes"]]
    found = [
        (place, part) for part, group in enumerate(groups) for quote in group for place in places(quote, documents)
    ]
    parts = tuple(part for _, part in found) if case["groups"] or case["kind"] == ALL_NEEDED else ()
    return Query(
        query_id=case["id"] or str(number),
        text=case["question"],
        answerable=case["answerable"],
        answers=tuple(place for place, _ in found),
        history=tuple(case["history"]),
        parts=parts,
        kind=case["kind"],
        least=case["least"],
        never=tuple(case["never"]),
    )


def places(quote: str, documents: Iterable[Document]) -> Iterator[Place]:
    """Yield every place where a quote stands."""
    for document in documents:
        start = document.text.find(quote)
        while start >= 0:
            yield document.doc_id, start, start + len(quote)
            start = document.text.find(quote, start + 1)


def write_cases(path: Path, cases: Iterable[Mapping[str, Any]]) -> int:
    """Append the cases that are not there yet, by question and history; return how many were added."""
    known = {_key(case) for case in read_jsonl(path)} if path.exists() else set()
    new = {_key(case): case for case in cases if _key(case) not in known}
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in new.values())
    return len(new)


def _key(case: Mapping[str, Any]) -> str:
    return json.dumps([case["question"].strip(), case.get("history") or []])


def from_thumbs(exported: Iterable[Mapping[str, Any]], documents: Iterable[Document]) -> list[dict[str, Any]]:
    """Make cases of the web page's thumbs; those that only a person can complete become drafts.

    That is a bad answer, which says nothing of the right one, and one whose quotes are no longer in the documents.
    """
    known = tuple(documents)
    cases = []
    for given in exported:
        case = dict(given)
        whole = isinstance(case.get("answerable"), bool) and case["answerable"] == bool(case.get("quotes"))
        if not whole or missing_quotes([case], known):
            case["draft"] = True
        cases.append(case)
    return cases
