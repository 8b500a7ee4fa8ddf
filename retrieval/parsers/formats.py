"""Which reader reads which kind of file, by suffix. Knows nothing about files on a disk, or about limits.

To read another kind, write a function `(bytes) -> ParsedText`, or `(str) -> ParsedText` for text, and name it here.
Reader modules are imported when their first file comes, so a library that no file needs costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import MappingProxyType

from retrieval.parsers.base import ParsedText, UnreadableError
from retrieval.parsers.markup.decoding import decoded
from retrieval.parsers.misnamed import always_refused, misnamed


@dataclass(frozen=True, slots=True)
class Format:
    """A reader by name. is_text: it takes str. in_process: simple and bounded enough to run beside everything else."""

    module: str
    function: str
    is_text: bool = False
    in_process: bool = False


_TEXT = Format("markup.text", "read_text", is_text=True, in_process=True)
_MARKDOWN = Format("markup.markdown", "read_markdown", is_text=True, in_process=True)
_HTML = Format("markup.html", "read_html")
_WORKBOOK = Format("rows.tables", "read_workbook")
_SEPARATED = Format("rows.tables", "read_csv", is_text=True)
_TABBED = Format("rows.tables", "read_tsv", is_text=True)
_LINES = Format("rows.tables", "read_jsonl", is_text=True)
_PICTURE = Format("pdf.pictures", "read_picture")
_SUBTITLES = Format("rows.subtitles", "read_subtitles", is_text=True)
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".txt": _TEXT,
        ".text": _TEXT,
        ".md": _MARKDOWN,
        ".markdown": _MARKDOWN,
        ".html": _HTML,
        ".htm": _HTML,
        ".xhtml": _HTML,
        ".pdf": Format("pdf.reader", "read_pdf"),
        ".png": _PICTURE,
        ".jpg": _PICTURE,
        ".jpeg": _PICTURE,
        ".tif": _PICTURE,
        ".tiff": _PICTURE,
        ".webp": _PICTURE,
        ".docx": Format("office.docx", "read_docx"),
        ".docm": Format("office.docx", "read_docx"),
        ".pptx": Format("office.pptx", "read_pptx"),
        ".pptm": Format("office.pptx", "read_pptx"),
        ".odt": Format("office.odf", "read_odt"),
        ".odp": Format("office.odf", "read_odt"),
        ".rtf": Format("office.rtf", "read_rtf"),
        ".epub": Format("office.epub", "read_epub"),
        ".csv": _SEPARATED,
        ".tsv": _TABBED,
        ".xlsx": _WORKBOOK,
        ".xlsm": _WORKBOOK,
        ".xls": _WORKBOOK,
        ".xlsb": _WORKBOOK,
        ".ods": _WORKBOOK,
        ".jsonl": _LINES,
        ".ndjson": _LINES,
        ".eml": Format("rows.mail", "read_eml"),
        ".mbox": Format("rows.mail", "read_mbox"),
        ".tex": Format("latex.reader", "read_latex"),
        ".rst": Format("markup.rst", "read_rst", is_text=True),
        ".srt": _SUBTITLES,
        ".vtt": _SUBTITLES,
    }
)


def parse(suffix: str, content: bytes) -> ParsedText:
    """Read a file's content by its suffix (lower case, with the dot).

    Raises UnreadableError with the reason, or whatever the library behind the reader raises on a damaged file.
    """
    if refused := always_refused(content):
        raise UnreadableError(refused)
    try:
        return _read(FORMATS[suffix], content)
    except Exception as error:
        if reason := misnamed(suffix, content):
            raise UnreadableError(reason) from error
        raise


def _read(kind: Format, content: bytes) -> ParsedText:
    reader = getattr(import_module(f"retrieval.parsers.{kind.module}"), kind.function)
    text, warning = decoded(content) if kind.is_text else ("", "")
    reading: ParsedText = reader(text if kind.is_text else content)
    return replace(reading, metadata={"warnings": warning, **reading.metadata}) if warning else reading
