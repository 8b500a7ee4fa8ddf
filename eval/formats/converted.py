"""Whether quotes can be what a person reads: each format against what another program reads in the same file.

pandoc, LibreOffice and pdftotext are the others. A sentence of theirs counts as found where its letters and digits
stand in the text of the passages in that order.
"""

import csv
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.formats.written import PANDOC, Article, Press, article, converted
from retrieval.ingest import load, split
from retrieval.text import sentence_spans

_LARGEST = 50 << 20  # bytes
_SECONDS = 60.0  # for another program to read a file
_FEWEST = 4  # words of a sentence; what is shorter is a name, a field of metadata or a slide's number
_CELLS = (".csv", "Text - txt - csv (StarCalc):44,34,76")  # as UTF-8
_LINES = (".txt", "Text (encoded):UTF8")
_LATEX = r"""\documentclass[twocolumn,10pt]{article}
\usepackage{hyperref}\providecommand{\tightlist}{}
\title{A Bridge Report}\author{Ann Lee}\begin{document}\maketitle
%s
\end{document}"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of what `reader` reads in a file of `writer` is in our passages; missing: sentences that are not."""

    suffix: str
    writer: str
    reader: str
    sentences: int
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of the sentences that are found; 0 where there are none."""
        return 1 - len(self.missing) / self.sentences if self.sentences else 0.0


def sample() -> str:
    """Return a report in Markdown with all that makes conversion hard, and 200 sentences."""
    articles = [article(number) for number in range(9)]
    body = "\n\n".join("\n\n".join(each.text()) for each in articles[:6])
    items = "\n".join(f"- {item}\n    - {each.items[0]}" for each in articles[6:] for item in each.items[1:])
    rows = "\n".join(f"| {name} | {value} |" for each in articles[6:] for name, value in each.rows)
    notes = "\n\n".join(f"[^{n}]: {each.items[1]}" for n, each in enumerate(articles))
    return f"""---
title: A Bridge Report
author: Ann Lée
date: 2018-06-14
---

# Introduction

