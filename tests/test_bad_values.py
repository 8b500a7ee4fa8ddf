"""Whatever is given to a public call: a TypeError or PinciteError says so at the door, and nothing later breaks."""

import dataclasses
import math
from collections import UserDict
from pathlib import Path

import pytest
from fakes import HashedEncoder

from retrieval import Citation, Document, Library, PinciteError, Settings

DEEP: list = []
for _ in range(5000):
    DEEP = [DEEP]
ODD = [
    None, True, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, -0.5, 1e308, math.nan, math.inf, -math.inf, 1j,
    "", " ", "x", "\0", "a\0b", "\ud800", "1 " * 1999, "9" * 400, "é" * 3000, "~nobody-here/x", "2018..", b"", b"x",
    bytearray(b"x"), [], [None], [1], [""], ["x"], [[]], [2**70], DEEP, (), ("x",), {}, {"x": 1}, {1: 2}, {"role": "user"},
    {"role": "user", "content": None}, [{"role": "user", "content": "x"}], [{"role": 1, "content": []}], set(), {"x"},
    frozenset(), range(3), iter(()), object(), object, print, lambda: None, UserDict(), Path("/nowhere/at/all"),
    Document("x"), Document("\ud800", "x", "y"),
]  # fmt: skip


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Library(tmp_path / "library", Settings(threshold=0.0), encoder=HashedEncoder()) as opened:
        opened.add(Document("owls", "Owls", "Owls hunt voles at night. They sleep by day."))
        yield opened


def calls(library):
    """Return name -> a call with one odd value for one parameter."""
    citation = library.ask("What do owls hunt?").citations[0]
    named = [field.name for field in dataclasses.fields(Citation)]
    document = {field.name: field.name for field in dataclasses.fields(Document)}
    own = {
        "Library": lambda odd: Library(odd, create=False),
        "add": library.add,
        "add many": lambda odd: library.add([odd, Document("fine", "Fine", "Fine words.")]),
        "sync": lambda odd: library.sync(odd, dry_run=True),
        "sync ignore": lambda odd: library.sync(library.path.parent, ignore=odd, dry_run=True),
        "copy_to": library.copy_to,
        "backup": library.backup,
        "restore": lambda odd: Library.restore(odd, library.path.parent / "never"),
        "remove": library.remove,
        "document": library.document,
        "header": library.header,
        "passages": library.passages,
        "passages start": lambda odd: library.passages("owls", odd),
        "passages end": lambda odd: library.passages("owls", 0, odd),
        "search": library.search,
        "search k": lambda odd: library.search("owls", odd),
        "search where": lambda odd: library.search("owls", where=odd),
        "search where value": lambda odd: library.search("owls", where={"title": odd}),
        "ask": library.ask,
        "ask history": lambda odd: library.ask("And by day?", history=odd),
        "ask k": lambda odd: library.ask("owls", k=odd),
        "ask where": lambda odd: library.ask("owls", where=odd),
        "ask threshold": lambda odd: library.ask("owls", threshold=odd),
        "review": library.review,
        "review threshold": lambda odd: library.review(["owls"], threshold=odd),
        "verify": library.verify,
        "wording_now": library.wording_now,
        "feedback question": lambda odd: library.add_feedback(odd, True, [], True),
        "feedback found": lambda odd: library.add_feedback("q", odd, [], True),
        "feedback quotes": lambda odd: library.add_feedback("q", True, odd, True),
        "feedback good": lambda odd: library.add_feedback("q", True, [], odd),
        "feedback note": lambda odd: library.add_feedback("q", True, [], True, odd),
    }  # fmt: skip
    for name in document:
        own[f"Document {name}"] = lambda odd, name=name: library.add(
            Document(**{"doc_id": "d", "title": "t", "text": "Some words.", name: odd})
        )
    for name in named:
        own[f"verify {name}"] = lambda odd, name=name: library.verify(dataclasses.replace(citation, **{name: odd}))
    for each in dataclasses.fields(Settings):
        own[f"Settings {each.name}"] = lambda odd, name=each.name: Settings(**{name: odd})
    return own


@pytest.mark.slow
def test_every_odd_value_is_refused_at_the_door_or_does_no_harm(library):
    wrong = []
    for name, call in calls(library).items():
        for odd in ODD:
            try:
                call(odd)
            except (TypeError, PinciteError) as error:
                if not str(error):
                    wrong.append((name, repr(odd)[:40], "says nothing"))
            except BaseException as error:
                wrong.append(
                    (name, repr(odd)[:40] if odd is not DEEP else "DEEP", f"{type(error).__name__}: {error}"[:80])
                )
    assert wrong == []
    library.check()
    assert library.ask("What do owls hunt?").citations[0].quote == "Owls hunt voles at night."
    assert all(isinstance(case["question"], str) for case in library.feedback())
    assert library.documents() and library.info() and library.failures() is not None
    library.search("owls", where={"title": "Owls"})
