"""Who says so: every sentence of the article that ships with Pincite, and sentences as the news has them, by hand."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.answering.attribution.attribute import Attribution, attribute
from retrieval.records import Passage
from retrieval.text.sentences import sentence_spans

ARTICLE = (Path(__file__).parents[2] / "seeds/russias-allies-syrian-operation.txt").read_text("utf-8")
SPUTNIK, RIA_2017 = "Sputnik News, June 22, 2017", "RIA Novosti, June 22, 2017"
STAFF = "Kyrgyzstan’s Ministry of Foreign Affairs and General Staff"
# The beginning of every sentence that says who says so or where that appeared; all others must say nothing.
SEEDS = {
    "Sergei Shoigu attends": ("", "RIA Novosti"),
    "During the opening session": ("Sergei Shoigu", "RIA Novosti, June 6"),
    "There is mine clearance": ("Sergei Shoigu", "RIA Novosti, June 6"),
    "We count on your support": ("Sergei Shoigu", "RIA Novosti, June 6"),
    "A year ago, Turkish": ("Ibrahim Kalin", ""),
    "“There was even a proposal": ("Ibrahim Kalin", SPUTNIK),
    "They, too, can take": ("Ibrahim Kalin", SPUTNIK),
    "The chairperson of the Duma": ("Vladimir Shamanov", RIA_2017),
    "“Kazakhstan is not in talks": ("Foreign Minister Kairat Abdrakhmanov", ""),
    "In turn, Kyrgyzstan’s": (STAFF, "RT, June 23, 2017"),
    "“Syria […] has become": ("Nariman Agayev", ""),
    "“Russia’s dominance": ("Nariman Agayev", ""),
    "“This is not the first time": ("Islam Kuraev", ""),
    "The fact that the initiative": ("Islam Kuraev", ""),
    "After all, Russia": ("Islam Kuraev", ""),
    "Askat Dukenbayev": ("Askat Dukenbayev", ""),
    "Meanwhile, Karimjon": ("Karimjon Akhmedov", "Karavansarayi, June 12"),
}


def passage(text: str, start: int = 0) -> Passage:
    sentences = tuple((start + a, start + b) for a, b in sentence_spans(text))
    return Passage("d", 1, start, start + len(text), text, sentences)


def last(text: str) -> tuple[str, str]:
    """Speaker and source of the last sentence of a text, after a check of their spans."""
    whole = passage(text)
    return checked(text, attribute(whole, whole.sentences[-1]))


def checked(document: str, found: Attribution) -> tuple[str, str]:
    for words, span in ((found.speaker, found.speaker_span), (found.reported_in, found.reported_span)):
        assert (span is None) == (words == "")
        assert span is None or document[slice(*span)] == words
    return found.speaker, found.reported_in


def test_the_article_sentence_by_sentence():
    found, start = {}, 0
    for paragraph in ARTICLE.split("\n\n"):
        whole = passage(paragraph, start)
        start += len(paragraph) + 2
        for span in whole.sentences:
            said = checked(ARTICLE, attribute(whole, span))
            if said != ("", ""):
                found[ARTICLE[slice(*span)]] = said
    assert list(found.values()) == list(SEEDS.values())
    assert all(sentence.startswith(begun) for sentence, begun in zip(found, SEEDS, strict=True))


@pytest.mark.parametrize(
    "text, speaker",
    [
        ("“We will not go,” said Anna Berg.", "Anna Berg"),
        ('"We will not go," said Anna Berg.', "Anna Berg"),
        ("“We will not go,” Berg said on Monday.", "Berg"),
        ("“We will not go,” said the mayor of Oslo, Anna Berg.", "Anna Berg"),
        ("“We will not go,” added Norwegian minister Anna Berg (VG, May 3).", "Anna Berg"),
        ("“We will not go,” Prime Minister Anna Berg told reporters.", "Prime Minister Anna Berg"),
        ("The troops would stay at home, claimed Ibrahim Kalin.", "Ibrahim Kalin"),
        ("Anna Berg said that the bridge would close.", "Anna Berg"),
        ("Anna Berg, the mayor of Oslo, Norway, said that the bridge would close.", "Anna Berg"),
        ("The mayor of Oslo, Anna Berg, said that the bridge would close.", "Anna Berg"),
        ("On Monday, the Kremlin said it would not attend.", "Kremlin"),
        ("In 2004, Blair insisted that the report was right.", "Blair"),
        ("The Bank of England said that prices would fall.", "Bank of England"),
        ("TASS reported that the talks had failed.", "TASS"),
        ("But Anna Berg also warned that the ice was thin.", "Anna Berg"),
        ("Anna Berg told the council that the ice was thin.", "Anna Berg"),
        ("Anna Berg said in an interview on Tuesday that the ice was thin.", "Anna Berg"),
        ("Anna Berg refused to come, saying that the ice was thin.", "Anna Berg"),
        ("Anna Berg wrote: “The ice is thin.”", "Anna Berg"),
        ("The historian J. F. de Vries argued that the dyke was older.", "J. F. de Vries"),
        ("According to Anna Berg, the ice was thin.", "Anna Berg"),
        ("The ice was thin, according to the World Health Organization.", "World Health Organization"),
        ("The ice, according to analyst Anna Berg, was thin.", "Anna Berg"),
        ("Élodie Évrard a crié. Élodie Évrard said that it was cold.", "Élodie Évrard"),
        ("We met Berg. Berg said that it was cold.", "Berg"),
        ("Anna Berg said that it was cold. She added that it was dark.", "Anna Berg"),
        ("“It is cold,” said Anna Berg. “It is dark,” she added.", "Anna Berg"),
        ("“It is cold,” said Anna Berg. “It is dark. It is late,” she added.", "Anna Berg"),
        ("Mayor Anna Berg said, “Putin said that it was cold.”", "Mayor Anna Berg"),
        ("Anna Berg\nsaid that it was cold.", "Anna Berg"),
    ],
)
def test_a_speaker(text, speaker):
    assert last(text)[0] == speaker


@pytest.mark.parametrize(
    "text, source",
    [
        ("The plant closed in May (Reuters, May 3).", "Reuters, May 3"),
        ("The plant closed in May (The Guardian News, 3 May 2017).", "The Guardian News, 3 May 2017"),
        ("“It is shut,” an official said (Lenta.ru, May 3, 2017).", "Lenta.ru, May 3, 2017"),
        ("“It is shut” (Oslo Courier, May 3).", "Oslo Courier, May 3"),
        ("It was shut, officials said (Oslo Courier, May 3; TASS, May 4).", "Oslo Courier, May 3; TASS, May 4"),
        ("The bridge at night (Source: Oslo Courier)", "Oslo Courier"),
        ("The bridge at night (Source: RIA Novosti, June 6)", "RIA Novosti, June 6"),
    ],
)
def test_a_source(text, source):
    assert last(text) == ("", source)


@pytest.mark.parametrize(
    "text",
    [
        "They tried before (see EDM, July 10, 2017).",
        "The states of the region (CIS) met in Tuva.",
        "The Commonwealth of Independent States (CIS).",
        "Moscow said nothing.",
        "Moscow did not say that it would attend.",
        "It was said that Moscow would attend.",
        "The Normans are said to be brave.",
        "Critics said that the bridge was ugly.",
        "Officials in Oslo said that the bridge was ugly.",
        "Critics of Anna Berg said that the bridge was ugly.",
        "Supporters and Anna Berg said that the bridge was ugly.",
        "A friend of President Anna Berg said that it was late.",
        "No American said that it was late.",
        "Many Russians said that it was late.",
        "Three Russians said that it was late.",
        "If Anna Berg said that it was late, they would leave.",
        "Britain declared war on Germany.",
        "Apple announced a new telephone.",
        "Luther wrote “A Mighty Fortress” in 1529.",
        "Anna Berg never said that it was late.",
        "He said that it was late.",
        "“It is late,” he said.",
        "It was late. He said that it was cold.",
        "The Kremlin said that it was late. He added that it was cold.",
        "Anna Berg said that Peter Holm left. He added that it was cold.",
        "Anna Berg and Peter Holm said that it was late. He added that it was cold.",
        "Anna Berg said that it was late. The train left. She added that it was cold.",
        "Ohm’s Law states that they are proportional.",
        "According to Greek mythology, he drowned.",
        "According to critics, he drowned.",
        "According to the 2010 census, 40 people live there.",
        "He was born in a small flat (Paris, May 6, 1789).",
        "The house (built 1904) was sold for (about) 300 (2017).",
        "It sold well (Berlin, June 1940).",
        "It is a mixture (Smith, 2004).",
        "“It is late,” (, June 15, 2018).",
        "The mayor of Paris, Texas, said that it was late.",
        "Anna Berg said that it was late, but Peter Holm argued that it was early.",
        "“Anna Berg said that it was late.”",
        "It fell (Anna Berg said that it was late) in May.",
        "Thor (film)\nHe said that it was late.",
    ],
)
def test_nothing_that_the_text_does_not_state(text):
    assert last(text) == ("", "")


def test_a_quote_of_several_sentences():
    text = "It snowed. Anna Berg said that it was late. Berg added that it was cold (VG, May 3). Peter Holm said that it was warm."
    whole = passage(text)
    spans = whole.sentences

    def said(first: int, final: int) -> tuple[str, str]:
        return checked(text, attribute(whole, (spans[first][0], spans[final][1])))

    assert said(1, 2) == ("Anna Berg", "VG, May 3"), "one speaker; the source stands behind both"
    assert said(0, 1) == ("", ""), "nobody says that it snowed"
    assert said(2, 3) == ("", ""), "two speakers; and the source is not that of the second"
    assert said(2, 2) == ("Berg", "VG, May 3")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["“", "”", '"', "(", ")", "[", "]", " ", "\n", ", ", ". ", "Anna Berg", "Éva", " said ", "that ", "he ", "the ",
             "according to ", "of ", "Source: ", "RT, May 3", "ﬁ", "\u0130", "\U0001f600", "\x00", "’s ", "minister "]
        ),
        max_size=25,
    ).map("".join)
)  # fmt: skip
def test_spans_are_right_whatever_the_text(text):
    whole = Passage("d", 1, 7, 7 + len(text), text, tuple((7 + a, 7 + b) for a, b in sentence_spans(text)))
    for span in whole.sentences:
        checked("#" * 7 + text, attribute(whole, span))


@pytest.mark.parametrize(
    "piece",
    ["A ", "Aa, ", "A. ", "said ", "“", '"a" ', "Aa the of ", ", Aa Bb", "Aa Bb, the x, ", "(Aa, May 1; ", "(", " "],
)
def test_a_hostile_text_takes_no_time(piece):
    text = (piece * 1200)[:1199] + "."
    whole = Passage("d", 1, 0, len(text), text, ((0, len(text)),))
    began = time.process_time()
    attribute(whole, (0, len(text)))
    assert time.process_time() - began < 0.25


# Sentences written and labelled by hand before the grammar knew them; the third set was not looked at while the first
# two were mended, and gave 5 of 11 speakers then, none of them wrong.
NEWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "news_sentences.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("field, index, stated, found", [("speaker", 0, 46, 44), ("source", 1, 13, 13)])
def test_sentences_of_the_news(field, index, stated, found):
    given = [(case[field], last(case["text"])[index]) for case in NEWS]
    assert [pair for pair in given if pair[1] and not (pair[0] and f" {pair[0]} " in f" {pair[1]} ")] == []
    assert sum(bool(label) for label, _ in given) == stated
    assert sum(bool(name) for _, name in given) == found
