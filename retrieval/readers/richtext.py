"""RTF -> paragraphs, title and author. Knows nothing about other formats; embedded objects are never opened."""

import re

from striprtf.striprtf import rtf_to_text

from retrieval.blocks import Builder, Reading, UnreadableError, one_line
from retrieval.metadata import common

_INFO = re.compile(r"\{\\(title|author)\s((?:[^{}\\]|\\[^\s{}]+ ?)*)\}")
_DATE = re.compile(r"\{\\(?:revtim|creatim)\\yr(\d{4})\\mo(\d\d?)\\dy(\d\d?)")


def read_rtf(content: bytes) -> Reading:
    """Read the text; RTF has no headings that programs agree on, so all is paragraphs and table rows."""
    if not content.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("is no RTF: it does not begin with {\\rtf")
    source = content.decode("cp1252", "replace")
    text = rtf_to_text(source, errors="replace")
    builder = Builder()
    for line in text.split("\n"):
        builder.add(line.strip("| \t").replace("|", " | "))
    info = {key: one_line(rtf_to_text("{\\rtf1 " + value + "}")) for key, value in _INFO.findall(source[:65536])}
    date = _DATE.search(source[:65536])
    day = "-".join(f"{int(part):02}" for part in date.groups()) if date else ""
    return builder.reading(info.get("title", ""), common({"author": info.get("author", ""), "date": day}))
