"""reStructuredText: tables with their names, numbers of lists, marks of notes."""

import pytest

from retrieval.parsers import parse


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("==== ====\nBoat Toll\n==== ====\nPunt 3\nScow 12\n==== ====\n", "Boat: Punt; Toll: 3\nBoat: Scow; Toll: 12"),
        ("+---+---+\n| a | b |\n+   +---+\n|   | c |\n+---+---+\n", "a | b\na | c"),
        (
            ".. list-table:: Tolls\n   :header-rows: 1\n\n   * - Boat\n     - Toll\n   * - Punt\n     - 3\n",
            "Tolls\n\nBoat: Punt; Toll: 3",
        ),
        ("1. One\n2. Two\n\n   - Sub\n", "1. One\n2. Two\nSub"),
        ("(c) One\n(d) Two\n", "(c) One\n(d) Two"),
        ("- One\n\n  More\n- Two\n", "One\nMore\nTwo"),
        ("It rose to 51 [2]_ and 10\\ :sup:`6`.\n\n.. [2] Since May.\n", "It rose to 51 [2] and 10⁶."),
    ],
)
def test_what_is_read(source, text):
    assert parse(".rst", source.encode()).text.startswith(text)
