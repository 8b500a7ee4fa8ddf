"""RTF -> paragraphs, title and author. Knows nothing about other formats; embedded objects are never opened."""

import re

from striprtf.striprtf import rtf_to_text

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.metadata import common
from retrieval.text import one_line

_INFO = re.compile(r"\{\\(title|author)\s((?:[^{}\\]|\\[^\s{}]++ ?)*+)\}")  # ++: never tried another way
_CODE = re.compile(r"\\u(-?\d+)")
_BARE = re.compile(r"\\uc(?!-?\d|[a-z])|\\bin(?![0-9])")
_DATE = re.compile(r"\{\\(?:revtim|creatim)\\yr(\d{4})\\mo(\d\d?)\\dy(\d\d?)")


def read_rtf(content: bytes) -> ParsedText:
    """Read the text; RTF has no headings that programs agree on, so all is paragraphs and table rows."""
    if not content.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("is no RTF: it does not begin with {\\rtf")
    source = content.decode("cp1252", "replace")
    text = _text(source)
    builder = Builder()
    for line in text.split("\n"):
        builder.add(line.strip("| \t").replace("|", " | "))
    info = {key: one_line(_text("{\\rtf1 " + value + "}")) for key, value in _INFO.findall(source[:65536])}
    date = _DATE.search(source[:65536])
    day = "-".join(f"{int(part):02}" for part in date.groups()) if date else ""
    return builder.parsed(info.get("title", ""), common({"author": info.get("author", ""), "date": day}))


def _text(source: str) -> str:
    """Return what is shown; striprtf (0.0.29) fails on codes beyond Unicode or without their number.

    It also leaves surrogates in halves.
    """
    shown = rtf_to_text(_BARE.sub(_numbered, _CODE.sub(_known, source)), errors="replace")
    return str(shown.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def _known(code: re.Match[str]) -> str:
    return code[0] if len(code[1]) < 8 and -0x8000 <= int(code[1]) <= 0x10FFFF else r"\u65533"


def _numbered(code: re.Match[str]) -> str:
    return r"\uc1" if code[0] == r"\uc" else r"\bin0 "
