import time
from datetime import date, datetime

import pytest
import yaml

from retrieval.parsers.metadata import common, iso_date


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2018", "2018"),
        ("2018-06", "2018-06"),
        ("2018-06-14", "2018-06-14"),
        ("20180614", "2018-06-14"),
        ("2018-06-14T10:00:00Z", "2018-06-14"),
        ("2018/6/4", "2018-06-04"),
        ("D:20180614120000+02'00'", "2018-06-14"),
        ("3 May 2020", "2020-05-03"),
        ("14th Sept. 2018", "2018-09-14"),
        ("May 3, 2020", "2020-05-03"),
        (" June\n2018 ", "2018-06"),
        ("3.5.2020", "2020-05-03"),
        ("Thu, 14 Jun 2018 10:00:00 +0000", "2018-06-14"),
        ("03/04/2018", ""),  # April in Europe, March in the United States
        ("maybe 2018", ""),
        ("2018-13", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_iso_date(text, expected):
    assert iso_date(text) == expected


def test_common_names_and_forms():
    fields = {
        "Authors": ["Ann Lee", " Bob\n Ray "], "creator": "somebody else", "published": "May 3, 2020", "Lang": "en",
        "draft": True, "words": 1200, "empty": "", "nothing": None, "nested": {"a": 1}, "when": datetime(2018, 6, 14, 9),
    }  # fmt: skip
    assert common(fields) == {
        "author": "Ann Lee; Bob Ray", "date": "2020-05-03", "language": "en", "draft": True, "words": 1200,
        "when": "2018-06-14 09:00:00",
    }  # fmt: skip


def test_dates_that_are_dates_or_cannot_be_read():
    assert common({"date": date(2018, 6, 14)}) == {"date": "2018-06-14"}
    assert common({"date": datetime(2018, 6, 14, 10)}) == {"date": "2018-06-14"}
    assert common({"date": "last spring"}) == {"date": "last spring"}
    assert common({"date": 2018}) == {"date": "2018"}


def test_numbers_that_no_database_takes_are_left_out():
    assert common({"a": 10**30, "b": 2**62, "c": float("nan"), "d": float("-inf"), "e": 0.5}) == {"b": 2**62, "e": 0.5}


def test_references_do_not_explode():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join(f'*a{level - 1}' for _ in range(9))}]" for level in range(1, 12)]
    began = time.perf_counter()
    assert common(yaml.safe_load("\n".join(lines)))["a0"] == "x; x; x; x; x; x; x; x; x"
    assert time.perf_counter() - began < 2
