"""Data sets: documents, and questions with what it takes to judge an answer.

Read here in the layout of the BEIR benchmark, with the extra fields that answers and spans need; see also formats.py.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from retrieval import Document

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Query:
    """A question with what it takes to judge an answer.

    relevant: doc_id -> grade. answers: (doc_id, start, end) spans, each of which holds the answer, or a part of it.
    parts: for each answer the number of the part that it gives; empty where every answer is whole. Parts are all
    needed for a whole answer, `least` of them for a right one; answers to the same part are alternatives. never: words
    that make an answer wrong wherever it quotes them. history: earlier messages. kind: what sort of question it is.
    about: doc_id of the document that the question was written about, whether that answers it or not; "" if unknown.
    """

    query_id: str
    text: str
    answerable: bool = True
    relevant: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[Place, ...] = ()
    history: tuple[Mapping[str, str], ...] = ()
    parts: tuple[int, ...] = ()
    kind: str = ""
    about: str = ""
    least: int = 1
    never: tuple[str, ...] = ()

    def needed(self) -> dict[int, list[Place]]:
        """Return part -> the places that give it."""
        needed: dict[int, list[Place]] = {}
        for index, place in enumerate(self.answers):
            needed.setdefault(self.parts[index] if self.parts else 0, []).append(place)
        return needed


@dataclass(frozen=True, slots=True)
class Dataset:
    """Documents and the questions asked of them.

    unit: what is ranked and judged, "document", or "paragraph" where documents are long (relevant is then read off
    the answers). Parts of a split paragraph count as one.
    """

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    unit: str = "document"

    def first(self, limit: int) -> "Dataset":
        """Keep the first questions; all of them where the limit is 0."""
        return replace(self, queries=self.queries[:limit]) if limit else self


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield one record a line; ValueError names file and line."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                if line.strip():
                    yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: not JSON ({error})") from error


def load_beir(folder: Path) -> Dataset:
    """Read corpus.jsonl, queries.jsonl and qrels/test.tsv (or the only other file there, as dev.tsv)."""
    corpus = read_jsonl(folder / "corpus.jsonl")
    documents = tuple(Document(record["_id"], record.get("title", ""), record["text"]) for record in corpus)
    relevant: dict[str, dict[str, int]] = {}
    with _judgements(folder / "qrels").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    queries = (_query(record, relevant.get(record["_id"], {})) for record in read_jsonl(folder / "queries.jsonl"))
    return Dataset(folder.name, documents, tuple(queries))


def _judgements(folder: Path) -> Path:
    """Prefer test.tsv; FileNotFoundError where there is none."""
    found = sorted(folder.glob("*.tsv"), key=lambda path: (path.name != "test.tsv", path.name))
    if not found:
        raise FileNotFoundError(f"{folder} holds no .tsv file of judgements; expected test.tsv")
    return found[0]


def _query(record: Mapping[str, Any], relevant: Mapping[str, int]) -> Query:
    spans = ((record["doc"], a["start"], a["start"] + len(a["text"])) for a in record.get("answers", ()))
    history, kind = tuple(record.get("history", ())), str(record.get("kind", ""))
    answerable, about = record.get("answerable", True), str(record.get("doc", ""))
    return Query(record["_id"], record["text"], answerable, relevant, tuple(spans), history, kind=kind, about=about)