The *efficient* offices **affirm** difficult fluctuations — “really”.[^0] It’s [a link](https://example.org/a) of ﬁne
print; see H~2~O and E = mc^2^. A naïve café costs 4.2 million, i.e. 10 % more than `plan_b`.

{body}

## Findings[^1]

{items}

1. The first of three numbered things was done.[^2]
2. The second of three numbered things was not.
3. The third of three numbered things is open.

> We should have closed it, wrote the engineer.[^3]
>
> Nobody did so before the winter came.

### Table of places

| Place | What was seen |
|-------|---------------|
{rows}

Cable
:   A rope of wire that carries the deck.

Pier
:   A wall that stands in the river.[^4]

```
for cable in cables: inspect(cable)
```

The last sentence of this report ends here.[^5] So does this one.[^6] It is over.[^7] It really is.[^8]

{notes}
"""


def letters(text: str) -> str:
    """Return a text's letters and digits in lower case; ligatures are apart."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text))).lower()


def passages_text(path: Path) -> str:
    """Return the text of all passages that we make of a file, in order; DocumentError where it cannot be read."""
    loaded = load(path, _LARGEST)
    passages = split(loaded.document, loaded.blocks, lambda texts: [len(text) // 4 for text in texts], 250)
    return " ".join(passage.text for passage in passages)


def agreement(path: Path, writer: str, reader: str, blocks: Sequence[str]) -> Agreement:
    """Compare our passages of a file with the blocks of text that a reader finds in it."""
    ours = letters(passages_text(path))
    sentences = [block[start:end] for block in blocks for start, end in sentence_spans(block)]
    sentences = [sentence for sentence in sentences if len(sentence.split()) >= _FEWEST]
    missing = tuple(sentence for sentence in sentences if letters(sentence) not in ours)
    return Agreement(path.suffix, writer, reader, len(sentences), missing)


# --- what others read


def by_pandoc(path: Path) -> list[str]:
    """Return the paragraphs, items, cells and notes that pandoc finds in a file, without their numbers."""
    import pypandoc

    kind = PANDOC.get(path.suffix, path.suffix[1:])
    options = [f"--from={kind}", "--to=plain", "--wrap=none", "--columns=100000", "--sandbox"]
    command = [pypandoc.get_pandoc_path(), *options, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
    return _pieces(done.stdout.decode("utf-8"))


def _pieces(text: str) -> list[str]:
    lines = (re.sub(r"^\s*(?:[-•]|\d+\.|\[\d+\])\s+", "", line) for line in text.split("\n"))
    return [re.sub(r"\[\d+\]", "", piece) for line in lines for piece in re.split(r"\s{2,}", line.strip()) if piece]


def by_pdftotext(path: Path) -> list[str]:
    """Return the paragraphs that pdftotext finds."""
    done = subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True, timeout=_SECONDS)
    text = done.stdout.decode("utf-8", "replace").replace("\f", "\n\n")
    joined = re.sub(r"(?<=\w)-\n(?=\w)", "", text)
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", joined)]


def by_office(path: Path) -> list[str]:
    """Return the cells or lines that LibreOffice finds, without numbers of items and notes."""
    is_table = path.suffix in (".ods", ".xls", ".xlsx")
    lines = converted(path, *(_CELLS if is_table else _LINES)).read_text("utf-8-sig").splitlines()
    if is_table:
        return [cell for row in csv.reader(lines) for cell in row]
    return [re.sub(r"^\d+\.\t|(?<=\D[.”])\d{1,2}(?=\s|$)", "", line) for line in lines]


# --- what is compared


def agreements(folder: Path) -> Iterator[Agreement]:
    """Write every format with every program that is here, and compare what is read; folder: for the files."""
    for suffix in sorted(PANDOC.keys() - {".rtf"}):  # pandoc 3.9 drops letters when it reads its own
        yield _with_pandoc(_pandoc(folder / f"a{suffix}"), "pandoc")
    yield from _plain(folder, Press())
    if shutil.which("pdflatex"):
        path = _paper(folder)
        yield agreement(path, "LaTeX", "pandoc, of the source", by_pandoc(path.with_suffix(".tex")))
    if shutil.which("soffice"):
        yield from _office(folder)


def _with_pandoc(path: Path, writer: str) -> Agreement:
    return agreement(path, writer, "pandoc", by_pandoc(path))


def _pandoc(path: Path) -> Path:
    """Write the sample with pandoc."""
    import pypandoc

    pypandoc.convert_text(sample(), PANDOC[path.suffix], "markdown", ["-s"], outputfile=str(path))
    return path


def _plain(folder: Path, press: Press) -> Iterator[Agreement]:
    """Compare tables with pandoc, a PDF with pdftotext, and what has no other reader here with what was written."""
    for suffix in (".csv", ".tsv", ".xlsx", ".jsonl", ".txt", ".eml", ".mbox", ".srt", ".vtt", ".pdf"):
        path = folder / f"plain{suffix}"
        path.write_bytes(press.write(suffix, _long()))
        if suffix in (".csv", ".tsv", ".xlsx"):
            yield _with_pandoc(path, "a small library")
        elif suffix == ".pdf" and shutil.which("pdftotext"):
            yield agreement(path, "ReportLab", "pdftotext", by_pdftotext(path))
        else:
            yield agreement(path, "a small library", "as written", _long().sentences(suffix))


def _long() -> Article:
    """Return many articles as one."""
    parts = [article(number) for number in range(20, 60)]
    return Article(
        "A long report",
        tuple(text for part in parts for text in part.paragraphs),
        tuple(text for part in parts for text in part.items),
        tuple(row for part in parts for row in part.rows),
    )


def _paper(folder: Path) -> Path:
    """Print the sample in two columns with LaTeX, without its table, which pandoc makes as wide as a page."""
    import pypandoc

    path = folder / "paper.tex"
    body = pypandoc.convert_text(re.sub(r"^\|.*\n", "", sample(), flags=re.MULTILINE), "latex", "markdown")
    path.write_text(_LATEX % body, encoding="utf-8")
    for _ in range(2):  # the second time it knows where the notes are
        command = ["pdflatex", "-interaction=batchmode", path.name]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return path.with_suffix(".pdf")


def _office(folder: Path) -> Iterator[Agreement]:
    """Have LibreOffice write what pandoc and XlsxWriter wrote, and read what pandoc does not."""
    for before, after in ((".docx", ".odt"), (".docx", ".rtf"), (".docx", ".html"), (".odt", ".docx")):
        yield _with_pandoc(_by_libreoffice(folder, before, after), "LibreOffice")
    for after in (".ods", ".xls"):
        path = _by_libreoffice(folder, ".xlsx", after)
        yield agreement(path, "LibreOffice", "LibreOffice", by_office(path))
    path = _pandoc(folder / "a.rtf")
    yield agreement(path, "pandoc", "LibreOffice", by_office(path))
    path = _by_libreoffice(folder, ".docx", ".pdf")
    yield agreement(path, "LibreOffice", "pandoc, of the source", by_pandoc(path.with_suffix(".docx")))
    path = _by_libreoffice(folder, ".pptx", ".odp")
    yield agreement(path, "LibreOffice", "pandoc, of the source", by_pandoc(path.with_suffix(".pptx")))


def _by_libreoffice(folder: Path, before: str, after: str) -> Path:
    path = folder / f"office-{after[1:]}{before}"
    if before == ".xlsx":
        path.write_bytes(Press().write(before, _long()))
    else:
        _pandoc(path)
    return converted(path, after)
