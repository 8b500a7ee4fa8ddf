"""Bytes of a passage, counted on a small library."""

import subprocess
import sys

import pytest
from articles import ARTICLES, ROOT
from fakes import HashedEncoder

from eval.performance.size import folder, rows
from retrieval import Document, Library, Settings
from retrieval.storage.local.backend import LocalBackend


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("size") / "library"
    with Library(path, Settings(), encoder=HashedEncoder()) as library:
        library.add(Document(name, name, text) for name, text in ARTICLES.items() if "." not in name)
    return path


def test_the_parts_of_a_folder_are_all_of_its_bytes(library):
    parts = folder(library)
    files = [file for file in library.iterdir() if not file.name.endswith("-shm")]  # that one is there while it is read
    assert sum(parts.values()) == sum(file.stat().st_size for file in files)
    whole = sum(len(text.encode()) for name, text in ARTICLES.items() if "." not in name)
    assert parts["text"] == whole
    assert parts["passage vectors"] == 4 * (4 + 64)  # four passages of a scale and 64 codes
    assert min(parts.values()) > 0


def test_rows_hold_the_same_passages(library):
    opened = LocalBackend(library, False)
    parts = rows(opened)
    opened.close()
    assert parts["passage vectors"] == 4 * 64 * 4
    assert parts["passages' text"] + parts["documents' text"] > folder(library)["text"]
    assert sorted(parts) == [
        "documents' text", "keys and conditions", "passage vectors", "passages' text",
        "sentences' spans and vectors", "tokens", "words for BM25",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_command_prints_both(library):
    command = [sys.executable, "-m", "eval", "size", str(library)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "4 passages in a folder" in done.stdout and "tokens" in done.stdout
