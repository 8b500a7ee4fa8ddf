"""Files under a wrong name: the reason says what they are, and what to do."""

import pytest
from fuzzing import SEEDS, archive

from retrieval.parsers import UnreadableError, parse

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
FLAT = b'<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>'


@pytest.mark.parametrize(
    ("suffix", "content", "reason"),
    [
        (".pdf", SEEDS[".docx"], "is a Word document (.docx), not a .pdf file; rename it to .docx"),
        (".docx", SEEDS[".pptx"], "is a presentation (.pptx), not a .docx file; rename it to .pptx"),
        (".docx", archive({"mimetype": b"application/vnd.oasis.opendocument.text"}), "is an OpenDocument text (.odt), not a .docx file; rename it to .odt"),
        (".docx", rb"{\rtf1 Text.}", "is an RTF document (.rtf), not a .docx file; rename it to .rtf"),
        (".xlsx", b"Port,Fee\nAro,240\n", "is a table in text (.csv), not a .xlsx file; rename it to .csv"),
        (".docx", b"The gate shuts at eight.", "is plain text (.txt), not a .docx file; rename it to .txt"),
        (".txt", b"%PDF-1.7\n\x00\x01\x02", "is a PDF (.pdf), not a .txt file; rename it to .pdf"),
        (".pdf", b"\xff\xd8\xff\xe0", "is a JPEG picture (.jpg), not a .pdf file; rename it to .jpg"),
        (".pdf", b"<!DOCTYPE html><title>Log in</title>", "is a web page (HTML), perhaps one to log in, not a .pdf file"),
        (".odt", FLAT, "is a flat OpenDocument file (XML); open it in LibreOffice and save it as .odt"),
        (".md", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "is a Git LFS pointer, not the file itself"),
        (".docx", b"\x00\x05\x16\x07\x00\x02", "is a side file of macOS (AppleDouble) without the document"),
        (".docx", archive({"Index/Document.iwa": b"a"}), "is a document of Apple's Pages, Numbers or Keynote"),
        (".docx", archive({"a.txt": b"a"}), "is a ZIP archive, and nothing in it is a document of that kind; unpack it"),
        (".docx", OLE + "WordDocument".encode("utf-16-le"), "is a Word document from before 2007 (.doc)"),
        (".xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        (".csv", b"\x1f\x8b\x08\x00", "is compressed (gzip); unpack it"),
    ],
)  # fmt: skip
def test_a_wrong_suffix_is_told_by_what_the_file_is(suffix, content, reason):
    with pytest.raises(UnreadableError) as caught:
        parse(suffix, content)
    assert str(caught.value).startswith(reason)


def test_a_bad_line_of_json_keeps_no_other_out():
    parsed = parse(".jsonl", b'{"a": 1}\n{"a": oops}\n{"a": 2}\n')
    assert (parsed.text, parsed.metadata["warnings"]) == ("a: 1\n\na: 2", "left out because it is no JSON: line 2")
    with pytest.raises(UnreadableError, match="is no JSON in line 1"):
        parse(".jsonl", b"[1,\n2\n]")
