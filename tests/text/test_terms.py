import sqlite3
from pathlib import Path

import pytest

from retrieval.text import searchable
from retrieval.text.terms import STOP_WORDS, question_words, stem, stems, words

SEED = next((Path(__file__).parents[2] / "seeds").glob("*.txt"))
HARD_WORDS = """
    technology technologies methodology ideology biology apology analogy possibly forcibly assembly flexibly humbly
    is as us vs by it s os tvs 1990s 3d relational conditional rational valency hesitancy digitizer conformably
    radically differently analogously vietnamization predication operator feudalism decisiveness hopefulness
    callousness formality sensitivity sensibility triplicate formative formalize electricity electrical hopeful
    goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment
    dependent adoption homologous communism activate angularity effective bowdlerize probate rate cease controlling
    rolling caresses ponies ties cats feed agreed plastered bled motoring sing conflated troubled sized hopping
    tanned falling hissing fizzed failing filing happy sky generalization oscillators dying lying news universe
    university organization organisations running ran better geese skies early only employees countries policies
    happily gently singly nobly doubly ugly fully skillfully yes yearly eyes beauty crying cried cries
"""


def indexed(texts):
    """The terms that SQLite's full-text index keeps of each text, in order."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61')")
    database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')")
    database.executemany("INSERT INTO t(rowid, text) VALUES (?, ?)", enumerate(texts))
    found = [[] for _ in texts]
    for term, row in database.execute('SELECT term, doc FROM v ORDER BY doc, "offset"'):
        found[row].append(term)
    database.close()
    return found


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Who urged the CIS?", ["who", "urged", "the", "cis"]),
        ("Évian-les-Bains, São Paulo, Zürich", ["evian", "les", "bains", "sao", "paulo", "zurich"]),
        ("E\u0301vian", ["evian"]),
        ("İstanbul", ["istanbul"]),
        ("the U.S. in 2014 (3.5%)", ["the", "u", "s", "in", "2014", "3", "5"]),
        ("Shoigu’s snake_case", ["shoigu", "s", "snake", "case"]),
        ("МОСКВА 東京", ["москва", "東京"]),
        (" … — ", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_stop_words_are_dropped():
    assert question_words("Who urged the CIS countries to help in Syria?") == [
        "urged",
        "cis",
        "countries",
        "help",
        "syria",
    ]


def test_a_question_of_stop_words_keeps_them():
    assert question_words("To be or not to be") == ["to", "be", "or", "not"]
    assert question_words("The Who") == ["the", "who"]


def test_question_words_are_distinct_and_in_order():
    assert question_words("Syria, Russia and SYRIA again") == ["syria", "russia"]
    assert question_words("?") == []


@pytest.mark.parametrize("verb", ["doesn’t", "doesn't", "didn't", "isn't", "wasn't", "couldn't", "hasn't"])
def test_a_negated_verb_is_a_stop_word(verb):
    assert question_words(f"Why {verb} Moscow act?") == ["moscow", "act"]


def test_stop_words_are_words():
    assert {word for stop in STOP_WORDS for word in words(stop)} == STOP_WORDS


@pytest.mark.parametrize(
    "word, expected",
    [("countries", "countri"), ("running", "run"), ("relational", "relat"), ("syria", "syria"), ("москва", "москва")],
)
def test_stem(word, expected):
    assert stem(word) == expected


def test_stems_are_distinct():
    assert stems("He runs. She is Running, cafés run.") == {"he", "run", "she", "is", "cafe"}


@pytest.mark.parametrize("word", ["as", "is", "us", "vs", "os", "s"])
def test_words_of_two_letters_stay(word):
    assert stem(word) == word


def test_stems_of_the_seed_are_what_sqlite_indexes():
    distinct = sorted(set(words(SEED.read_text(encoding="utf-8"))))
    assert len(distinct) > 400
    expected = dict(zip(distinct, indexed(distinct), strict=True))
    assert {word: [stem(word)] for word in distinct} == expected


def test_stems_of_hard_words_are_what_sqlite_indexes():
    hard = HARD_WORDS.split()
    expected = dict(zip(hard, indexed(hard), strict=True))
    differing = {word: (stem(word), terms) for word, terms in expected.items() if [stem(word)] != terms}
    assert differing == {}


def test_words_are_what_sqlite_indexes():
    texts = ["Évian-les-Bains: 3.5% of Zürich", "naïve façade, Ångström & Łódź", "snake_case a.b@c.d", "e\u0301vian"]
    assert [[stem(word) for word in words(text)] for text in texts] == indexed(texts)


@pytest.mark.parametrize("text", ["российский", "ёлка", "Ελλάδα", "がっこう", "한국어", "हिन्दी", "ไทย", "x² ½", "ﬁne"])
def test_words_find_their_own_text_in_sqlite(text):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='porter unicode61')")
    database.execute("INSERT INTO t VALUES (?)", (searchable(text),))  # as a library indexes it
    query = " AND ".join(f'"{word}"' for word in words(text))
    found = database.execute("SELECT text FROM t WHERE t MATCH ?", (query,)).fetchall()
    database.close()
    assert found == [(searchable(text),)]
