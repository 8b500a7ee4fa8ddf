"""Pinned quotes, kept for the person who pinned them."""

import stat

import pytest

from ui.server import Notebook
from ui.server.kept import notebook as module

FEES = {"quote": "The fee is 240 euros.", "doc_id": "fees"}
TUGS = {"quote": "Tugs are paid by the hour.", "doc_id": "tugs"}


def test_each_sees_their_own_in_the_order_of_pinning(tmp_path):
    notebook = Notebook(tmp_path / "kept.db")
    first = notebook.pin("ann", "What is the fee?", FEES)
    notebook.pin("bob", "Who is paid?", TUGS)
    second = notebook.pin("ann", "Who is paid?", TUGS)
    assert notebook.pin("ann", "Again?", FEES) == first
    assert [(note.id, note.question, note.note, note.citation) for note in notebook.all("ann")] == [
        (first, "What is the fee?", "", FEES), (second, "Who is paid?", "", TUGS),
    ]  # fmt: skip
    assert not notebook.write("bob", first, "mine") and not notebook.unpin("bob", first)
    assert notebook.write("ann", first, "too much") and notebook.unpin("ann", second)
    assert [note.note for note in Notebook(tmp_path / "kept.db").all("ann")] == ["too much"]
    assert stat.S_IMODE((tmp_path / "kept.db").stat().st_mode) == 0o600


def test_nothing_is_kept_for_nobody_or_nowhere(tmp_path):
    assert Notebook(tmp_path / "kept.db").pin("", "What is the fee?", FEES) == ""
    assert Notebook(None).pin("ann", "What is the fee?", FEES) == ""
    assert Notebook(None).all("ann") == [] and Notebook(tmp_path / "kept.db").all("ann") == []
    assert list(tmp_path.iterdir()) == []


def test_there_is_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_NOTES", 1)
    notebook = Notebook(tmp_path / "kept.db")
    notebook.pin("ann", "What is the fee?", FEES)
    with pytest.raises(ValueError, match="1 quotes are pinned; delete some first"):
        notebook.pin("ann", "Who is paid?", TUGS)
