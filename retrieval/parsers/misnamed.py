"""What a file is by its first bytes, where its suffix says something else: the reason why it cannot be read."""

import re

_ZIPPED = (  # a file inside that tells of what an archive is
    ("word/document.xml", "a Word document", ".docx"),
    ("xl/workbook.xml", "an Excel workbook", ".xlsx"),
    ("xl/workbook.bin", "an Excel workbook", ".xlsb"),
    ("ppt/presentation.xml", "a presentation", ".pptx"),
    ("meta-inf/container.xml", "an e-book", ".epub"),
)
_OPEN = {
    "text": ("an OpenDocument text", ".odt"),
    "spreadsheet": ("an OpenDocument spreadsheet", ".ods"),
    "presentation": ("an OpenDocument presentation", ".odp"),
}
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # OLE: Office before 2007, and what encrypted files are wrapped in
_STREAMS = (
    ("EncryptedPackage", "is protected by a password; save it again without"),
    ("WordDocument", "is a Word document from before 2007 (.doc); open it and save it as .docx"),
    ("PowerPoint Document", "is a presentation from before 2007 (.ppt); open it and save it as .pptx"),
    ("Workbook", "is an Excel workbook from before 2007; rename it to .xls"),
    ("__substg1.0_", "is an Outlook message (.msg); save it as .eml"),
)
_STARTS = (
    (b"%PDF-", "a PDF", ".pdf"),
    (b"{\\rtf", "an RTF document", ".rtf"),
    (b"\x89PNG\r\n", "a PNG picture", ".png"),
    (b"\xff\xd8\xff", "a JPEG picture", ".jpg"),
    (b"II*\x00", "a TIFF picture", ".tif"),
    (b"MM\x00*", "a TIFF picture", ".tif"),
)
_REFUSED = (
    (b"version https://git-lfs.github.com/", "is a Git LFS pointer, not the file itself; get that with: git lfs pull"),
    (b"\x00\x05\x16\x07", "is a side file of macOS (AppleDouble) without the document; add the file beside it instead"),
    (b"\x1f\x8b", "is compressed (gzip); unpack it"),
    (b"BZh", "is compressed (bzip2); unpack it"),
    (b"\xfd7zXZ\x00", "is compressed (xz); unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "is an archive (7z); unpack it"),
    (b"Rar!", "is an archive (RAR); unpack it"),
    (b"GIF8", "is a picture (GIF); save it as .png"),
    (b"AT&TFORM", "is a scan (DjVu); convert it to .pdf"),
)
_PAGE = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*|<\?xml[^>]{0,200}>\s*)*<(?:!doctype html|html|head|body)\b", re.I | re.S
)
_SAME = (
    {".docx", ".docm"},
    {".xlsx", ".xlsm", ".xls", ".xlsb"},
    {".pptx", ".pptm"},
    {".tif", ".tiff"},
    {".jpg", ".jpeg"},
)
_BINARY = frozenset(
    ".pdf .docx .docm .pptx .pptm .odt .odp .ods .epub .xlsx .xlsm .xls .xlsb .png .jpg .jpeg .tif .tiff .webp".split()
)
_SHORTEST = 12  # characters of what can be told to be text
_ARCHIVE = "is a ZIP archive, and nothing in it is a document of that kind; unpack it"


def always_refused(content: bytes) -> str:
    """Return why a file holds no document, whatever it is called; "" where it may."""
    return next((reason for start, reason in _REFUSED[:2] if content.startswith(start)), "")


def misnamed(suffix: str, content: bytes) -> str:
    """Return what a file is, and what to do, where its reader failed because it is of another kind; "" if unknown."""
    refused = next((reason for start, reason in _REFUSED if content.startswith(start)), "")
    if refused:
        return refused
    if content.startswith(_COMPOUND):
        reason = next((reason for name, reason in _STREAMS if name.encode("utf-16-le") in content), "")
        return "" if suffix == ".xls" and "rename" in reason else reason
    if content.startswith(b"PK\x03\x04"):
        return _of_zip(suffix, content)
    start = content[:4000].removeprefix(b"\xef\xbb\xbf")
    for mark, kind, right in _STARTS:
        if start.lstrip().startswith(mark):
            return _renamed(suffix, kind, right)
    if _PAGE.match(start):
        kind = f"is a web page (HTML), perhaps one to log in, not a {suffix} file"
        return "" if suffix in (".html", ".htm", ".xhtml") else f"{kind}; download it again, or rename it to .html"
    if b"office:document " in start and b"urn:oasis:names:tc:opendocument" in start:
        return "is a flat OpenDocument file (XML); open it in LibreOffice and save it as .odt, .ods or .odp"
    return _of_text(suffix, content)


def _of_zip(suffix: str, content: bytes) -> str:
    from retrieval.parsers.office.archive import open_zip  # with lxml, 30 ms that only such files pay

    try:
        with open_zip(content) as archive:
            names = {name.lower().replace("\\", "/") for name in archive.namelist()}
            kind = archive.read("mimetype")[:100].decode("ascii", "replace") if "mimetype" in names else ""
    except Exception:  # of a damaged archive, or one that is too large: its reader has said so
        return ""
    for name, (words, right) in _OPEN.items():
        if kind.startswith(f"application/vnd.oasis.opendocument.{name}"):
            return _renamed(suffix, words, right)
    for name, words, right in _ZIPPED:
        if name in names:
            return _renamed(suffix, words, right)
    if any(name.endswith(".iwa") or name == "index/document.iwa" for name in names):
        return "is a document of Apple's Pages, Numbers or Keynote; export it there as .docx, .xlsx, .pptx or .pdf"
    is_office = names & {"[content_types].xml", "content.xml"} or any(
        name.endswith((".opf", ".xhtml")) for name in names
    )
    return "" if is_office else _ARCHIVE


def _renamed(suffix: str, kind: str, right: str) -> str:
    if suffix == right or any({suffix, right} <= same for same in _SAME):
        return ""
    return f"is {kind} ({right}), not a {suffix} file; rename it to {right}"


def _of_text(suffix: str, content: bytes) -> str:
    """Return that a file is plain text where its suffix is one of a binary format."""
    if suffix not in _BINARY or not content.strip():
        return ""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if "\x00" in text or len(text) < _SHORTEST:
        return ""
    lines = text.split("\n", 3)[:2]
    is_table = any(len(lines) > 1 and lines[0].count(sign) == lines[1].count(sign) > 0 for sign in ",;\t")
    return _renamed(suffix, "a table in text", ".csv") if is_table else _renamed(suffix, "plain text", ".txt")
