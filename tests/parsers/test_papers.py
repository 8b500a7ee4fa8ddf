"""Papers in columns, printed by LaTeX and LibreOffice: their PDFs and sources are in tests/data/papers.

    pdflatex article.tex (twice)        soffice --headless --convert-to pdf report.docx

Every sentence has a number, in reading order but for notes and captions.
"""

import re
from pathlib import Path

import pytest

from eval.formats.converted import agreement, by_pandoc
from retrieval.citations.page_images import Pages
from retrieval.ingest.chunking import split
from retrieval.ingest.files import load

PAPERS = Path(__file__).parents[1] / "data" / "papers"
MEGABYTE = 2**20
SOURCES = {"article": "article.tex", "multicol": "multicol.tex", "report": "report.docx"}
TABLE = (("Exact", "98.2", 14), ("Fluffy", "71.5", 3), ("Office", "64.0", 2))
BESIDE = re.compile(r"\d (?=[A-ZÀ-Ž])|Figure|Table")  # notes and captions


@pytest.fixture(scope="module", params=SOURCES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def paper(name):
    return load(PAPERS / f"{name}.pdf", MEGABYTE)


def blocks(loaded):
    return [loaded.document.text[block.start : block.end] for block in loaded.blocks]


def numbers(texts):
    return [int(number) for text in texts for number in re.findall(r"trial (\d+)", text)]


@pytest.mark.slow
def test_every_sentence_of_the_source_is_there(name):
    theirs = [re.sub(r"^\d (?=The)", "", text) for text in by_pandoc(PAPERS / SOURCES[name])]  # of \begin{multicols}{2}
    found = agreement(PAPERS / f"{name}.pdf", "", "", theirs)
    assert (found.missing, found.sentences > 60) == ((), True)


def test_sentences_are_in_reading_order(paper):
    body = numbers(text for text in blocks(paper) if not BESIDE.match(text))
    assert body == sorted(body)


def test_no_word_is_cut(paper):
    assert re.findall(r"\w+-\s\w*|\w-$", paper.document.text, re.MULTILINE) == []
    assert set(re.findall(r"\w+-\w+", paper.document.text)) <= {"well-known", "re-establishes", "Ann-Lee"}


def test_notes_captions_and_running_heads_stand_apart():
    loaded = load(PAPERS / "article.pdf", MEGABYTE)
    texts = blocks(loaded)
    notes = [text for text in texts if re.match(r"\d (?=[A-ZÀ-Ž][a-zà-ž])", text) and "trial" in text]
    assert [(text[0], numbers([text])) for text in notes] == [("1", [13]), ("2", [38]), ("3", [68]), ("4", [87])]
    assert [numbers([text]) for text in texts if text.startswith(("Figure 1: ", "Table 1: "))] == [[23], [51]]
    assert "\n".join(f"Method: {a}; Recall: {b}; Time: {c} ms" for a, b, c in TABLE) in texts
    heads = ["2 METHODS 2", "3 RESULTS 3", "REFERENCES 4"]
    assert [text for text in texts if text.isupper()] == []
    assert [text for text in loaded.document.text.split("\n\n") if text.isupper()] == heads
    assert "[2] B. Košir. On the characterization of offices. Journal of Offices, 12(3):45–67, 2011." in texts[-1]


def test_headings_and_lists():
    loaded = load(PAPERS / "article.pdf", MEGABYTE)
    headings = [block.heading for block in loaded.blocks if block.level]
    assert headings[0] == loaded.document.title == "On Efficient Offices"
    assert [text for text in headings if text[0].isdigit()] == [
        "1 Introduction",
        "2 Methods",
        "2.1 Materials",
        "3 Results",
    ]
    lists = [text for text in blocks(loaded) if text.startswith("•")]
    assert [[numbers([line]) for line in text.split("\n")] for text in lists] == [[[39], [40], [41]]]


def test_running_heads_of_a_magazine_are_said_once():
    text = load(PAPERS / "multicol.pdf", MEGABYTE).document.text
    assert [text.count(words) for words in ("The Bridge Quarterly", "Do not copy", "Page ")] == [1, 1, 1]
    text = load(PAPERS / "report.pdf", MEGABYTE).document.text
    assert [text.count(words) for words in ("Issue 7", "Confidential")] == [1, 1]


def test_accents_and_ligatures_are_letters():
    text = load(PAPERS / "article.pdf", MEGABYTE).document.text
    for word in (
        "Erdős",
        "Schrödinger",
        "Márquez",
        "Košir",
        "Étienne",
        "Ångström",
        "Nuñez",
        "Sègre",
        "affluent",
        "official",
    ):
        assert re.search(rf"\b{word}\b", text)
    assert not re.search("[´¨ˇ˝˚\ufb00-\ufb06]", text)


@pytest.mark.slow
def test_quotes_are_shown_on_the_printed_page(paper):
    pages = Pages(MEGABYTE)
    for passage in split(paper.document, paper.blocks, lambda texts: [len(text) // 5 for text in texts], 200)[::4]:
        quotes = [paper.document.text[start:end] for start, end in passage.sentences]
        for quote in [quote for quote in quotes if "trial" in quote][-1:]:
            assert all(page.boxes for page in pages.show(paper.document, [passage], quote))
