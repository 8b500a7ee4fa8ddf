"""Articles as files of every format that Pincite reads, made by other programs.

pandoc and LibreOffice each write one file of a format, with marks for the words; `Press` puts an article's words in
their place, so that a thousand files take a second. Formats for which no program is here are left out.
"""

import functools
import html
import io
import json
import mailbox
import random
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

PANDOC = {
    ".docx": "docx", ".odt": "odt", ".epub": "epub", ".rtf": "rtf", ".html": "html", ".tex": "latex", ".rst": "rst",
    ".pptx": "pptx", ".md": "markdown",
}  # fmt: skip
OFFICE = {".ods": ".xlsx", ".odp": ".pptx"}  # written by LibreOffice from what others wrote
ALIKE = {
    ".text": ".txt", ".markdown": ".md", ".htm": ".html", ".xhtml": ".html", ".ndjson": ".jsonl", ".docm": ".docx",
    ".pptm": ".pptx", ".xlsm": ".xlsx",
}  # fmt: skip
_SENTENCES = (
    "The {a} {n} of {p} was {v} by {who} in {y}.",
    "In {y}, {who} {v} the {a} {n} near {p}; it cost {m} million.",
    "“We {v} the {n},” said {who}, “but {p} will never be the same.”",
    "Some {k} visitors saw the {a} {n} at {p}, wrote Dr. {who}.",
    "Nobody in {p} had {v} a {n} as {a} as this one before {y}.",
    "The {n}, which {who} had {v}, stood {m} metres from the {a} gate of {p}.",
)
_WORDS = {
    "a": "old narrow famous wooden granite forgotten tall crooked silent northern".split(),
    "n": "bridge lighthouse chapel harbour library museum railway tower market garden canal observatory".split(),
    "p": "Harwick Orvik Lindau Málaga Åre Kraków Sète Brno Tarvisio Zürich Ghent Porto".split(),
    "v": "restored painted measured sold photographed closed rebuilt surveyed described inherited".split(),
    "who": "Ann Lee|Jonas Hallgrímsson|Mary Okafor|Émile Durand|Wen Zhou|Ellen Brandt|Tomáš Novák".split("|"),
}
_LATEX = str.maketrans({character: f"\\{character}" for character in "%&$#_{}"})
_ENABLED = {  # content types of files without macros and with
    "wordprocessingml.document.main": "word.document.macroEnabled.main",
    "presentationml.presentation.main": "powerpoint.presentation.macroEnabled.main",
    "spreadsheetml.sheet.main": "excel.sheet.macroEnabled.main",
}
_PARTS = 3  # of an article


@dataclass(frozen=True, slots=True)
class Article:
    """What a file says: a title, paragraphs, items of a list, and rows of (name, value)."""

    title: str
    paragraphs: tuple[str, ...]
    items: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]

    def sentences(self, suffix: str) -> list[str]:
        """Return what a person reads in a file of that format, sentence by sentence."""
        if ALIKE.get(suffix, suffix) in (".csv", ".tsv", ".jsonl", ".xlsx", ".ods"):
            return [value for _, value in self.rows]
        return [part for text in (*self.paragraphs, *self.items) for part in text.split("\t")]

    def text(self) -> tuple[str, ...]:
        """Return the paragraphs as they are printed."""
        return tuple(paragraph.replace("\t", " ") for paragraph in self.paragraphs)


def article(number: int) -> Article:
    """Return the article of a number, the same one every time; in a paragraph a tab stands between sentences."""
    chance = random.Random(number)
    paragraphs = tuple("\t".join(_sentence(chance) for _ in range(4)) for _ in range(_PARTS))
    items = tuple(_sentence(chance) for _ in range(3))
    rows = tuple((f"{name} {number}", _sentence(chance)) for name in ("North", "South", "East"))
    return Article(f"Report {number} on {chance.choice(_WORDS['p'])}", paragraphs, items, rows)


