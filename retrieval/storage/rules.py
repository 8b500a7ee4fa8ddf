"""What both backends decide alike: who owns a document, and how rare a word is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from retrieval.records import Document
from retrieval.text import title_of


def settled(document: Document, paths: Sequence[str]) -> Document | None:
    """Return a document as it is when the files at `paths` hold it, or None where none does and it is to be removed.

    One whose source is not among them gets the first as source, and its name as title if it had the other's. The
    vectors keep the earlier title, of which they hold little.
    """
    if not paths:
        return None
    if document.source in paths:
        return document
    is_named = bool(document.source) and document.title == title_of(Path(document.source or ""))
    return replace(document, source=paths[0], title=title_of(Path(paths[0])) if is_named else document.title)


def idf(passages: int, frequencies: Mapping[str, int]) -> dict[str, float]:
    """Return stem -> inverse document frequency (Robertson's, never negative), of stem -> passages that hold it."""
    return {term: float(np.log1p((passages - n + 0.5) / (n + 0.5))) for term, n in frequencies.items()}
