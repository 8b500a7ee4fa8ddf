"""Bytes of a text file -> str with single newlines as line ends. Knows nothing about formats."""

import codecs
import re

from retrieval.parsers.base import UnreadableError

_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(content: bytes) -> str:
    """Decode UTF-8, UTF-16 or Windows-1252, and turn every line end into a single newline.

    Raises UnreadableError where the content is none of these.
    """
    text = None
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or _BINARY.search(text):
        raise UnreadableError("is binary, or text in an encoding other than UTF-8, UTF-16 or Windows-1252")
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
