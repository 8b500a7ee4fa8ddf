"""The comparison of paces, a slowed Pincite that it catches, and one real measurement of a question."""

import numpy as np
import pytest
from articles import QUESTIONS

from eval.performance import pace
from retrieval import Library, Settings
from retrieval.embedding.export import exported

RECORD = {"ask": 2.0, "add": 1.0}


@pytest.mark.parametrize(
    "now, expected",
    [
        ({"ask": 2.0, "add": 1.0}, []),
        ({"ask": 2.6, "add": 0.5}, []),  # 1.3 times
        ({"ask": 3.0, "add": 1.0}, ["ask"]),  # 1.5 times
        ({"ask": 3.0, "add": 1.5}, ["ask", "add"]),
        ({"add": 1.0}, ["ask"]),
    ],
)
def test_what_is_half_as_slow_again_fails(now, expected):
    assert pace.failing(now, RECORD) == expected


def test_every_figure_has_a_record():
    assert set(pace.recorded()) == set(pace.FIGURES)


class Slowed(Library):
    """Does every search twice."""

    def search(self, *given, **named):
        super().search(*given, **named)
        return super().search(*given, **named)


@pytest.mark.slow
def test_a_search_that_takes_twice_as_long_is_caught(ready, encoder):
    bare = pace.Bare(exported(Settings()))
    with Library(ready / "library", encoder=encoder) as library, Slowed(ready / "library", encoder=encoder) as slowed:
        before, speeds = pace.asking({"search": library.search}, bare, QUESTIONS[:8])
        after, _ = pace.asking({"search": slowed.search}, bare, QUESTIONS[:8])
    assert set(before) == {"search"}
    assert min(*before.values(), *speeds.values()) > 0
    assert pace.failing({"search": after["search"]}, {"search": before["search"]}) == ["search"]


@pytest.mark.slow
def test_products_take_longer_for_more_tokens():
    assert 5 < np.median([pace.multiplied(1000) / pace.multiplied(100) for _ in range(3)]) < 20
