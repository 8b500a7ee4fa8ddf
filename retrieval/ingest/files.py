"""Files are found, read and parsed: a path becomes a ParsedDocument."""

import math
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from retrieval.errors import ContentError, DocumentError, EmptyError, wrong
from retrieval.files import sha256
from retrieval.parsers import FORMATS, Block, Sandbox, UnreadableError, parse, shared, text_blocks
from retrieval.records import Document, Scalar
from retrieval.storage import FileState
from retrieval.text import composed, document_language, one_line, title_of

DOC_ID_LENGTH = 16  # hexadecimal digits of the content's SHA-256


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document and its blocks (paragraphs, headings, tables).

    file: size in bytes and time of change in ns of the file when it was read; None for a document made in memory.
    """

    document: Document
    blocks: tuple[Block, ...]
    file: tuple[int, int] | None = None


def load(path: Path, max_bytes: int, sandbox: Sandbox = shared) -> ParsedDocument:
    """Read and parse one file.

    DocumentError names the file and why it cannot be read; ContentError its state too, and EmptyError where it was
    read and holds no text.
    """
    if not _is_unicode(str(path)):
        raise DocumentError(name_of(path), "has a name that is not valid text; rename it")
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        known = " ".join(sorted(FORMATS))
        raise DocumentError(str(path), f"files of type {path.suffix or '(none)'} are not read; expected {known}")
    content, status = _content(path, max_bytes)
    if not content.strip():
        raise EmptyError(str(path), "holds no text" if content else "is empty", status.st_size, status.st_mtime_ns)
    try:
        parsed = parse(suffix, content) if FORMATS[suffix].in_process else sandbox.parse(suffix, content)
    except UnreadableError as error:
        raise ContentError(str(path), str(error), status.st_size, status.st_mtime_ns) from error
    if not parsed.blocks:
        raise EmptyError(str(path), "holds no text", status.st_size, status.st_mtime_ns)
    digest = sha256(content)
    title = one_line(parsed.title) if parsed.title else title_of(path)
    metadata = _with_language(parsed.metadata, parsed.text)
    document = Document(digest[:DOC_ID_LENGTH], title, parsed.text, str(path), metadata, digest)
    return ParsedDocument(document, parsed.blocks, (status.st_size, status.st_mtime_ns))


def unchanged(document: Document, max_bytes: int) -> bytes:
    """Return the bytes of a document's file; DocumentError where there is none, or where it has changed since."""
    if document.source is None:
        raise DocumentError(document.doc_id, "is not a file")
    content, _ = _content(Path(document.source), max_bytes)
    if sha256(content) != document.sha256:
        raise DocumentError(document.source, "has changed since it was read")
    return content


def on_disk(path: Path) -> Path:
    """Return a path as its names are spelled on the disk, where accents may be characters of their own (NFD)."""
    if os.path.lexists(path) or not path.name:
        return path
    parent = on_disk(path.parent)
    with suppress(OSError):
        for child in parent.iterdir():
            if composed(child.name) == composed(path.name):
                return child
    return parent / path.name


def name_of(path: Path) -> str:
    """Return the name that a library keeps of a file: its path, escaped where it is not valid text."""
    return str(path) if _is_unicode(str(path)) else ascii(str(path))[1:-1]


def identify(path: Path, max_bytes: int) -> tuple[str, int, int]:
    """Return the doc_id that a file's content has, its size and time of change; DocumentError as `load`."""
    content, status = _content(path, max_bytes)
    return sha256(content)[:DOC_ID_LENGTH], status.st_size, status.st_mtime_ns


def is_unchanged(path: Path, state: FileState) -> bool:
    """Tell from size and time of change whether a file is as it was when it was read, or when it failed."""
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (state.size, state.mtime_ns)


