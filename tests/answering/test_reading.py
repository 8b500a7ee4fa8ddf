"""What the reader does to an answer, by a reader whose scores are written down here."""

from dataclasses import replace

import pytest
from fakes import HashedEncoder

from retrieval import Document, Library, Settings
from retrieval.answering import read
from retrieval.reader import PassageReading

TEXT = "Bees sleep in winter. Bees eat honey in winter. Bees dance in winter.\n\nAnts sleep in winter under the house."


class WrittenReader:
    """Finds a word: the sentence that holds it answers, and the word is the span; without it nothing does."""

    name = "written"

    def __init__(self, word):
        self.word = word

    def read(self, question, passages):
        return [self._reading(text, sentences) for text, sentences in passages]

    def _reading(self, text, sentences):
        at = text.find(self.word)
        scores = tuple(4.0 if a <= at < b else -4.0 for a, b in sentences)
        span = (at, at + len(self.word)) if at >= 0 else sentences[0]
        return PassageReading(3.0 if at >= 0 else -3.0, span, 5.0 if at >= 0 else -5.0, scores)


@pytest.fixture
def library_with(tmp_path):
    """Open a library of two paragraphs with a reader, or with none."""
    opened = []

    def open_library(reader=None):
        settings = Settings(threshold=0.0, reader="none")
        opened.append(Library(tmp_path / str(len(opened)), settings, encoder=HashedEncoder(), reader=reader))
        opened[-1].add(Document("d", "Winter", TEXT))
        return opened[-1]

    yield open_library
    for library in opened:
        library.close()


def quotes(answer):
    return [citation.quote for citation in answer.citations]


def test_the_reader_drops_sentences_that_answer_worse(library_with):
    alone, read_too = (library_with(reader).ask("Bees in winter") for reader in (None, WrittenReader("dance")))
    assert {"dance", "honey"} <= set(" ".join(quotes(alone)).split())
    assert quotes(read_too) == ["Bees dance in winter."]


def test_search_and_the_reader_choose_together(library_with):
    search, both = (library_with(reader).ask("Bees dance in winter") for reader in (None, WrittenReader("honey")))
    assert quotes(search)[0].endswith("Bees dance in winter.")
    assert quotes(both) == ["Bees eat honey in winter. Bees dance in winter."]  # what search has first stays


def test_the_words_that_answer_are_cited_in_their_place(library_with):
    library = library_with(WrittenReader("honey"))
    (citation,) = library.ask("Bees eat honey in winter").citations
    assert TEXT[citation.answer_start : citation.answer_end] == "honey"
    assert citation.quote[slice(*citation.answer)] == "honey"
    assert library.ask("Bees eat honey in winter").to_markdown().startswith("> Bees eat **honey** in winter.")
    assert library.verify(citation) == "valid"
    assert library.verify(replace(citation, answer_end=citation.end + 1)) == "changed"
    assert library.verify(replace(citation, answer_start=citation.start - 1)) == "changed"


def test_a_whole_sentence_is_no_answer_to_set_apart(library_with):
    (citation,) = library_with(WrittenReader("Bees eat honey in winter.")).ask("Bees eat honey in winter").citations
    assert (citation.answer_start, citation.answer_end, citation.answer) == (None, None, None)


def test_without_a_reader_nothing_is_read(library_with):
    assert read(None, "Bees?", []).found == {}
    answer = library_with().ask("Bees in winter")
    assert {citation.answer for citation in answer.citations} == {None}


def test_a_reader_that_was_not_fitted_changes_no_confidence(library_with):
    question = "Bees eat honey in winter"
    alone, read_too = library_with().ask(question), library_with(WrittenReader("honey")).ask(question)
    assert read_too.confidence == pytest.approx(alone.confidence, abs=0.2)
    assert set(read_too.timings) == {"search", "read", "answer"}
