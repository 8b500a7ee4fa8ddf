"""Which reader reads which kind of file, by suffix. Knows nothing about files on a disk, or about limits.

To read another kind, write a function `(bytes) -> Reading`, or `(str) -> Reading` for a kind of text, and name it here.
Reader modules are imported when their first file comes, so a library that no file needs costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from retrieval.blocks import Reading
from retrieval.readers.decoding import decode


@dataclass(frozen=True, slots=True)
class Format:
    """A reader by name. is_text: it takes str. in_process: simple and bounded enough to run beside everything else."""

    module: str
    function: str
    is_text: bool = False
    in_process: bool = False


_TEXT = Format("text", "read_text", is_text=True, in_process=True)
_MARKDOWN = Format("markdown", "read_markdown", is_text=True, in_process=True)
_HTML = Format("html", "read_html")
_WORKBOOK = Format("tables", "read_workbook")
_SEPARATED = Format("tables", "read_csv", is_text=True)
_LINES = Format("tables", "read_jsonl", is_text=True)
_SUBTITLES = Format("subtitles", "read_subtitles", is_text=True)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".txt": _TEXT,
        ".text": _TEXT,
        ".md": _MARKDOWN,
        ".markdown": _MARKDOWN,
        ".html": _HTML,
        ".htm": _HTML,
        ".xhtml": _HTML,
        ".pdf": Format("pdf", "read_pdf"),
        ".docx": Format("word", "read_docx"),
        ".docm": Format("word", "read_docx"),
        ".pptx": Format("slides", "read_pptx"),
        ".pptm": Format("slides", "read_pptx"),
        ".odt": Format("opendocument", "read_odt"),
        ".odp": Format("opendocument", "read_odt"),
        ".rtf": Format("richtext", "read_rtf"),
        ".epub": Format("epub", "read_epub"),
        ".csv": _SEPARATED,
        ".tsv": _SEPARATED,
        ".xlsx": _WORKBOOK,
        ".xlsm": _WORKBOOK,
        ".xls": _WORKBOOK,
        ".xlsb": _WORKBOOK,
        ".ods": _WORKBOOK,
        ".jsonl": _LINES,
        ".ndjson": _LINES,
        ".eml": Format("mail", "read_eml"),
        ".mbox": Format("mail", "read_mbox"),
        ".tex": Format("latex", "read_latex", is_text=True),
        ".rst": Format("restructured", "read_rst", is_text=True),
        ".srt": _SUBTITLES,
        ".vtt": _SUBTITLES,
    }
)


def parse(suffix: str, content: bytes) -> Reading:
    """Read a file's content by its suffix (lower case, with the dot).

    Raises UnreadableError with the reason, or whatever the library behind the reader raises on a damaged file.
    """
    kind = FORMATS[suffix]
    reader = getattr(import_module(f"retrieval.readers.{kind.module}"), kind.function)
    reading: Reading = reader(decode(content) if kind.is_text else content)
    return reading