def _sentence(chance: random.Random) -> str:
    words = {key: chance.choice(values) for key, values in _WORDS.items()}
    numbers = {"y": chance.randint(1500, 2020), "k": f"{chance.randint(1, 90):,},{chance.randint(100, 999)}",
               "m": round(chance.uniform(1, 500), 1)}  # fmt: skip
    return chance.choice(_SENTENCES).format(**words, **numbers)


class Press:
    """Writes articles as files. suffixes: those that it can write with the programs that are here."""

    def __init__(self) -> None:
        self.suffixes = sorted([*_WRITERS, *PANDOC, *ALIKE, *(OFFICE if shutil.which("soffice") else ())])

    def write(self, suffix: str, article: Article) -> bytes:
        """Return an article as a file of a format."""
        suffix, wanted = ALIKE.get(suffix, suffix), suffix
        content = _WRITERS[suffix](article) if suffix in _WRITERS else _stamped(_template(suffix), suffix, article)
        return _with_macros(content) if wanted in (".docm", ".pptm", ".xlsm") else content


# --- by putting words into what other programs wrote


def _marked() -> Article:
    paragraphs = tuple(f"QXP{number}QX" for number in range(_PARTS))
    items = tuple(f"QXI{number}QX" for number in range(3))
    return Article("QXTQX", paragraphs, items, tuple((f"QXN{number}QX", f"QXV{number}QX") for number in range(3)))


def _markdown(article: Article) -> str:
    """Return an article as Markdown, for pandoc; on slides, each heading begins a new one."""
    first, *others = article.text()
    items = "\n".join(f"- {item}" for item in article.items)
    table = "\n".join(f"| {name} | {value} |" for name, value in article.rows)
    rest = "\n\n".join(others)
    return f"""---
title: {article.title}
author: Ann Lée
date: 2018-06-14
lang: en-GB
---

## Beginning

{first}

## Middle

{items}

## End

{rest}

## Table

| Name | Value |
|------|-------|
{table}
"""


@functools.cache
def _template(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"template{OFFICE.get(suffix, suffix)}")
        if suffix in PANDOC:
            import pypandoc

            options = ["-s", "--wrap=none"]
            pypandoc.convert_text(_markdown(_marked()), PANDOC[suffix], "markdown", options, outputfile=str(path))
        else:
            path.write_bytes(_WRITERS[".xlsx"](_marked()) if path.suffix == ".xlsx" else _template(path.suffix))
            path = converted(path, suffix)
        return path.read_bytes()


