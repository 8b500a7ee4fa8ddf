"""Public data sets in the formats they are published in: SQuAD 1.1 and 2.0 JSON, MTRAG conversations, BEIR folders.

A path is enough: what it holds is seen from its contents.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from eval.data.datasets import Dataset, Query, load_beir, read_jsonl
from retrieval import Document
from retrieval.text import sentence_spans

LEVELS = ("paragraph", "document", "sentence")
_Read = tuple[Document, list[Query], Mapping[str, Any]]  # a paragraph, its questions, and its record
_GAP = "\n\n"  # between the paragraphs of a long document


def find_datasets(path: Path, level: str = "paragraph") -> list[Dataset]:
    """Read the data set at a path, or all those directly inside a folder; ValueError where there is none.

    level: for SQuAD, what a document is: a "paragraph", a whole article ("document"), or a "sentence".
    """
    paths = [path] if _is_dataset(path) else sorted(filter(_is_dataset, path.iterdir() if path.is_dir() else ()))
    if not paths:
        raise ValueError(f"{path} holds no data set; expected BEIR folders (corpus.jsonl, …), SQuAD or MTRAG JSON")
    return [_load(item, level) for item in paths]


def chosen(path: Path, only: Sequence[str] = (), level: str = "paragraph", limit: int = 0) -> list[Dataset]:
    """Read the data sets at a path that are wanted; ValueError names one that is not there.

    only: their names, none for all. limit: keep only the first questions of each; 0 for all.
    """
    found = find_datasets(path, level)
    unknown = set(only) - {dataset.name for dataset in found}
    if unknown:
        raise ValueError(f"{path} has no {', '.join(sorted(unknown))}; it has {', '.join(d.name for d in found)}")
    return [dataset.first(limit) for dataset in found if not only or dataset.name in only]


def _is_dataset(path: Path) -> bool:
    return (path / "corpus.jsonl").is_file() or (path.is_file() and path.suffix in (".json", ".jsonl"))


def _load(path: Path, level: str) -> Dataset:
    if path.is_dir():
        return load_beir(path)
    records = list(read_jsonl(path)) if path.suffix == ".jsonl" else json.loads(path.read_text("utf-8"))
    if isinstance(records, Mapping) and "data" in records:
        return squad(path.stem, records["data"], level)
    if isinstance(records, list) and records and isinstance(records[0], Mapping):
        if "messages" in records[0]:
            return mtrag_conversations(path.stem, records)
        if "input" in records[0]:
            return mtrag_tasks(path.stem, records)
    raise ValueError(f"{path} is neither SQuAD JSON (data) nor MTRAG (a list with messages, or lines with input)")


# --- SQuAD


def squad(name: str, articles: Iterable[Mapping[str, Any]], level: str = "paragraph") -> Dataset:
    """Read SQuAD 1.1 or 2.0, and XQuAD. Article titles become titles; see find_datasets for the levels."""
    if level not in LEVELS:
        raise ValueError(f"level is {level!r}; expected one of {', '.join(LEVELS)}")
    documents: list[Document] = []
    queries: list[Query] = []
    for number, article in enumerate(articles):
        title = article["title"].replace("_", " ")
        found = [(*_paragraph(p, f"{number}-{i}", title), p) for i, p in enumerate(article["paragraphs"])]
        for some, asked in [_whole(found, str(number), title)] if level == "document" else map(_LEVEL[level], found):
            documents += some
            queries += asked
    unit = "paragraph" if level == "document" else "document"
    return Dataset(name if level == "paragraph" else f"{name}, {level}s", tuple(documents), tuple(queries), unit)


def _paragraph(record: Mapping[str, Any], doc_id: str, title: str) -> tuple[Document, list[Query]]:
    """Read one paragraph with its questions."""
    queries = []
    for asked in record["qas"]:
        starts = {(a["answer_start"], a["answer_start"] + len(a["text"])) for a in asked["answers"]}
        places = tuple((doc_id, *span) for span in sorted(starts))
        queries.append(Query(asked["id"], asked["question"], not asked.get("is_impossible"), {doc_id: 1}, places))
    return Document(doc_id, title, record["context"]), queries


def _whole(found: Sequence[_Read], doc_id: str, title: str) -> tuple[list[Document], list[Query]]:
    """Join an article's paragraphs; spans move with them."""
    queries, offset = [], 0
    for document, asked, _ in found:
        for query in asked:
            places = tuple((doc_id, start + offset, end + offset) for _, start, end in query.answers)
            queries.append(replace(query, relevant={}, answers=places))
        offset += len(document.text) + len(_GAP)
    return [Document(doc_id, title, _GAP.join(document.text for document, _, _ in found))], queries


