"""Bytes of a text file -> str with single newlines as line ends, by its mark, its declared character set, or a guess.

Declared sets are taken as browsers do (WHATWG Encoding Standard): Latin-1 is Windows-1252. charset-normalizer guesses
among those that are mostly other letters than ASCII; it takes short Western texts for anything, so those are told by
their signs.
"""

import codecs
import re

from retrieval.parsers.base import UnreadableError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_OVERSTRUCK = re.compile("[^\n\b]\b")  # "B\bB", "_\bB": bold and underlined on a printer
_STRIKES = 4  # of one letter on another
_COLOUR = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
_KNOWN_AS = {  # where Python's codec of that name is not what browsers use
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
_OTHER_NAMES = {
    "x-mac-roman": "mac_roman", "macintosh": "mac_roman", "mac": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
    "x-sjis": "cp932", "windows-31j": "cp932", "ks_c_5601-1987": "cp949", "x-gbk": "gb18030", "x-big5": "big5hkscs",
    "x-cp1251": "cp1251", "x-cp1252": "cp1252", "x-cp1250": "cp1250", "windows-949": "cp949", "dos-874": "cp874",
    "unicode-1-1-utf-8": "utf-8", "x-euc-jp": "euc_jp", "koi": "koi8_r", "iso-8859-8-i": "iso8859-8",
    "unknown-8bit": "", "x-user-defined": "", "x-unknown": "", "8bit": "", "binary": "",
}  # fmt: skip
_WESTERN = ("cp1252", "mac_roman", "cp1250", "cp1254", "cp1257", "cp850")
_OTHER = (
    "cp1251", "koi8_r", "cp866", "mac_cyrillic", "cp1253", "cp1255", "cp1256", "cp874", "cp932", "euc_jp", "gb18030",
    "big5", "cp949",
)  # fmt: skip
_NAMES = {
    "cp1252": "Windows-1252", "mac_roman": "Mac Roman", "cp932": "Shift-JIS", "gb18030": "GB18030", "cp949": "EUC-KR",
    "euc_jp": "EUC-JP", "koi8_r": "KOI8-R", "big5": "Big5", "mac_cyrillic": "Mac Cyrillic",
}  # fmt: skip
_GUESSED_FROM = 50_000  # bytes that are looked at
_TEXT_PER_ZERO = 200  # characters, at least: a zero byte among fewer is one of a binary file
_FEW = 0.25  # of a Western text's letters are not ASCII
_UNLIKELY = re.compile(  # in Western text: a capital behind a small letter, a sign inside a word, quotes the wrong way
    r"(?<=[a-zß-öø-ÿ])[À-ÖØ-ÞŠŽŒŸĀ-ž](?=[a-zß-ÿ\s])(?<![ß-öø-ÿšžœāăąćčďđēęěģīįķļłńņňőōřśşšťūůűųźżžğış])"
    r"|(?<=\w)[^\w\s.,;:!?'’‘\"“”»«)(\]\[/&@*+=<>|~°%‰€£$…–—\x00-\x7f-](?=\w)|[“‘«](?=\s)|(?<=\s)[”](?=\w)"
    r"|[\x80-\x9f¦¬¯¸¨¤]|[²³¹](?=[^\W\d])|(?<=[^\W\d])[¹³¼½¾¿¡](?=[^\W\d])"
)


_BINARY = "is binary, or text in an encoding that is not known; save it as UTF-8"
# What pictures, programs and archives begin with, however little of them there is.
_NO_TEXT = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"PK\x03\x04", b"\x1f\x8b\x08", b"%PDF-")


def decode(content: bytes) -> str:
    """Return `decoded` without its warning."""
    return decoded(content)[0]


def decoded(content: bytes, declared: str = "") -> tuple[str, str]:
    """Return the text of bytes, every line end a single newline, and a warning where its encoding was guessed, or "".

    declared: the character set that a mail or page says it is in. Bytes that are not in it become U+FFFD.
    Raises UnreadableError where the content is no text.
    """
    if content.startswith(_NO_TEXT) or (content and not content.strip(b"\x00")):
        raise UnreadableError(_BINARY)
    text, warning = _by_mark(content) or _by_name(content, declared) or _by_look(content)
    return _tidied(text), warning