def from_memory(document: Document) -> ParsedDocument:
    """Check a document that was made in memory and find its blocks; DocumentError names what is wrong."""
    fields = (document.doc_id, document.title, document.text)
    if not document.doc_id or not all(isinstance(field, str) for field in fields):
        raise DocumentError(str(document.doc_id or "a document"), "needs a doc_id, title and text of type str")
    if not document.text.strip():
        raise DocumentError(document.doc_id, "holds no text")
    if not _is_unicode("".join(fields)):
        raise DocumentError(document.doc_id, "holds half of a surrogate pair, which is not text")
    _check_optional(document)
    told = replace(document, metadata=_with_language(document.metadata, document.text))
    return ParsedDocument(told, text_blocks(document.text))


def _with_language(metadata: Mapping[str, Scalar], text: str) -> dict[str, Scalar]:
    """Return metadata with the language of the text, where it can be told."""
    found = document_language(text, str(metadata.get("language", "")))
    return {**metadata, "language": found} if found else dict(metadata)


def _check_optional(document: Document) -> None:
    """Refuse a source or metadata that cannot be stored and found again; DocumentError names the field."""
    if not isinstance(document.source, str | None):
        raise DocumentError(document.doc_id, str(wrong("source", document.source, "text or None")))
    if not isinstance(document.sha256, str):
        raise DocumentError(document.doc_id, str(wrong("sha256", document.sha256, "text")))
    if not isinstance(document.metadata, Mapping):
        raise DocumentError(document.doc_id, str(wrong("metadata", document.metadata, "a mapping")))
    for key, value in document.metadata.items():
        finite = not isinstance(value, float) or math.isfinite(value)
        if not isinstance(key, str) or not isinstance(value, Scalar) or not finite:
            expected = "text, a finite number, true or false under a name"
            raise DocumentError(document.doc_id, str(wrong(f"metadata {key!r}", value, expected)))
    values = [document.source, document.sha256, *document.metadata, *document.metadata.values()]
    if not _is_unicode("".join(map(str, values))):
        raise DocumentError(document.doc_id, "source or metadata hold half of a surrogate pair")


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
            after = os.fstat(file.fileno())
            if len(content) > max_bytes or (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
                raise DocumentError(str(path), "changed while it was read; add it again when it is complete")
            return content, status
    except OSError as error:
        raise DocumentError(str(path), error.strerror or str(error)) from error


def _open_without_waiting(path: str, flags: int) -> int:
    """Open without blocking on a pipe that nobody writes to."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def find_files(path: Path) -> Iterator[Path]:
    """List a folder's files in a fixed order, or the file itself; hidden ones, Word's locks and libraries are left out.

    Folders that may not be read come last, so that what they hold is not skipped silently.

    DocumentError where the path does not exist, or nothing in the folder can be read.
    """
    if not path.is_dir():
        if not os.path.lexists(path):
            raise DocumentError(str(path), "does not exist")
        yield path
        return
    files = walk(path, lambda path, is_folder: False)
    first = next(files, None)
    if first is None:
        raise DocumentError(str(path), "holds no files that can be read")
    yield first
    yield from files


def walk(path: Path, ignored: Callable[[Path, bool], bool]) -> Iterator[Path]:
    """List a folder as `find_files` does. ignored: called with a path and whether it is a folder.

    Links to folders elsewhere are followed, but not those to what is listed anyway, or to what the folder is in.
    """
    closed: list[Path] = []
    top = os.path.realpath(path)
    seen: set[str] = set()
    for folder, folders, names in os.walk(
        path, onerror=lambda error: closed.append(Path(error.filename)), followlinks=True
    ):
        real = os.path.realpath(folder)
        if real in seen:  # by way of another link
            folders.clear()
            continue
        seen.add(real)
        visible = [Path(folder, name) for name in sorted(folders) if not name.startswith(".")]
        others = [child for child in visible if not os.path.lexists(child / "library.db")]
        folders[:] = [child.name for child in others if not _is_round(child, top) and not ignored(child, True)]
        files = [Path(folder, name) for name in sorted(names) if not name.startswith((".", "~$"))]
        yield from (file for file in files if not ignored(file, False))
    yield from closed


def _is_round(child: Path, top: str) -> bool:
    """Tell whether a folder is a link to what is in `top`, or to what `top` is in."""
    if not child.is_symlink():
        return False
    target = Path(os.path.realpath(child))
    return target.is_relative_to(top) or Path(top).is_relative_to(target)
