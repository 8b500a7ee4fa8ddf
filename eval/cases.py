"""Cases: questions with the quotes that answer them, one JSON object a line. Knows nothing about how they are asked.

    {"id": "s001", "question": "…", "kind": "when", "answerable": true, "quotes": ["words of the document"],
     "history": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}

`id`, `kind` and `history` may be left out. A case that is not answerable has no quotes. Any of the quotes answers,
unless `kind` is "several": then all are needed. Thumbs from the web page are exported in the same form.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.datasets import Dataset, Place, Query, read_jsonl
from retrieval import Document

SEEDS = Path(__file__).parent / "cases" / "seeds.jsonl"
ALL_NEEDED = "several"
_TYPES = {"question": str, "answerable": bool, "quotes": list, "history": list, "kind": str, "id": str}


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Read a file of cases; ValueError names the line and what is wrong with it."""
    return [_checked(record, f"{path}, case {number}") for number, record in enumerate(read_jsonl(path), start=1)]


def _checked(record: Any, where: str) -> dict[str, Any]:
    """Fill in what may be left out, or say what is wrong."""
    if not isinstance(record, dict) or not str(record.get("question") or "").strip():
        raise ValueError(f"{where}: expected an object with a question")
    case: dict[str, Any] = {
        "id": "",
        "kind": "",
        "answerable": bool(record.get("quotes")),
        "quotes": [],
        "history": [],
    } | record
    for name, kind in _TYPES.items():
        if not isinstance(case[name], kind):
            raise ValueError(f"{where}: {name} is {case[name]!r}; expected {kind.__name__}")
    if not all(isinstance(quote, str) and quote.strip() for quote in case["quotes"]):
        raise ValueError(f"{where}: quotes must be strings that are not empty")
    if not all(isinstance(m, dict) and isinstance(m.get("content"), str) and "role" in m for m in case["history"]):
        raise ValueError(f'{where}: history must be a list of {{"role": …, "content": …}}')
    if case["answerable"] != bool(case["quotes"]):
        raise ValueError(f"{where}: answerable is {case['answerable']} with {len(case['quotes'])} quotes")
    return case


def missing_quotes(cases: Iterable[Mapping[str, Any]], documents: Iterable[Document]) -> list[str]:
    """Return "id: quote" for every gold quote that stands in none of the documents."""
    texts = [document.text for document in documents]
    return [
        f"{case['id'] or case['question']}: {quote}"
        for case in cases
        for quote in case["quotes"]
        if not any(quote in text for text in texts)
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


def _query(case: Mapping[str, Any], number: int, documents: Iterable[Document]) -> Query:
    found = [(place, part) for part, quote in enumerate(case["quotes"]) for place in places(quote, documents)]
    parts = tuple(part for _, part in found) if case["kind"] == ALL_NEEDED else ()
    found_at = tuple(place for place, _ in found)
    name = case["id"] or str(number)
    return Query(name, case["question"], case["answerable"], {}, found_at, tuple(case["history"]), parts, case["kind"])


def places(quote: str, documents: Iterable[Document]) -> Iterator[Place]:
    """Yield every place where a quote stands."""
    for document in documents:
        start = document.text.find(quote)
        while start >= 0:
            yield document.doc_id, start, start + len(quote)
            start = document.text.find(quote, start + 1)


def write_cases(path: Path, cases: Iterable[Mapping[str, Any]]) -> int:
    """Append the cases that are not there yet, by question and history; return how many were."""
    known = {_key(case) for case in read_cases(path)} if path.exists() else set()
    added = 0
    with path.open("a", encoding="utf-8") as file:
        for case in cases:
            if _key(case) not in known:
                known.add(_key(case))
                file.write(json.dumps(case, ensure_ascii=False) + "\n")
                added += 1
    return added


def _key(case: Mapping[str, Any]) -> str:
    return json.dumps([case["question"].strip(), case.get("history") or []])


def import_thumbs(exported: Path, into: Path, documents: Iterable[Document], warn: Callable[[str], object]) -> int:
    """Add the web page's exported thumbs to a file of cases; return how many were new.

    One whose quotes are no longer in the documents would fail every run: it is left out, and `warn` is told.
    """
    known = tuple(documents)
    kept = []
    for case in read_cases(exported):
        missing = missing_quotes([case], known)
        if missing:
            warn(f"left out, its quote is in no document: {missing[0]}")
        else:
            kept.append(case)
    return write_cases(into, kept)
