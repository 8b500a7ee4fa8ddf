import pytest

from retrieval import Document
from retrieval.answering.missing import unnamed
from retrieval.text import stems


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("How long is the notice under HC-7?", "How long is the notice under ?"),
        ("When is breakfast served at Gästehaus Linde?", "When is breakfast served at  ?"),
        ("When is breakfast served at Hotel Adler?", "When is breakfast served at Hotel Adler?"),
        ("how long is the notice?", "how long is the notice?"),
    ],
)
def test_names_of_the_document_only_say_which_is_meant(question, left):
    assert unnamed(question, stems("Gästehaus Linde: house rules, policy HC-7")) == left


def test_a_question_that_names_its_document_is_as_sure_as_one_that_does_not(library_of):
    asked = library_of(
        Document("a", "Policy HC-7", "The notice period is six weeks. It begins on the first of a month."),
        Document("b", "Garden", "Tomatoes need water every day."),
    )
    plain, named = asked.ask("How long is the notice period?"), asked.ask("How long is the notice period under HC-7?")
    assert plain.found and named.found and named.missing == ()
    other = asked.ask("How long is the notice period under HC-9?")
    assert other.confidence < named.confidence and other.missing in ((), ("HC-9",))


@pytest.fixture
def library_of(tmp_path, encoder):
    from retrieval import Library, Settings

    opened = []

    def make(*documents):
        library = Library(tmp_path / "named", Settings(), encoder=encoder)
        opened.append(library)
        library.add(documents)
        return library

    yield make
    for library in opened:
        library.close()


def test_asking_words_are_not_missing(library_of):
    asked = library_of(Document("b", "Garden", "Tomatoes need water every day."))
    assert asked.ask("How many zebras does the article mention?").missing == ("zebras",)
