"""What a passage costs in bytes, by what they are for: `python -m eval size ~/articles.pincite`.

Counts what a library in a folder holds, and what the same passages would be as rows on Milvus, whose own indexes and
compression come on top.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from retrieval.storage.local.backend import LocalBackend
from retrieval.storage.milvus.rows import document_row, passage_rows, text_rows

_SUMS = {
    "text": """SELECT (SELECT sum(length(CAST(lead AS BLOB))) FROM documents)
        + (SELECT sum(length(CAST(text || behind || heading || place AS BLOB))) FROM passages)""",
    "sentences' spans": "SELECT sum(length(sentences)) FROM passages",
    "passage vectors": "SELECT sum(length(vector)) FROM passages",
    "sentence vectors": "SELECT sum(length(sentence_vectors)) FROM passages",
    "tokens": "SELECT sum(length(sentences) + length(bits)) FROM tokens",
    "full text": """SELECT (SELECT sum(length(block)) FROM fulltext_data)
        + (SELECT coalesce(sum(length(texts)), 0) FROM indexed)""",
}
_FIELDS = {"vector": "passage vectors", "terms": "words for BM25", "passage": "passages' text",
           "sentences": "sentences' spans and vectors", "tokens": "tokens"}  # fmt: skip


def folder(path: Path) -> dict[str, int]:
    """Return part -> bytes of a library in a folder; "pages and indexes" is what else its file takes."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}/library.db?mode=ro", uri=True)) as connection:
        parts = {name: int(connection.execute(query).fetchone()[0] or 0) for name, query in _SUMS.items()}
    sizes = {name: (path / name).stat().st_size for name in ("library.db", "library.db-wal", "vectors.faiss")
             if (path / name).exists()}  # fmt: skip
    index = sizes.pop("vectors.faiss", 0)
    return parts | {"pages and indexes": sum(sizes.values()) - sum(parts.values()), "FAISS": index}


def rows(library: LocalBackend) -> Counter[str]:
    """Return part -> bytes of the same passages as rows on Milvus, without its indexes."""
    parts: Counter[str] = Counter()
    for document, _ in library.documents.all():
        for item in library.documents.indexed([document.doc_id]):
            own = document_row(item, 0)
            parts["documents' text"] += sum(map(_bytes, text_rows(own, item.document.text)))
            for row in passage_rows(own, item.passages, item.vectors, library.passages.analysis):
                for field, value in row.items():
                    parts[_FIELDS.get(field, "keys and conditions")] += _bytes(value)
    return parts


def _bytes(value: object) -> int:
    """Return the bytes of a field's value; those of a float or a number as Milvus keeps it."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Mapping):
        return len(json.dumps(value)) if "payload" not in value else sum(map(_bytes, value.values()))
    if isinstance(value, list):
        return sum(map(_bytes, value))
    return int(getattr(value, "nbytes", 8))


def _table(title: str, parts: Mapping[str, int], passages: int) -> Table:
    table = Table("", "bytes a passage", title=title)
    for name, size in [*parts.items(), ("all", sum(parts.values()))]:
        table.add_row(name, f"{size / passages:,.0f}")
    return table


def main(library: Annotated[Path, typer.Argument(help="Folder of a library.")]) -> None:
    """Print how many bytes each passage of a library takes, in its folder and as rows on Milvus."""
    opened = LocalBackend(library, False)
    passages = opened.passages.count()
    if not passages:
        raise typer.BadParameter(f"{library} holds no passages")
    Console().print(_table(f"{passages:,} passages in a folder", folder(library), passages))
    Console().print(_table("the same on Milvus, without its indexes", rows(opened), passages))
    opened.close()
