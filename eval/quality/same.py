"""Whether a change to the code changed an answer: every question's answer is written down and compared.

    python -m eval same FILE --data DIR            compares with FILE; writes it where it is not there yet
    python -m eval same FILE --data DIR --renew    writes it anew

Judges nothing: a difference may be a gain. `python -m eval` says which.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.data import cases, published
from eval.data.datasets import Dataset, Query
from eval.quality.asking import RANKED, built
from eval.terminal import Data, Only, console, errors, plain
from retrieval import Answer, Library
from retrieval.settings import seeds_folder

EACH = 150  # questions of a data set, spread evenly: with the sets in shared/benchmarks about 1,400 in all
Record = dict[str, Any]


def spread(queries: Sequence[Query], most: int) -> list[Query]:
    """Return at most `most` of the questions, evenly spread over all; all of them where `most` is 0."""
    count = min(most or len(queries), len(queries))
    return [queries[number * len(queries) // count] for number in range(count)]


def records(library: Library, dataset: Dataset, most: int) -> Iterator[Record]:
    """Ask a library the questions of a data set; yield what is compared of each answer."""
    for query in spread(dataset.queries, most):
        shown = library.ask(query.text, history=query.history, k=RANKED, threshold=0.0)
        refused = library.ask(query.text, history=query.history)
        yield _record(dataset.name, query, shown) | {"text": refused.text, "outcome": refused.outcome}


def _record(name: str, query: Query, answer: Answer) -> Record:
    return {
        "set": name,
        "id": query.query_id,
        "question": query.text,
        "asked_as": answer.asked_as,
        "confidence": f"{answer.confidence:.6f}",
        "quotes": [[c.doc_id, c.start, c.end, c.quote, c.locator, c.speaker, c.reported_in] for c in answer.citations],
        "passages": [[hit.passage.doc_id, hit.passage.start, hit.passage.end] for hit in answer.passages],
        "keys": sorted(answer.to_dict()),
    }


def read(path: Path) -> list[Record]:
    """Read what was recorded."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write(path: Path, found: Iterable[Record]) -> None:
    """Record answers, one a line."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in found), "utf-8")


def differences(before: Iterable[Record], after: Iterable[Record]) -> list[str]:
    """Return a line for each question whose answer is not the same, which names what differs.

    Questions of data sets that were not asked this time are left out.
    """
    known = {(record["set"], record["id"]): record for record in before}
    found = {(record["set"], record["id"]): record for record in after}
    asked = {name for name, _ in found}
    lines = [f"{name} {number}: not asked any more" for name, number in known.keys() - found.keys() if name in asked]
    for (name, number), record in found.items():
        earlier = known.get((name, number))
        if earlier is None:
            lines.append(f"{name} {number}: not recorded")
        elif earlier != record:
            changed = [key for key in record if record[key] != earlier.get(key)]
            shown = "; ".join(f"{key} {earlier.get(key)!s:.120} -> {record[key]!s:.120}" for key in changed)
            lines.append(f"{name} {number} ({record['question']}): {shown}")
    return sorted(lines)


def main(
    file: Annotated[Path, typer.Argument(help="Answers recorded before; written where it is absent.")],
    data: Data = None,
    only: Only = None,
    each: Annotated[int, typer.Option(min=0, help="Ask at most N questions of each set; 0: all.")] = EACH,
    renew: Annotated[bool, typer.Option("--renew", help="Write the file anew.")] = False,
) -> None:
    """Fail (exit code 1) where an answer is not the one recorded: on the seeds, and on the sets of --data."""
    with errors():
        found = list(_asked(data, only or [], each))
        if renew or not file.exists():
            write(file, found)
            console.print(f"{len(found):,} answers written to {file}")
            return
        lines = differences(read(file), found)
    for line in lines:
        console.print(plain(line), soft_wrap=True)
    console.print(f"{len(found) - len(lines):,} of {len(found):,} answers are the same")
    raise typer.Exit(1 if lines else 0)


def _asked(data: Path | None, only: Sequence[str], each: int) -> Iterator[Record]:
    """Ask the seeds and the data sets, or those of them that are named."""
    if not only or "seeds" in only:
        with built(seeds_folder()) as (library, _):
            yield from records(library, cases.of_library(library, cases.SEEDS), 0)
    others = [name for name in only if name != "seeds"]
    for dataset in published.chosen(data, others) if data and (others or not only) else []:
        with built(dataset.documents) as (library, _):
            yield from records(library, dataset, each)
