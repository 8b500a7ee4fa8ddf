"""Data sets in the layout of the BEIR benchmark, with the extra fields that answers and spans need."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrieval import Document


@dataclass(frozen=True, slots=True)
class Query:
    """A question with what it takes to judge an answer.

    relevant: doc_id -> grade. answers: (doc_id, start, end) spans that hold the answer. history: earlier messages.
    """

    query_id: str
    text: str
    answerable: bool = True
    relevant: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[tuple[str, int, int], ...] = ()
    history: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Documents and the questions asked of them."""

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


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
    """Read corpus.jsonl, queries.jsonl and qrels/test.tsv."""
    corpus = read_jsonl(folder / "corpus.jsonl")
    documents = tuple(Document(record["_id"], record.get("title", ""), record["text"]) for record in corpus)
    relevant: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    queries = (_query(record, relevant.get(record["_id"], {})) for record in read_jsonl(folder / "queries.jsonl"))
    return Dataset(folder.name, documents, tuple(queries))


def _query(record: Mapping[str, Any], relevant: Mapping[str, int]) -> Query:
    spans = ((record["doc"], a["start"], a["start"] + len(a["text"])) for a in record.get("answers", ()))
    history = tuple(record.get("history", ()))
    return Query(record["_id"], record["text"], record.get("answerable", True), relevant, tuple(spans), history)


def load_cases(path: Path) -> Iterator[dict[str, Any]]:
    """Yield cases: question, kind, answerable, quotes (strings of the document, any of which answers)."""
    yield from read_jsonl(path)
