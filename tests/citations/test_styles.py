import json
from dataclasses import replace

import pypandoc
import pytest
from typer.testing import CliRunner

from retrieval import Citation, Document
from retrieval.citations.styles import STYLES, export
from ui.cli import app

METADATA = {
    "author": "Ann Lée and Bob Ray", "publication": "The Post & Star", "volume": "15", "issue": 96, "date": "2018-06-14",
    "language": "en",
}  # fmt: skip
DOCUMENTS = {
    "a1": Document("a1", "On Bridges", metadata=METADATA),
    "b2": Document("b2", "100% {of} *it* _and_\nmore", metadata={"author": "Ann <ann@example.org>", "date": "2019"}),
}
CITATIONS = [
    Citation(1, "a1", "On Bridges", "p. 4, ¶ 12", 0, 8, "It fell.", "/docs/a.pdf", "ab"),
    Citation(2, "b2", "100% {of} *it* _and_\nmore", "¶ 1", 0, 9, "It *cost*\n$5.", None, "cd"),
    Citation(3, "a1", "On Bridges", "p. 5, ¶ 14", 20, 30, "No one saw.", "/docs/a.pdf", "ab"),
]


def exported(style, citations=CITATIONS):
    return export(citations, DOCUMENTS.get, style)


def test_plain():
    assert exported("plain") == (
        "1. “It fell.” Ann Lée, Bob Ray, On Bridges, The Post & Star 15 (96), 2018-06-14, p. 4, ¶ 12.\n"
        "2. “It *cost* $5.” Ann, 100% {of} *it* _and_ more, 2019, ¶ 1.\n"
        "3. “No one saw.” Ann Lée, Bob Ray, On Bridges, The Post & Star 15 (96), 2018-06-14, p. 5, ¶ 14.\n"
    )


def test_markdown_is_escaped():
    assert exported("markdown", CITATIONS[1:2]) == (
        "2. “It \\*cost\\* \\$5.” Ann, *100% {of} \\*it\\* \\_and\\_ more*, 2019, ¶ 1.\n"
    )


def test_bibtex():
    assert (
        exported("bibtex")
        == """\
@article{lee2018bridges,
  author = {Ann Lée and Bob Ray},
  title = {{On Bridges}},
  journal = {The Post \\& Star},
  volume = {15},
  number = {96},
  year = {2018},
  date = {2018-06-14},
  langid = {en},
  note = {p. 4, ¶ 12: “It fell.” p. 5, ¶ 14: “No one saw.”},
}

@misc{ann2019100,
  author = {Ann},
  title = {{100\\% \\{of\\} *it* \\_and\\_ more}},
  year = {2019},
  date = {2019},
  note = {¶ 1: “It *cost* \\$5.”},
}
"""
    )


def test_ris():
    assert exported("ris", CITATIONS[:1]) == (
        "TY  - JOUR\nID  - lee2018bridges\nAU  - Ann Lée\nAU  - Bob Ray\nTI  - On Bridges\nJO  - The Post & Star\n"
        "VL  - 15\nIS  - 96\nPY  - 2018\nLA  - en\nDA  - 2018/06/14/\nN1  - p. 4, ¶ 12: “It fell.”\nER  - \n"
    )


def test_csl_json():
    assert json.loads(exported("csl-json"))[0] == {
        "id": "lee2018bridges", "type": "article-journal", "title": "On Bridges", "container-title": "The Post & Star",
        "volume": "15", "issue": "96", "language": "en", "author": [{"literal": "Ann Lée"}, {"literal": "Bob Ray"}],
        "issued": {"date-parts": [[2018, 6, 14]]}, "note": "p. 4, ¶ 12: “It fell.” p. 5, ¶ 14: “No one saw.”",
    }  # fmt: skip


@pytest.mark.parametrize("style, reader", [("bibtex", "bibtex"), ("ris", "ris"), ("csl-json", "csljson")])
def test_pandoc_reads_it_back(style, reader):
    items = json.loads(pypandoc.convert_text(exported(style), "csljson", reader))
    first, second = items
    assert (first["title"], first["container-title"], str(first["volume"])) == ("On Bridges", "The Post & Star", "15")
    known = 1 if style == "ris" else 3  # pandoc reads the year of RIS only
    assert first["issued"]["date-parts"][0][:known] == [2018, 6, 14][:known]
    assert [author.get("literal") or author["family"] for author in first["author"]][1].endswith("Ray")
    assert second["title"].replace("\\", "").replace("<i>", "*").replace("</i>", "*").startswith("100% {of} *it* ")


@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_cited(style):
    assert exported(style, []) == ""


@pytest.mark.parametrize("style", STYLES)
def test_a_document_that_is_gone_and_a_value_that_breaks_lines(style):
    citation = Citation(1, "gone", "A\r\nER  - \n}\u202e", "¶ 1", 0, 2, "a\x00\nTY  - b", None, "ef")
    text = export([citation], {}.get, style)
    assert "\x00" not in text and "\u202e" not in text and "\r" not in text
    assert "\nER  - \n}" not in text and "\nTY  - b" not in text


def test_who_says_so_goes_into_the_note():
    (first,) = [replace(CITATIONS[0], speaker="Ann & Bob", reported_in="The Post, June 6")]
    assert "note = {p. 4, ¶ 12: “It fell.” (Ann \\& Bob, in The Post, June 6, as cited in ¶ 12)}" in exported(
        "bibtex", [first]
    )


def test_keys_differ():
    same = [Citation(n, f"d{n}", "Notes", "¶ 1", 0, 2, "Hi", None, "x") for n in range(3)]
    assert [item["id"] for item in json.loads(export(same, {}.get, "csl-json"))] == ["notes", "notes-2", "notes-3"]


def test_an_unknown_style():
    with pytest.raises(KeyError):
        exported("word")


@pytest.mark.slow
def test_on_the_command_line(asked):
    question = "Who kept the Orvik lighthouse?"
    result = CliRunner().invoke(app, ["ask", question, "--library", str(asked.path), "--cite", "csl-json"])
    (item,) = json.loads(result.stdout)
    assert item["title"] == "Lighthouse" and "Jonas Hallgrimsson" in item["note"]
