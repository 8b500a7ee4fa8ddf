"""E-books (EPUB) -> chapter by chapter in reading order. Knows nothing about other formats.

An EPUB is a ZIP of XHTML with a list of its order; EbookLib, the usual library, is under the AGPL.
"""

import posixpath
from contextlib import suppress
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote
from zipfile import ZipFile

from lxml.etree import XMLSyntaxError

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.markup.dom import Markup, inline
from retrieval.parsers.markup.html import parse_html
from retrieval.parsers.metadata import common
from retrieval.parsers.office.archive import open_zip, parse_xml
from retrieval.text import one_line

_DC = "{http://purl.org/dc/elements/1.1/}"
_FIELDS = ("date", "language", "publisher")


def read_epub(content: bytes) -> ParsedText:
    """Read the chapters; the place of each block is its chapter by its first heading, or by its number."""
    with open_zip(content) as archive:
        root = _package(archive)
        package = parse_xml(archive.read(root))
        chapters = _spine(package, posixpath.dirname(root))
        if _protected(archive) & {path.casefold() for path in chapters}:
            raise UnreadableError("is protected against copying (DRM)")
        builder = Builder()
        missing = [
            path for number, path in enumerate(chapters, start=1) if not _chapter(builder, archive, path, number)
        ]
        if missing and len(missing) == len(chapters):
            raise UnreadableError("lacks all of its chapters; get it again")
        if missing:
            builder.warn(f"{len(missing)} of {len(chapters)} chapters are not in the book: {', '.join(missing[:3])}")
    authors = [one_line(element.text or "") for element in package.iter(f"{_DC}creator")]
    fields = {"author": authors} | {field: package.findtext(f".//{_DC}{field}") for field in _FIELDS}
    return builder.parsed(package.findtext(f".//{_DC}title") or "", common(fields))


def _package(archive: ZipFile) -> str:
    """Return the path of the file that lists the chapters, by its name where the container does not tell it."""
    names, listed = archive.namelist(), list[str]()
    with suppress(KeyError, XMLSyntaxError):
        container = parse_xml(archive.read("META-INF/container.xml"))
        listed = [rootfile.get("full-path") for rootfile in container.iter("{*}rootfile")]
    found = next((path for path in [*listed, *(n for n in names if n.endswith(".opf"))] if path in names), None)
    if found is None:
        raise UnreadableError("is no EPUB: nothing in it lists its chapters")
    return found


def _protected(archive: ZipFile) -> set[str]:
    """Return the paths of what is encrypted, in lower case; of fonts it says nothing: they are only obfuscated."""
    with suppress(KeyError, XMLSyntaxError):
        listed = parse_xml(archive.read("META-INF/encryption.xml"))
        return {
            posixpath.normpath(unquote(each.get("URI", ""))).casefold() for each in listed.iter("{*}CipherReference")
        }
    return set()


def _spine(package: Any, folder: str) -> list[str]:
    """Return the chapters' paths in the archive, in reading order."""
    items = {item.get("id"): item for item in package.iter("{*}item")}
    found = (items[ref.get("idref")] for ref in package.iter("{*}itemref") if ref.get("idref") in items)
    return [
        posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in found
        if "nav" not in item.get("properties", "").split()
    ]


def _folded(path: str) -> str:
    """Return a path as it is compared: macOS writes letters and their accents apart, and some programs any case."""
    return normalize("NFC", path).casefold()


def _chapter(builder: Builder, archive: ZipFile, path: str, number: int) -> bool:
    """Add a chapter; False where it is listed, but not in the book, however its name is written."""
    names = {_folded(name): name for name in archive.namelist()}
    name = names.get(_folded(path))
    if name is None:
        return False
    content = archive.read(name)
    if content.strip():
        tree = parse_html(content)
        for link in tree.iter("a"):
            if "noteref" in link.get("epub:type", "") and link.find("sup") is None and link.getparent().tag != "sup":
                link.tag = "sup"  # a note's mark, whether it is printed raised by its tag or by a style
                link.set("role", "doc-noteref")
        for mark in tree.iter("span", "a", "div", "p", "hr"):
            if "pagebreak" in mark.get("epub:type", "").split():
                mark.set("role", "doc-pagebreak")  # the number of a printed page
        heading = next((one_line(inline(found)) for found in tree.iter("h1", "h2", "h3")), "")
        Markup(builder, "" if heading else f"chapter {number}").add(tree)
    return True
