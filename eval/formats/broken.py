"""Forty files that cannot be read, of many kinds, as people have them and as attackers make them.

A file is here because nothing, or nothing safe, can be read of it.
"""

import io
import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

from eval.formats.written import Press, article, zipped

COUNT = 40
_NOISE = random.Random(7).randbytes(4000)
_PNG = b"\x89PNG\r\n\x1a\n" + _NOISE
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000)  # what Office wraps an encrypted file in


def write_broken(folder: Path, press: Press, max_bytes: int) -> list[Path]:
    """Write COUNT files into a folder; return their paths. max_bytes: one has a byte more."""
    made = []
    for name, content in _contents(press):
        path = folder / name
        path.write_bytes(content)
        made.append(path)
    large, pipe, link, odd = (folder / name for name in ("large.txt", "pipe.csv", "nowhere.pdf", "odd-\udcff.txt"))
    with large.open("wb") as file:
        file.truncate(max_bytes + 1)
    os.mkfifo(pipe)
    link.symlink_to("/nowhere/at/all.pdf")
    odd.write_bytes(b"Its name is no text.")
    return [*made, large, pipe, link, odd]


def _contents(press: Press) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of those that are regular files."""
    for suffix in (".txt", ".docx", ".pdf"):
        yield f"empty{suffix}", b""
    yield "blank.md", b" \n\t\n"
    for suffix in (".docx", ".pptx", ".xlsx", ".odt", ".epub"):
        content = press.write(suffix, article(-1))
        yield f"cut{suffix}", content[: len(content) // 2]
    yield "cut.pdf", press.write(".pdf", article(-1))[:200]
    for suffix in (".txt", ".md", ".html", ".csv", ".tex", ".rst", ".srt"):
        yield f"binary{suffix}", b"\x00\x01" + _NOISE
    for suffix in (".pdf", ".docx", ".rtf", ".mbox"):
        yield f"picture{suffix}", _PNG
    yield "locked.docx", _OLE
    yield "locked.pdf", _locked_pdf()
    yield "locked.odt", _flagged(press.write(".odt", article(-2)))
    yield "protected.epub", zipped({"META-INF/encryption.xml": b"<e><EncryptedData/></e>"})
    yield "scanned.pdf", _scanned_pdf()
    yield "bomb.docx", _declared(zipped({"word/document.xml": bytes(1000)}), 1 << 31)
    yield "bomb.odt", zipped({"content.xml": _exploding_xml()})
    yield "many.pptx", zipped({str(number): b"" for number in range(20_001)})
    yield "escape.epub", zipped({"../../outside.xhtml": b"<p>One.</p>"})
    yield "absolute.docx", zipped({"/etc/passwd": b"root"})
    yield "deep.jsonl", b"[" * 100_000
    yield "half.jsonl", b'{"a": 1}\n{"a": '
    yield "other.xyz", b"Of a type that nobody knows."
    yield "without-headers.eml", b"\n\n"
    yield "nothing-said.vtt", b"WEBVTT\n"


def _locked_pdf() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    content = io.BytesIO()
    canvas = Canvas(content, encrypt=StandardEncryption("secret", strength=128))
    canvas.drawString(72, 700, "Nobody may read this.")
    canvas.save()
    return content.getvalue()


def _scanned_pdf() -> bytes:
    """Return a page that shows a grey picture and holds no text."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    content = io.BytesIO()
    canvas = Canvas(content)
    canvas.drawImage(ImageReader(Image.new("L", (40, 40), 128)), 72, 400, 200, 200)
    canvas.save()
    return content.getvalue()


def _flagged(content: bytes) -> bytes:
    """Mark every file in an archive as encrypted."""
    data = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    return bytes(data)


def _declared(content: bytes, size: int) -> bytes:
    """Let an archive's only file say that it unpacks to so many bytes."""
    data = bytearray(content)
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 24, size)
    return bytes(data)


def _exploding_xml() -> bytes:
    """Return entities within entities: 10^12 words, were they expanded ("billion laughs")."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 13))
    return f'<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]><d>&e12;</d>'.encode()
