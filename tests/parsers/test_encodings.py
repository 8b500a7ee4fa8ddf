"""Character sets of text files, pages and mails: declared ones as browsers take them, others by their look."""

import codecs

import pytest

from retrieval.parsers import UnreadableError, parse

WORDS = "The fee isn’t €5 – it’s “free” at the café."
RUSSIAN = "Гавань открыта с девяти часов утра. Паром отходит в полдень, и возвращается в шесть часов вечера."
JAPANESE = "港の事務所は九時に開きます。フェリーは正午に出発します。"


def text(content, suffix=".txt"):
    return parse(suffix, content).text.strip()


def warnings(content, suffix=".txt"):
    return str(parse(suffix, content).metadata.get("warnings", ""))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-32-be", "cp1252"])
def test_what_says_what_it_is_needs_no_warning(encoding):
    assert text(WORDS.encode(encoding)) == WORDS
    assert warnings(WORDS.encode(encoding)) == ""


@pytest.mark.parametrize(
    ("encoding", "words", "name"),
    [
        ("mac_roman", "The café “Aurora” didn’t close – it moved.", "Mac Roman"),
        ("cp1251", RUSSIAN, "Windows-1251"),
        ("koi8_r", RUSSIAN, "KOI8-R"),
        ("cp932", JAPANESE * 3, "Shift-JIS"),
        ("gb18030", "公司差旅制度:员工出差应当提前申请,并由部门经理批准。住宿费用每晚不超过四百元。" * 2, "GB18030"),
    ],
)
def test_a_guess_is_right_and_said(encoding, words, name):
    assert text(words.encode(encoding)) == words
    assert f"encoding is not stated; it was read as {name}" in warnings(words.encode(encoding))


def test_japanese_mail_encoding_is_told_by_its_escapes():
    assert text(JAPANESE.encode("iso2022_jp")) == JAPANESE


def test_one_bad_byte_spoils_one_character():
    content = f"{WORDS} A stray ".encode() + b"\xe9 byte."
    assert text(content) == f"{WORDS} A stray \ufffd byte."
    assert "no UTF-8" in warnings(content)


def test_ends_and_strokes_of_old_machines():
    assert text(b"One.\r\n\r\nTwo.\r\n\x1a\x1a\x00\x00") == "One.\n\nTwo."
    assert text(b"N\bNA\bAM\bME _\bo_\bf ls, \x1b[1mbold\x1b[0m") == "NAME of ls, bold"


def test_a_stray_zero_byte_does_not_make_a_text_binary():
    assert text(b"The pilot fee is 240 euros. " * 20 + b"The \x00tug waits.").endswith("euros. The tug waits.")


@pytest.mark.parametrize("content", [b"\x00\x01\x02\x03 text", bytes(range(256)) * 4])
def test_what_is_binary_is_refused(content):
    with pytest.raises(UnreadableError, match="is binary"):
        parse(".txt", content)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("x-mac-roman", "mac_roman"),
        ("utf-8", "utf-8"),
        ("nonsense", "cp1252"),
    ],
)
@pytest.mark.slow
def test_a_page_and_a_mail_are_read_as_they_declare(declared, encoding):
    words = WORDS.encode(encoding)
    page = b"<html><head><meta charset='%s'></head><body><p>%s</p></body></html>" % (declared.encode(), words)
    assert text(page, ".html") == WORDS
    mail = b"Subject: Hi\nContent-Type: text/plain; charset=%s\nContent-Transfer-Encoding: 8bit\n\n%s\n"
    assert text(mail % (declared.encode(), words), ".eml") == f"Hi\n\n{WORDS}"
    html_mail = b"Subject: Hi\nContent-Type: text/html; charset=%s\nContent-Transfer-Encoding: 8bit\n\n<p>%s</p>\n"
    assert text(html_mail % (declared.encode(), words), ".eml") == f"Hi\n\n{WORDS}"


def test_headers_that_are_not_ascii():
    assert text(b"Subject: Caf\xe9 plan\n\nText.\n", ".eml") == "Café plan\n\nText."
    assert text("Subject: Café plan\n\nText.\n".encode(), ".eml") == "Café plan\n\nText."


def test_a_page_declared_in_one_set_and_written_in_another_is_read_as_written():
    page = "<meta charset='utf-16'><p>The café.</p>".encode()
    assert text(page, ".html") == "The café."
    assert text(codecs.BOM_UTF8 + "<meta charset='latin-1'><p>The café.</p>".encode(), ".html") == "The café."
