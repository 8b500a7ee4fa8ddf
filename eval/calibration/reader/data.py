"""Paragraphs with questions, from the one form of the training data and from published formats.

Of these: SQuAD 1.1 and 2.0 (and SQuADShifts), QED, ClapNQ and QAMR. Makes no examples.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from retrieval.text import sentence_spans

Span = tuple[int, int]  # characters into the paragraph's text


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a paragraph.

    spans: where annotators saw the answer; empty where only the sentence is known, or nothing answers.
    sentences: those that hold it, where that is all that is known.
    """

    text: str
    answerable: bool
    spans: tuple[Span, ...] = ()
    sentences: tuple[Span, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, its article's title ("" where it has none) and what is asked of it."""

    title: str
    text: str
    sentences: tuple[Span, ...]
    questions: tuple[Question, ...] = ()


def read_paragraphs(path: Path) -> list[Paragraph]:
    """Read a file in the one form (NAME.jsonl.gz), or a published one; ValueError where it is none of them."""
    if path.name.endswith(".jsonl.gz"):
        return [_paragraph(record) for record in _lines(path)]
    return _read_published(path)


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _paragraph(record: Mapping[str, Any]) -> Paragraph:
    asked = tuple(
        Question(q["question"].strip(), q["answerable"], _spans(q["spans"]), _spans(q["sentences"]), q["source"])
        for q in record["questions"]
    )
    return Paragraph(record["title"], record["text"], _spans(record["sentences"]), asked)


def _spans(pairs: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in pairs)


def read_articles(path: Path) -> dict[str, list[str]]:
    """Read articles.jsonl.gz: the paragraphs of each title, for hard negatives."""
    return {record["title"]: record["paragraphs"] for record in _lines(path)}


def without_titles(paragraphs: Iterable[Paragraph], titles: Iterable[str]) -> list[Paragraph]:
    """Leave out the paragraphs of some articles."""
    unwanted = set(titles)
    return [paragraph for paragraph in paragraphs if paragraph.title not in unwanted]


def held_out(paragraphs: Sequence[Paragraph], every: int) -> tuple[list[Paragraph], list[Paragraph]]:
    """Split by whole articles into (training, development): each `every`-th title by name, from the second on."""
    titles = sorted({paragraph.title for paragraph in paragraphs if paragraph.title})
    kept = set(titles[1::every]) if len(titles) > 1 else set()
    return (
        [paragraph for paragraph in paragraphs if paragraph.title not in kept],
        [paragraph for paragraph in paragraphs if paragraph.title in kept],
    )


def in_threes(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Join paragraphs of one sentence (QAMR) to some of three, so that there is a sentence to choose."""
    return [_joined(paragraphs[at : at + 3]) for at in range(0, len(paragraphs), 3)]


def _joined(paragraphs: Sequence[Paragraph]) -> Paragraph:
    texts: list[str] = []
    sentences: list[Span] = []
    questions: list[Question] = []
    offset = 0
    for paragraph in paragraphs:
        texts.append(paragraph.text)
        sentences += _moved(paragraph.sentences, offset)
        questions += [
            replace(q, spans=tuple(_moved(q.spans, offset)), sentences=tuple(_moved(q.sentences, offset)))
            for q in paragraph.questions
        ]
        offset += len(paragraph.text) + 1
    return Paragraph(paragraphs[0].title, " ".join(texts), tuple(sentences), tuple(questions))


def _moved(spans: Iterable[Span], by: int) -> list[Span]:
    return [(start + by, end + by) for start, end in spans]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is trained on and what is not. left_out: titles of the articles of `development` and `measured`."""

    training: list[Paragraph]
    development: list[Paragraph]  # to choose between options
    measured: list[Paragraph]  # to report on
    articles: dict[str, list[str]]
    left_out: tuple[str, ...]


def gather(folder: Path, measured: str = "deva", splitting: Sequence[str] = ("aq", "devB", "new_wiki")) -> Corpus:
    """Read a folder of data sets; whole articles are held out, wherever in it they occur.

    measured: name of the file to report on. splitting: those of which a tenth of the articles is held out.
    """
    training: list[Paragraph] = []
    development: list[Paragraph] = []
    reported: list[Paragraph] = []
    for path in sorted(folder.iterdir()):
        name = path.name.split(".")[0]
        if name in ("articles", "sources", "README"):
            continue
        found = read_paragraphs(path)
        if name == measured:
            reported = found
        elif name in splitting:
            kept, out = held_out(found, 10)
            training += kept
            development += out
        else:
            training += in_threes(found) if all(len(item.sentences) <= 1 for item in found) else found
    left_out = tuple(sorted({item.title for item in (*development, *reported) if item.title}))
    articles = read_articles(folder / "articles.jsonl.gz") if (folder / "articles.jsonl.gz").is_file() else {}
    articles = {title: texts for title, texts in articles.items() if title not in left_out}
    return Corpus(without_titles(training, left_out), development, reported, articles, left_out)


# --- Published formats


def _read_published(path: Path) -> list[Paragraph]:
    """Read a file whose contents say what it is; ValueError where they do not. The file's name becomes the source."""
    name = path.name.split(".")[0]
    if path.suffix == ".tsv":
        return list(_qamr(path, name))
    if path.suffix == ".json":
        record = json.loads(path.read_text("utf-8"))
        if isinstance(record, Mapping) and "data" in record:
            return list(_squad(record["data"], name))
    elif path.suffix in (".jsonl", ".jsonlines"):
        records = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        if records and "question_text" in records[0]:
            return [_qed(record, name) for record in records]
        if records and "input" in records[0] and "passages" in records[0]:
            return [_clapnq(record, name) for record in records]
    raise ValueError(f"{path} is neither NAME.jsonl.gz nor SQuAD JSON, QED or ClapNQ lines, or QAMR's filtered tsv")


def _squad(articles: Iterable[Mapping[str, Any]], source: str) -> Iterator[Paragraph]:
    for article in articles:
        title = article["title"].replace("_", " ")
        for paragraph in article["paragraphs"]:
            asked = tuple(_asked(record, source) for record in paragraph["qas"])
            yield Paragraph(title, paragraph["context"], tuple(sentence_spans(paragraph["context"])), asked)


def _asked(record: Mapping[str, Any], source: str) -> Question:
    spans = {(a["answer_start"], a["answer_start"] + len(a["text"])) for a in record["answers"]}
    impossible = bool(record.get("is_impossible"))
    return Question(record["question"].strip(), not impossible, () if impossible else tuple(sorted(spans)), (), source)


def _qed(record: Mapping[str, Any], source: str) -> Paragraph:
    """Answers of the first annotator; an example of the kind "none" has no true answer, and no look-alike's care."""
    text = record["paragraph_text"]
    starts = [*record["sentence_starts"], len(text)]
    sentences = tuple((start, start + len(text[start:end].rstrip())) for start, end in pairwise(starts))
    none = record["annotation"]["explanation_type"] == "none"
    found = [] if none else [place for places in record["original_nq_answers"] for place in places]
    spans = tuple(sorted({_place(text, place) for place in found}))
    asked = (Question(record["question_text"], True, spans, (), source),) if spans else ()
    return Paragraph(record["title_text"], text, sentences, asked)


def _place(text: str, place: Mapping[str, Any]) -> Span:
    """Return the span of a QED place, whose end is inclusive or exclusive: its string says which."""
    start, string = int(place["start"]), str(place["string"])
    return (start, start + len(string)) if text.startswith(string, start) else (start, int(place["end"]) + 1)


def _clapnq(record: Mapping[str, Any], source: str) -> Paragraph:
    passage = record["passages"][0]
    text = passage["text"]
    sentences = tuple(_found_in_order(text, passage["sentences"]))
    output = record["output"][0] if record["output"] else {}
    chosen = {sentence.rstrip("&").strip() for sentence in output.get("selected_sentences") or ()}
    answering = tuple((a, b) for a, b in sentences if text[a:b].strip() in chosen)
    answerable = bool(output.get("answer"))
    asked = () if answerable and not answering else (Question(record["input"], answerable, (), answering, source),)
    return Paragraph(passage["title"], text, sentences, asked)


def _found_in_order(text: str, parts: Iterable[str]) -> Iterator[Span]:
    at = 0
    for part in map(str.strip, parts):
        start = text.find(part, at)
        if start >= 0 and part:
            at = start + len(part)
            yield start, at


def _qamr(path: Path, source: str) -> Iterator[Paragraph]:
    """Read data/filtered/*.tsv; the sentences lie in wiki-sentences.tsv beside it or in the folder above."""
    places = [folder / "wiki-sentences.tsv" for folder in (path.parent, path.parent.parent)]
    named = next((place for place in places if place.is_file()), None)
    if named is None:
        raise ValueError(f"{path} needs wiki-sentences.tsv beside it or in {path.parent.parent}")
    texts = dict(line.split("\t", 1) for line in named.read_text("utf-8").splitlines() if "\t" in line)
    asked: dict[str, list[Question]] = {}
    for line in path.read_text("utf-8").splitlines():
        fields = line.split("\t")
        if fields[0] in texts:
            asked.setdefault(fields[0], []).append(_qamr_question(fields, texts[fields[0]], source))
    for sentence, questions in asked.items():
        text = texts[sentence]
        yield Paragraph("", text, ((0, len(text)),), tuple(questions))


def _qamr_question(fields: Sequence[str], text: str, source: str) -> Question:
    """The answers of the writer and of the validators, each from its first word to its last."""
    words = list(_found_in_order(text, text.split(" ")))
    answers = [field.rpartition(":")[2].split() for field in fields[6:9]]
    spans = {(words[int(a[0])][0], words[int(a[-1])][1]) for a in answers if a and all(map(str.isdigit, a))}
    return Question(fields[5], True, tuple(sorted(spans)), (), source)
