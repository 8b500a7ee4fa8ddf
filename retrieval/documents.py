"""A path becomes a Document and its blocks (paragraphs, headings). Knows nothing about tokens or indexes.

To read another file type, write a function `(text) -> Reading` and add it to READERS under its suffix.
"""

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.errors import DocumentError
from retrieval.records import Document, Scalar, Span

DOC_ID_LENGTH = 16  # hexadecimal digits of the content's SHA-256


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text that is one paragraph, list, table or heading.

    level: 0 for body text, 1 to 6 for a heading. by_line: a line end is a sentence end (lists, tables, code).
    """

    start: int
    end: int
    level: int = 0
    by_line: bool = False
    page: int | None = None
    heading: str = ""  # a heading's text without marks


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in a file's text: its title ("" if none), blocks in order, and metadata."""

    title: str
    blocks: tuple[Block, ...]
    metadata: dict[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document with its blocks, and the file's size and time of change when it was read."""

    document: Document
    blocks: tuple[Block, ...]
    size: int = 0
    mtime_ns: int = 0


# --- plain text -------------------------------------------------------------------------------------------------

_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n(?![^\S\n]*(?:\n|\Z))[^\n]*)*")
_LINE = re.compile(r"[^\n]+")
_SENTENCE_ENDS = tuple(".!?:;…”\"')]")
_WRAPPED_AT = 120  # a longer line that ends like a sentence is a paragraph on one line; a shorter one is hard-wrapped
_NUMBERED = re.compile(r"(?:\d+\.)+\d*\s(?=.*[^\W\d_])[^\n]{1,80}(?<![.;,:])")
_TITLE_LENGTH = 200
_FIELDS = "publication|volume|issue|author|date|published|publisher|source|journal|edition|language"
_FIELD = re.compile(rf"\b({_FIELDS})\s*:\s*(.*?)\s*(?=\b(?:{_FIELDS})\s*:|$)", re.IGNORECASE)


def text_blocks(text: str) -> tuple[Block, ...]:
    """Split plain text at blank lines, and at the ends of lines so long that nobody wrapped them."""
    blocks = []
    for paragraph in _PARAGRAPH.finditer(text):
        start = paragraph.start()
        for line in _LINE.finditer(text, *paragraph.span()):
            words = line.group().strip()
            if len(words) > _WRAPPED_AT and words.endswith(_SENTENCE_ENDS):
                blocks.append(Block(*trimmed(text, start, line.end())))
                start = line.end()
        if text[start : paragraph.end()].strip():
            blocks.append(Block(*trimmed(text, start, paragraph.end())))
    return tuple(blocks)


def trimmed(text: str, start: int, end: int) -> Span:
    """Shrink a span so that it neither begins nor ends with white space."""
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())


def read_text(text: str) -> Reading:
    """Read plain text: a short first line set apart is the title, "Publication: …" lines are metadata."""
    blocks = list(text_blocks(text))
    title = ""
    if len(blocks) > 1 and _is_title(text[blocks[0].start : blocks[0].end]):
        title = text[blocks[0].start : blocks[0].end].strip()
        blocks[0] = Block(blocks[0].start, blocks[0].end, level=1, heading=title)
    metadata: dict[str, Scalar] = {}
    for block in blocks[:4]:
        metadata |= _fields(text[block.start : block.end])
    titled = 1 if title else 0
    rest = (_as_heading(text, block) for block in blocks[titled:])
    return Reading(title, (*blocks[:titled], *rest), metadata)


def _is_title(line: str) -> bool:
    return "\n" not in line.strip() and len(line) <= _TITLE_LENGTH and line.rstrip()[-1] not in ".,;:"


def _as_heading(text: str, block: Block) -> Block:
    """Make a block a heading when it is one short line in capitals or with a section number."""
    line = text[block.start : block.end]
    if "\n" not in line and len(line) <= 90 and ((line.isupper() and len(line) > 2) or _NUMBERED.fullmatch(line)):
        return Block(block.start, block.end, level=2, heading=line)
    return block


def _fields(line: str) -> dict[str, Scalar]:
    """Read "Publication: Eurasia Daily Monitor Volume: 15 Issue: 96" into lower-case keys."""
    if "\n" in line or len(line) > 300 or not _FIELD.match(line):
        return {}
    return {key.lower(): value for key, value in _FIELD.findall(line) if value}


# --- Markdown ---------------------------------------------------------------------------------------------------

_BY_LINE = {"bullet_list_open", "ordered_list_open", "table_open", "fence", "code_block", "html_block"}


def read_markdown(text: str) -> Reading:
    """Read CommonMark with tables: headings, and every other top-level block with its lines."""
    from markdown_it import MarkdownIt  # 30 ms that only Markdown pays

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    lines = _line_starts(text)
    blocks: list[Block] = []
    titles: list[tuple[int, str]] = []
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        if token.level or not token.map or token.nesting < 0:
            continue
        level = int(token.tag[1]) if token.type == "heading_open" else 0
        span = trimmed(text, lines[token.map[0]], lines[token.map[1]])
        level = level if span[1] - span[0] <= _TITLE_LENGTH else 0  # nobody's heading: keep it as text
        heading = tokens[index + 1].content.strip() if level else ""
        if level:
            titles.append((level, heading))
        blocks.append(Block(*span, level, token.type in _BY_LINE, heading=heading))
    title = min(titles, key=lambda item: item[0], default=(0, ""))[1]
    return Reading(title, tuple(_fill_gaps(text, blocks)))


