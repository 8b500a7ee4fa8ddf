import pytest

from retrieval import Document
from retrieval.errors import QuestionError

DATES = {
    "a": "2017-12-31",
    "b": "2018",
    "c": "2018-06",
    "d": "2018-06-14",
    "e": "2018-07-31",
    "f": "2019-01-01",
    "g": "soon",
}


@pytest.fixture
def dated(hashed):
    hashed.add([Document(name, name, f"Honey of {name}.", metadata={"date": date}) for name, date in DATES.items()])
    return hashed


@pytest.mark.parametrize(
    "where, expected",
    [
        ("2018-06..2018-07", "cde"),
        ("2018..2018", "bcde"),
        ("2018-06-14..2018-06-14", "d"),
        ("2018-07..", "ef"),
        ("..2018-06-13", "abc"),
        ("2020..2021", ""),
        ("2018-06", "c"),
        (["2019..", "2018"], "bf"),
        ("..", ""),
        ("soon..", ""),
        ("2018-06..2018-07 OR 1", ""),
    ],
    ids=str,
)
def test_dates(dated, where, expected):
    assert sorted(hit.passage.doc_id for hit in dated.search("honey", 20, {"date": where})) == list(expected)


def test_a_range_of_another_key_is_text_as_well(hashed):
    hashed.add([Document("a", "A", "Honey.", metadata={"years": "1918..1939"})])
    assert [hit.passage.doc_id for hit in hashed.search("honey", where={"years": "1918..1939"})] == ["a"]


def test_a_title_may_be_a_range_of_dates(dated):
    assert [hit.passage.doc_id for hit in dated.search("honey", where={"title": "d"})] == ["d"]
    with pytest.raises(QuestionError):
        dated.search("honey", where={"date": {"from": "2018"}})