def _sentences(found: _Read) -> tuple[list[Document], list[Query]]:
    """Make a document of each sentence: by the published breaks of XQuAD-R where there are some.

    A question's sentences are those that hold an answer; one that lies across a break is left without.
    """
    document, asked, record = found
    spans = [(a, b) for a, b in record.get("sentence_breaks", ())] or sentence_spans(document.text)
    names = {span: f"{document.doc_id}-{number}" for number, span in enumerate(spans)}
    documents = [replace(document, doc_id=name, text=document.text[a:b], sha256="") for (a, b), name in names.items()]
    queries = []
    for query in asked:
        places = tuple(
            (name, start - a, end - a)
            for _, start, end in query.answers
            for (a, b), name in names.items()
            if a <= start and end <= b
        )
        queries.append(replace(query, relevant={place[0]: 1 for place in places}, answers=places))
    return documents, queries


_LEVEL: dict[str, Callable[[_Read], tuple[list[Document], list[Query]]]] = {
    "paragraph": lambda found: ([found[0]], found[1]),
    "sentence": _sentences,
}


# --- MTRAG


def mtrag_tasks(name: str, tasks: Iterable[Mapping[str, Any]]) -> Dataset:
    """Read MTRAG generation tasks: the last message of `input` is asked, `contexts` are the relevant passages."""
    documents: dict[str, Document] = {}
    queries = []
    for task in tasks:
        contexts = list(_contexts(task))
        documents |= {document.doc_id: document for document in contexts}
        *before, last = task["input"]
        relevant = {document.doc_id: 1 for document in contexts}
        kind = _label(task)
        queries.append(Query(task["task_id"], last["text"], kind != "UNANSWERABLE", relevant, (), _history(before),
                             kind=kind))  # fmt: skip
    return Dataset(name, tuple(documents.values()), tuple(queries))


def mtrag_conversations(name: str, conversations: Iterable[Mapping[str, Any]]) -> Dataset:
    """Read MTRAG conversations: every message of a user is asked, with those before it as history.

    The documents are the passages that any reply was given; those that its readers marked as relevant are relevant.
    """
    documents: dict[str, Document] = {}
    queries = []
    for number, conversation in enumerate(conversations):
        messages = conversation["messages"]
        for turn, (message, reply) in enumerate(pairwise(messages)):
            if message["speaker"] != "user":
                continue
            documents |= {document.doc_id: document for document in _contexts(reply)}
            relevant = {context["document_id"]: 1 for context in reply.get("contexts", ()) if _relevant(context)}
            kind = _label(message.get("enrichments", {}))
            query_id, history = f"{number}-{turn}", _history(messages[:turn])
            queries.append(Query(query_id, message["text"], kind != "UNANSWERABLE", relevant, (), history, kind=kind))
    return Dataset(name, tuple(documents.values()), tuple(queries))


def _contexts(record: Mapping[str, Any]) -> Iterator[Document]:
    for context in record.get("contexts", ()):
        yield Document(context["document_id"], context.get("title") or "", context["text"])


def _relevant(context: Mapping[str, Any]) -> bool:
    """Tell whether a reader said yes; without any judgement it counts."""
    said = [given["value"] for given in context.get("feedback", {}).get("relevant", {}).values()]
    return "yes" in said or not said


def _label(record: Mapping[str, Any]) -> str:
    """Return the answerability, which is a list of one and written in two ways."""
    given = record.get("Answerability") or record.get("answerability") or ["ANSWERABLE"]
    return str(given[0] if isinstance(given, list) else given).upper()


def _history(messages: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, str], ...]:
    roles = {"user": "user", "agent": "assistant"}
    return tuple({"role": roles.get(m["speaker"], "assistant"), "content": m["text"]} for m in messages)