def _line_starts(text: str) -> list[int]:
    """Return the offset of each line, and the end of the text once more for open spans."""
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text), len(text)]


def _fill_gaps(text: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """Add what the parser leaves out (link definitions, say) as blocks, so that no text is skipped."""
    position = 0
    for block in (*blocks, Block(len(text), len(text))):
        start, end = trimmed(text, position, block.start)
        if start < end:
            yield Block(start, end, by_line=True)
        if block.start < block.end:
            yield block
        position = max(position, block.end)


READERS: dict[str, Callable[[str], Reading]] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
}

# --- files ------------------------------------------------------------------------------------------------------

_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def load(path: Path, max_bytes: int) -> Loaded:
    """Read one file. DocumentError names the file and why it cannot be read."""
    if not _is_unicode(str(path)):
        raise DocumentError(ascii(str(path))[1:-1], "has a name that is not valid text; rename it")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = " ".join(sorted(READERS))
        raise DocumentError(str(path), f"files of type {path.suffix or '(none)'} are not read; expected {known}")
    content, status = _content(path, max_bytes)
    text = _decode(str(path), content)
    if not text.strip():
        raise DocumentError(str(path), "holds no text")
    reading = reader(text)
    sha256 = hashlib.sha256(content).hexdigest()
    title = " ".join((reading.title or path.stem).split())
    document = Document(sha256[:DOC_ID_LENGTH], title, text, str(path), reading.metadata, sha256)
    return Loaded(document, reading.blocks, status.st_size, status.st_mtime_ns)


def from_memory(document: Document) -> Loaded:
    """Check a document that was made in memory and find its blocks; DocumentError names what is wrong."""
    fields = (document.doc_id, document.title, document.text)
    if not document.doc_id or not all(isinstance(field, str) for field in fields):
        raise DocumentError(str(document.doc_id or "a document"), "needs a doc_id, title and text of type str")
    if not document.text.strip():
        raise DocumentError(document.doc_id, "holds no text")
    if not _is_unicode("".join(fields)):
        raise DocumentError(document.doc_id, "holds half of a surrogate pair, which is not text")
    return Loaded(document, text_blocks(document.text))


def _is_unicode(text: str) -> bool:
    """Tell whether a string is text, without halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _content(path: Path, max_bytes: int) -> tuple[bytes, os.stat_result]:
    """Read the bytes of a regular file that is not too large and does not change meanwhile."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise DocumentError(str(path), "is not a regular file")
            if status.st_size > max_bytes:
                size, limit = status.st_size / 2**20, max_bytes / 2**20
                reason = f"has {size:.1f} MB; at most {limit:.1f} MB are read (set PINCITE_MAX_FILE_MB to change it)"
                raise DocumentError(str(path), reason)
            content = file.read(max_bytes + 1)
            if len(content) > max_bytes:
                raise DocumentError(str(path), "grew while it was read; add it again when it is complete")
            return content, status
    except OSError as error:
        raise DocumentError(str(path), error.strerror or str(error)) from error


def _open_without_waiting(path: str, flags: int) -> int:
    """Open without blocking on a pipe that nobody writes to."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _decode(source: str, content: bytes) -> str:
    """Decode UTF-8, UTF-16 or Windows-1252, and turn every line end into a single newline."""
    text = None
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or _BINARY.search(text):
        raise DocumentError(source, "is binary, or text in an encoding other than UTF-8, UTF-16 or Windows-1252")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encodings(content: bytes) -> tuple[str, ...]:
    """Guess encodings in order: by byte order mark, by zero bytes in every other place, then the usual two."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return (encoding,)
    head = content[:1000]
    if head[1::2].count(0) > len(head) // 3:
        return ("utf-16-le",)
    if head[0::2].count(0) > len(head) // 3:
        return ("utf-16-be",)
    return ("utf-8", "cp1252")


def find_files(path: Path) -> Iterator[Path]:
    """List a folder's files in a fixed order, or the file itself; hidden ones and libraries are left out.

    DocumentError where the path does not exist, or nothing in the folder can be read.
    """
    if not path.is_dir():
        if not os.path.lexists(path):
            raise DocumentError(str(path), "does not exist")
        yield path
        return
    found = False
    for folder, folders, names in path.walk() if hasattr(path, "walk") else _walk(path):
        visible = [name for name in folders if not name.startswith(".")]
        folders[:] = sorted(name for name in visible if not (folder / name / "library.db").exists())
        for name in sorted(name for name in names if not name.startswith(".")):
            found = True
            yield folder / name
    if not found:
        raise DocumentError(str(path), "holds no files that can be read")


def _walk(path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Path.walk for Python 3.11."""
    for folder, folders, names in os.walk(path):
        yield Path(folder), folders, names
