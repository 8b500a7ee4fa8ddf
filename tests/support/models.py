"""Texts, passages and folders that look like models; and how to compare what an encoder makes."""

import numpy as np
from articles import ARTICLES, QUESTIONS, SEED

from retrieval.records import Passage

TEXTS = [
    *ARTICLES.values(), *QUESTIONS[:8], "a", "?", "Größe 漢字 🐝 naïve", SEED.read_text("utf-8"), "word " * 400,
]  # fmt: skip


def passage(text, *sentences, heading=""):
    """A passage that begins at character 100 of its document."""
    spans, position = [], 0
    for sentence in sentences or [text]:
        start = text.index(sentence, position)
        position = start + len(sentence)
        spans.append((100 + start, 100 + position))
    return Passage("d", 1, 100, 100 + len(text), text, tuple(spans), None, heading)


def cosines(left, right):
    np.testing.assert_allclose(np.linalg.norm(left, axis=1), 1, atol=1e-5)
    return (left * right).sum(axis=1)


def small_model(folder, **files):
    """Make a folder that looks like a model's; the weights are not read by what is tested."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ({"config.json": "{}", "model.safetensors": "weights"} | files).items():
        (folder / name).write_text(content)
    return folder
