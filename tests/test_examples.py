"""The examples in the docstrings of the public objects are true."""

import doctest
from pathlib import Path

import pytest

import retrieval
from retrieval import Document, Library, Settings, Turn

ARTICLES = {
    "bees.txt": "Honey bees do not hibernate. They shiver to stay warm.",
    "tea.md": "# Tea\n\nGreen tea is made of leaves that are heated soon after the harvest. The heat stops oxidation.",
}
EXAMPLES = [
    test
    for name in retrieval.__all__
    for test in doctest.DocTestFinder(exclude_empty=True).find(getattr(retrieval, name), name)
    if test.examples
]


@pytest.mark.parametrize("test", EXAMPLES, ids=lambda test: test.name)
def test_examples(test, encoder, tmp_path, monkeypatch):
    """Each runs in a folder with two articles in "articles", and with an empty library of its own."""
    monkeypatch.chdir(tmp_path)
    Path("articles").mkdir()
    for name, text in ARTICLES.items():
        Path("articles", name).write_text(text)
    with Library("notes.pincite", Settings(), encoder=encoder) as library:
        test.globs = {"library": library, "Document": Document, "Library": Library, "Path": Path, "Turn": Turn}
        assert doctest.DocTestRunner().run(test).failed == 0


def test_the_documents_of_a_library_have_examples():
    names = {test.name for test in EXAMPLES}
    methods = "ask search add sync remove documents document passages backup verify"
    assert {f"Library.{name}" for name in methods.split()} <= names
