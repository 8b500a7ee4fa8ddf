"""Checks what comes from a stranger, type and size, before it reaches a library."""

from typing import Any

MOST_PASSAGES = 50
HISTORY = 20  # messages of a conversation that a question may lean on
TURNS = 20  # of a conversation, sent at once
ROWS = 8  # of a review, made at once
LONGEST = 4000  # characters of a message or a note


def text(value: Any) -> str:
    """Return a string without halves of surrogate pairs; TypeError where it is none."""
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value.encode("utf-8", "replace").decode()


def where(documents: Any) -> dict[str, list[str]] | None:
    """Return the condition for some doc_ids; None, which is all documents, for none of them."""
    return {"doc_id": [text(doc_id) for doc_id in documents]} if documents else None


def count(passages: Any) -> int:
    """Return a number of passages that can be asked for, 1 to 50."""
    return min(max(int(passages), 1), MOST_PASSAGES)


def confidence(value: Any) -> float | None:
    """Return a number cut to 0 to 1; None for None."""
    return None if value is None else min(max(float(value), 0.0), 1.0)


def messages(history: Any) -> list[dict[str, str]]:
    """Return the last messages of a conversation, cut to size; TypeError where it is none."""
    return [
        {"role": text(message["role"]), "content": text(message["content"])[:LONGEST]}
        for message in list(history or [])[-HISTORY:]
    ]
