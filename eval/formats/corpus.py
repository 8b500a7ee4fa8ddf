"""A folder of anybody's files: what of them is lost, doubled or out of order, against what another program reads.

    python -m eval formats ~/pdf.js/test/pdfs --out before.json

pdftotext reads PDF, pandoc what it knows, LibreOffice the rest; each within a minute, in a folder of its own. They err
too, so a figure is for comparing before and after, and the sentences that are listed are for looking at.
"""

import bisect
import json
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import track
from rich.table import Table

from eval.formats.converted import by_office, by_pandoc, by_pdftotext, letters, passages_text
from eval.formats.written import ALIKE, PANDOC
from eval.terminal import console, plain
from retrieval import PinciteError
from retrieval.ingest import name_of
from retrieval.parsers import FORMATS
from retrieval.text import sentence_spans

FEWEST = 4  # words of a sentence; what is shorter is a name, a number or a label
UNIQUE = 40  # letters of a sentence from which a second copy is no accident
_OFFICE = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".odp", ".pptx", ".pptm")
_LISTED = 3  # of what is wrong with a file
Reader = Callable[[Path], list[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A file, compared. reader: "" where nothing else reads it. reason: why we do not, "" where we do.

    lost: sentences of the reader's that we do not have; doubled: those that we have more often; misordered: those that
    would have to move to stand in the reader's order.
    """

    name: str
    suffix: str
    reader: str = ""
    reason: str = ""
    sentences: int = 0
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    misordered: tuple[str, ...] = ()


def differences(folder: Path) -> Iterator[Difference]:
    """Compare every file below a folder whose suffix is one that is read."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in FORMATS and path.is_file())
    for path in track(paths, "files", console=console, transient=True):
        yield difference(path, str(path.relative_to(folder)))


def difference(path: Path, name: str) -> Difference:
    """Compare one file with what another program reads in it."""
    suffix = path.suffix.lower()
    try:
        ours = passages_text(path)
    except PinciteError as error:
        return Difference(
            name, suffix, reason=plain(str(error).removeprefix(f"{name_of(path)}: ").removeprefix(f"{path}: "), 120)
        )
    reader, read = reader_of(suffix)
    if read is None:
        return Difference(name, suffix)
    with tempfile.TemporaryDirectory(prefix="pincite-corpus-") as temporary:
        copied = Path(shutil.copyfile(path, Path(temporary, f"file{ALIKE.get(suffix, suffix)}")))
        try:
            blocks = read(copied)
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError):
            return Difference(name, suffix)
    return Difference(name, suffix, reader, "", *compare(ours, blocks))


def reader_of(suffix: str) -> tuple[str, Reader | None]:
    """Return the program that reads a suffix here, by name; ("", None) where none does."""
    if suffix == ".pdf":
        return ("pdftotext", by_pdftotext) if shutil.which("pdftotext") else ("", None)
    if suffix in _OFFICE:
        return ("LibreOffice", by_office) if shutil.which("soffice") else ("", None)
    return ("pandoc", by_pandoc) if ALIKE.get(suffix, suffix) in PANDOC else ("", None)


def compare(ours: str, blocks: Sequence[str]) -> tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return how many sentences the blocks have, and those of them that are lost, doubled and out of order in ours."""
    found = (block[start:end] for block in blocks for start, end in sentence_spans(block))
    sentences = {letters(sentence): sentence for sentence in found if len(sentence.split()) >= FEWEST}
    sentences.pop("", None)
    own, theirs = letters(ours), letters(" ".join(blocks))
    count = {key: own.count(key) for key in sentences}
    lost = tuple(text for key, text in sentences.items() if not count[key])
    doubled = tuple(text for key, text in sentences.items() if len(key) >= UNIQUE and count[key] > theirs.count(key))
    once = [key for key in sentences if count[key] == 1 == theirs.count(key)]
    kept = _longest_increasing([own.find(key) for key in once])
    misordered = tuple(sentences[key] for index, key in enumerate(once) if index not in kept)
    return len(sentences), lost, doubled, misordered


def _longest_increasing(values: Sequence[int]) -> set[int]:
    """Return the indexes of a longest increasing subsequence (Fredman, 1975)."""
    ends: list[int] = []  # the least value that ends a run of each length
    last: list[int] = []  # its index
    before: list[int] = []
    for index, value in enumerate(values):
        at = bisect.bisect_left(ends, value)
        before.append(last[at - 1] if at else -1)
        if at == len(ends):
            ends.append(value)
            last.append(index)
        else:
            ends[at], last[at] = value, index
    kept, index = set(), last[-1] if last else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return kept


def summary(found: Sequence[Difference]) -> Table:
    """Return a row for each kind of file, and one for all."""
    table = Table("", "files", "not read", "compared", "sentences", "lost", "doubled", "out of order", box=None)
    for suffix in [*sorted({item.suffix for item in found}), "all"]:
        own = [item for item in found if suffix in (item.suffix, "all")]
        compared = [item for item in own if item.reader]
        total = sum(item.sentences for item in compared)
        counts = (sum(len(getattr(item, kind)) for item in compared) for kind in ("lost", "doubled", "misordered"))
        shares = (f"{count:,} ({count / total:.1%})" if total else "–" for count in counts)
        numbers = (len(own), sum(bool(item.reason) for item in own), len(compared), total)
        table.add_row(suffix, *(f"{number:,}" for number in numbers), *shares)
    return table


def run(folder: Path, out: Path | None, listed: int) -> None:
    """Compare a folder's files, print figures by kind, why files are not read, and the files that differ most."""
    found = list(differences(folder))
    console.print(summary(found))
    for reason, count in Counter(item.reason for item in found if item.reason).most_common(listed):
        console.print(f"not read, {count:,}: {reason}", soft_wrap=True)
    for item in sorted(found, key=lambda item: -len(item.lost) - len(item.doubled) - len(item.misordered))[:listed]:
        for kind in ("lost", "doubled", "misordered"):
            own: tuple[str, ...] = getattr(item, kind)
            shown = " | ".join(plain(text, 80) for text in own[:_LISTED])
            if own:
                console.print(f"{plain(item.name)}: {len(own):,} {kind}: {shown}", soft_wrap=True)
    if out:
        out.write_text(json.dumps([asdict(item) for item in found], ensure_ascii=False, indent=1) + "\n", "utf-8")
