"""What both backends decide alike."""

import pytest

from retrieval.records import Document
from retrieval.storage.rules import idf, settled


def document(title="bees", source="/d/bees.txt"):
    return Document("a1", title, "Bees shiver.", source)


@pytest.mark.parametrize(
    "given, paths, expected",
    [
        (document(), ["/d/bees.txt", "/e/ants.txt"], document()),
        (document(), ["/e/ants.txt", "/f/tea.txt"], document("ants", "/e/ants.txt")),
        (document("On bees"), ["/e/ants.txt"], document("On bees", "/e/ants.txt")),
        (document("", None), ["/e/ants.txt"], document("", "/e/ants.txt")),
        (document(), [], None),
    ],
    ids=["its source stays", "named by its file", "with a title of its own", "made in memory", "held by none"],
)
def test_a_document_follows_the_files_that_hold_it(given, paths, expected):
    assert settled(given, paths) == expected


def test_idf_is_robertsons_and_never_negative():
    found = idf(3, {"honei": 1, "bee": 3, "ic": 0})
    assert found == pytest.approx({"honei": 0.9808, "bee": 0.1335, "ic": 2.0794}, abs=1e-4)