def converted(path: Path, suffix: str, filter_name: str = "") -> Path:
    """Have LibreOffice write a file as another format, beside it; CalledProcessError where it cannot."""
    profile = f"-env:UserInstallation=file://{path.parent}/profile"
    wanted = ":".join(filter(None, (suffix[1:], filter_name)))
    command = ["soffice", profile, "--headless", "--convert-to", wanted, "--outdir", str(path.parent), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path.with_suffix(suffix)


def _stamped(template: bytes, suffix: str, article: Article) -> bytes:
    """Put an article's words where the marks are."""
    marked = _marked()
    texts = (article.title, *article.text(), *article.items)
    words = dict(zip((marked.title, *marked.paragraphs, *marked.items), texts, strict=True))
    for marks, row in zip(marked.rows, article.rows, strict=True):
        words |= dict(zip(marks, row, strict=True))
    if not template.startswith(b"PK"):
        return _replaced(template, {mark: _escape(suffix)(text) for mark, text in words.items()})
    escaped = {mark: html.escape(text, quote=False) for mark, text in words.items()}
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        return zipped({name: _replaced(archive.read(name), escaped) for name in archive.namelist()})


def _escape(suffix: str) -> Callable[[str], str]:
    if suffix == ".rtf":
        return lambda text: "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in text)
    return {".tex": lambda text: text.translate(_LATEX), ".html": html.escape}.get(suffix, str)


def _replaced(content: bytes, words: Mapping[str, str]) -> bytes:
    for mark, text in words.items():
        content = content.replace(mark.encode(), text.encode())
    return content


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP archive of these files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def _with_macros(content: bytes) -> bytes:
    """Make an Office file one that may hold macros, and put one in."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    types = members["[Content_Types].xml"]
    for kind, enabled in _ENABLED.items():
        types = types.replace(f"vnd.openxmlformats-officedocument.{kind}".encode(), f"vnd.ms-{enabled}".encode())
    return zipped(members | {"[Content_Types].xml": types, "vbaProject.bin": b"Sub AutoOpen"})


# --- directly


def _pdf(article: Article) -> bytes:
    """Return two columns, printed by ReportLab."""
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table

    styles = getSampleStyleSheet()
    content = io.BytesIO()
    document = BaseDocTemplate(content, title=article.title)
    frames = [Frame(left, 60, 230, 720) for left in (60, 305)]
    document.addPageTemplates([PageTemplate(frames=frames)])
    texts = [Paragraph(html.escape(text), styles["BodyText"]) for text in (*article.text(), *article.items)]
    table = Table([[name, Paragraph(html.escape(value), styles["BodyText"])] for name, value in article.rows])
    document.build([Paragraph(html.escape(article.title), styles["Title"]), *texts, table])
    return content.getvalue()


def _text(article: Article) -> bytes:
    return "\n\n".join([article.title, *article.text(), *article.items]).encode()


def _separated(separator: str) -> Callable[[Article], bytes]:
    def write(article: Article) -> bytes:
        quoted = (f'"{value}"' for _, value in article.rows)
        rows = (f"{name}{separator}{value}" for (name, _), value in zip(article.rows, quoted, strict=True))
        return "\n".join([f"Name{separator}Value", *rows, ""]).encode()

    return write


def _workbook(article: Article) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        sheet = workbook.add_worksheet("Places")
        for number, row in enumerate([("Name", "Value"), *article.rows]):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def _lines(article: Article) -> bytes:
    rows = (json.dumps({"name": name, "value": value}) for name, value in article.rows)
    return "\n".join([*rows, ""]).encode()


def _message(article: Article) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "Ann Lée <ann@example.org>", article.title
    message["Date"] = "Thu, 14 Jun 2018 08:00:00 +0000"
    message.set_content("\n\n".join([*article.text(), *article.items]))
    return message


def _mailbox(article: Article) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.mbox")
        box = mailbox.mbox(path)
        box.add(mailbox.mboxMessage(_message(article)))
        box.close()
        return path.read_bytes()


def _cues(article: Article) -> list[tuple[str, str, str]]:
    """Return (begin, end, text) of a cue for each sentence."""
    return [(f"00:{n // 12:02}:{n % 12 * 5:02}", f"00:{n // 12:02}:{n % 12 * 5 + 4:02}", sentence)
            for n, sentence in enumerate(article.sentences(".srt"))]  # fmt: skip


def _srt(article: Article) -> bytes:
    cues = enumerate(_cues(article), start=1)
    return "".join(f"{n}\n{begin},000 --> {end},000\n{text}\n\n" for n, (begin, end, text) in cues).encode()


def _vtt(article: Article) -> bytes:
    return ("WEBVTT\n\n" + "".join(f"{a}.000 --> {b}.000\n{text}\n\n" for a, b, text in _cues(article))).encode()


_WRITERS: Mapping[str, Callable[[Article], bytes]] = {
    ".pdf": _pdf, ".txt": _text, ".csv": _separated(","), ".tsv": _separated("\t"), ".xlsx": _workbook,
    ".jsonl": _lines, ".eml": lambda article: _message(article).as_bytes(), ".mbox": _mailbox, ".srt": _srt,
    ".vtt": _vtt,
}  # fmt: skip
