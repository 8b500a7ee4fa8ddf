import pytest

from retrieval.text import find_dates, with_years


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Signed on 14 February 2025 and again on March 3, 2026.", [(2025, 2, 14), (2026, 3, 3)]),
        ("Due 2026-01-31; last changed 14.08.2025.", [(2026, 1, 31), (2025, 8, 14)]),
        ("In May 2014 and in 1991, but by October, too.", [(2014, 5, 0), (1991, 0, 0), (0, 10, 0)]),
        ("He said so on June 6 (RIA Novosti, June 22, 2017).", [(0, 6, 6), (2017, 6, 22)]),
        ("the 1st of April 2020", [(2020, 4, 1)]),
        ("Room 2024b, 1,900 euros, 1850 kg, $2015 and +49 40 5550 1234 are none, nor may you march.", []),
    ],
)
def test_dates_are_found_as_far_as_they_are_named(text, dates):
    assert [date.order for date in find_dates(text)] == dates


def test_a_span_holds_what_names_the_date():
    text = "The lease begins on 1 March 2025."
    (date,) = find_dates(text)
    assert text[slice(*date.span)] == "1 March 2025"


def test_years_are_filled_in_where_they_lack():
    assert [date.year for date in with_years(find_dates("June 6, and May 2014"), 2018)] == [2018, 2014]