def codec_of(declared: str) -> str:
    """Return the name of the codec that browsers read a declared character set with, "" where there is none such."""
    name = declared.strip().strip("\"'").lower()
    name = _OTHER_NAMES.get(name, name)
    try:
        found = codecs.lookup(name).name if name.isascii() else ""
        "".encode(found)  # no codec of bytes to bytes, as "hex" is
    except (LookupError, ValueError):
        return ""
    return _KNOWN_AS.get(found, found)


def _by_mark(content: bytes) -> tuple[str, str] | None:
    """Decode what begins with a byte order mark."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace").rstrip("\x00\x1a"), ""
    return None


def _by_name(content: bytes, declared: str) -> tuple[str, str] | None:
    """Decode as declared; None where nothing is, or most of what is no ASCII is not in that set."""
    codec = codec_of(declared) if declared else ""
    if not codec or (codec.startswith(("utf-16", "utf-32")) and not content[:100].count(0)):
        return None
    text = content.decode(codec, "replace")
    wrong = text.count("\ufffd")
    return (text, "") if wrong <= max(1, sum(byte > 127 for byte in content[:_GUESSED_FROM]) // 2) else None


def _by_look(content: bytes) -> tuple[str, str]:
    """Decode what neither a mark nor a name tells of."""
    head = content[:1000]
    for encoding, zeros, most in (("utf-32-le", (1, 2, 3), 4), ("utf-32-be", (0, 1, 2), 4),
                                  ("utf-16-le", (1,), 2), ("utf-16-be", (0,), 2)):  # fmt: skip
        if all(3 * most * head[zero::most].count(0) > 2 * len(head) for zero in zeros):
            return content.decode(encoding, "replace").rstrip("\x00\x1a"), ""
    content = content.rstrip(b"\x00\x1a")
    if b"\x1b$" in head or b"\x1b(J" in head:
        return content.decode("iso2022_jp", "replace"), ""
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    if wrong <= sum(ord(sign) > 127 for sign in text) - wrong:
        return text, f"{wrong} bytes in it are no UTF-8 and are shown as \ufffd"
    _check(content.decode("latin-1"))
    return _guessed(content)


def _guessed(content: bytes) -> tuple[str, str]:
    """Decode by the encoding whose signs stand where they may."""
    part = content[:_GUESSED_FROM]
    high = sum(byte > 127 for byte in part)
    letters = high + sum(bytes([byte]).isalpha() for byte in part)
    encoding = _other(part) if high > _FEW * letters else ""
    if not encoding:
        found = {name: part.decode(name, "replace") for name in _WESTERN}
        encoding = min(_WESTERN, key=lambda name: _oddities(found[name]))
        if encoding == "cp1252" and not _oddities(found["cp1252"]):
            return content.decode(encoding, "replace"), ""  # what text without a name usually is
    name = _NAMES.get(encoding, encoding.replace("cp12", "Windows-12"))
    return content.decode(encoding, "replace"), f"its encoding is not stated; it was read as {name}"


def _other(part: bytes) -> str:
    """Return the encoding of a text that is mostly not in ASCII letters, "" where none fits."""
    import charset_normalizer  # 20 ms that only such files pay

    best = charset_normalizer.from_bytes(part, steps=5, chunk_size=512, cp_isolation=list(_OTHER)).best()
    return "" if best is None else best.encoding


def _oddities(text: str) -> int:
    return text.count("\ufffd") + len(_UNLIKELY.findall(text))


def _tidied(text: str) -> str:
    """Return text without what steered printers and terminals; UnreadableError where it is binary."""
    text = _COLOUR.sub("", text) if "\x1b" in text else text
    for _ in range(_STRIKES if "\b" in text else 0):
        text = _OVERSTRUCK.sub("", text)
    _check(text)
    text = _CONTROL.sub("", text) if _CONTROL.search(text) else text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check(text: str) -> None:
    """Refuse what holds more than a stray zero byte, nothing readable, or more signs without a shape than a slip."""
    if (
        text.count("\x00") > len(text) // _TEXT_PER_ZERO
        or (text and not text.strip("\ufffd"))
        or (_CONTROL.search(text) and len(_CONTROL.findall(text)) > 2 + len(text) // 1000)
    ):
        raise UnreadableError(_BINARY)
