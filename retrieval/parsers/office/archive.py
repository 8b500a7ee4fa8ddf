"""Opens ZIP archives and XML of strangers, within limits. Knows nothing about what they are for."""

import io
import zipfile
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from retrieval.parsers.base import UnreadableError

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # OLE: what Office wraps an encrypted file in, and its old formats
_MOST_MEMBERS = 20_000
_MOST_BYTES = 300 << 20  # unpacked, of all members; a ZIP member never yields more than it declares


def open_zip(content: bytes) -> zipfile.ZipFile:
    """Open an archive whose members are of bounded size and named as files below a folder are.

    Raises UnreadableError for bombs and for names that lead elsewhere, zipfile.BadZipFile where it is none.
    """
    if content.startswith(_COMPOUND):
        raise UnreadableError("is protected by a password, or of a format from before 2007; save it again without")
    archive = zipfile.ZipFile(io.BytesIO(content))
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise UnreadableError(f"is an archive of {len(members):,} files; at most {_MOST_MEMBERS:,} are read")
    size = sum(member.file_size for member in members)
    if size > _MOST_BYTES:
        raise UnreadableError(f"unpacks to {size >> 20:,} MB; at most {_MOST_BYTES >> 20:,} MB are read")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise UnreadableError(f"is an archive with a file named {member.filename[:100]!r}, which leads elsewhere")
        if member.flag_bits & 1:
            raise UnreadableError("is encrypted; save it without a password")
    return archive


def parse_xml(content: bytes) -> Any:
    """Return the root element; entities stay unresolved, and nothing is fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(content, parser)
