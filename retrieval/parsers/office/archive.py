"""Opens ZIP archives and XML of strangers, within limits; finds the parts of Office documents by their relations."""

import io
import posixpath
import zipfile
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from lxml import etree

from retrieval.parsers.base import UnreadableError

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # OLE: what Office wraps an encrypted file in, and its old formats
_MOST_MEMBERS = 20_000
_MOST_BYTES = 300 << 20  # unpacked, of all members; a ZIP member never yields more than it declares
_STRICT = (
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (b"http://purl.oclc.org/ooxml/presentationml/main", b"http://schemas.openxmlformats.org/presentationml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)
_NOBODY = frozenset(
    ("python-docx", "steve canny", "openpyxl", "unknown", "user", "microsoft office user", "administrator")
)
_TEMPLATES = ("2013-12-23T23:15", "2013-01-27T09:14", "2013-01-27T09:15")  # of python-docx and python-pptx
_NO_TITLE = frozenset(("powerpoint presentation", "word document", "untitled", "presentation", "document"))


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
    """Return the root element; entities stay as they are written, and nothing is fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(content, parser)
    for entity in list(root.iter(etree.Entity)):  # nodes of their own, with the text behind them: make them text
        written, before, parent = entity.text + (entity.tail or ""), entity.getprevious(), entity.getparent()
        if before is None:
            parent.text = (parent.text or "") + written
        else:
            before.tail = (before.tail or "") + written
        parent.remove(entity)
    return root


class OfficePackage:
    """The parts of a DOCX or PPTX file by their paths; links that lead nowhere do not matter."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.replace("\\", "/").casefold(): name for name in archive.namelist()}

    def part(self, path: str) -> Any:
        """Return a part's root element; None where it is not there, or damaged."""
        name = self._names.get(path.casefold())
        if name is None:
            return None
        content = self._archive.read(name)
        for strict, usual in _STRICT:
            content = content.replace(strict, usual)
        try:
            return parse_xml(content)
        except etree.XMLSyntaxError:
            return None

    def main_part(self, path: str, missing: str) -> Any:
        """Return the main part's root element; UnreadableError where it is damaged, or not there: `missing`."""
        root = self.part(path)
        if root is None:
            raise UnreadableError(f"is damaged: {path} is no XML" if path.casefold() in self._names else missing)
        return root

    def relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Return id -> (last word of the type, path) of the parts that a part names; "" for the package."""
        folder, name = posixpath.split(path)
        listed = self.part(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for each in listed.iter("{*}Relationship") if listed is not None else ():
            target = unquote(each.get("Target", "")).partition("#")[0]
            if each.get("TargetMode") != "External" and target:
                whole = (
                    target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                )
                found[each.get("Id", "")] = (each.get("Type", "").rpartition("/")[2], whole)
        return found

    def main(self, usual: str) -> str:
        """Return the path of the main part. usual: where it stands if the package does not say."""
        stated = (path for kind, path in self.relations("").values() if kind == "officeDocument")
        return next((path for path in stated if path.casefold() in self._names), usual)

    def stated(self) -> tuple[str, dict[str, str]]:
        """Return the title and the fields that a document states about itself, none that are those of a template."""
        paths = [path for kind, path in self.relations("").values() if kind == "core-properties"]
        root = self.part(paths[0] if paths else "docProps/core.xml")
        if root is None:
            return "", {}
        values = {each.tag.rpartition("}")[2]: (each.text or "").strip() for each in root if isinstance(each.tag, str)}
        author, title = values.get("creator", ""), values.get("title", "")
        date = values.get("modified") or values.get("created", "")
        fields = {
            "author": "" if author.casefold() in _NOBODY else author,
            "date": "" if date.startswith(_TEMPLATES) else date,
            "language": values.get("language", ""),
        }
        return "" if title.casefold() in _NO_TITLE else title, fields
