"""E-mail (.eml, .mbox) -> what each message shows, its attachments, and messages that are attached to it.

What a reply repeats of earlier mails stands in places of its own ("quoted text"), because it is not this mail's words.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import PurePosixPath
from typing import Any

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.markup.decoding import decoded
from retrieval.parsers.markup.dom import Markup
from retrieval.parsers.markup.html import parse_html
from retrieval.parsers.markup.text import text_blocks
from retrieval.parsers.metadata import common
from retrieval.text import one_line

_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]+={0,2})?")
_ASCII = ("us-ascii", "ascii", "ansi_x3.4-1968")  # labels of old programs, whatever the text holds
_SHOWN = ("From", "To", "Cc", "Date")
_ATTACHED = "message/rfc822"  # forwarded as a whole
_SEPARATOR = re.compile(  # RFC 4155; "From now on …" in a message is text: no time in it, and no header below
    rb"(?:\A|\n)From [^\n]*(?:\d\d?:\d\d|\d{4})[^\n]*\n(?=[A-Za-z][\w-]{0,60}:|>?From )"
)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_ENRICHED = re.compile(r"</?[a-zA-Z][^<>]{0,60}>")
_STUB = 0.5  # of an HTML part's letters: a plain part with fewer says less than what is shown
_DEEPEST = 5  # messages in messages
_MOST_ATTACHED = 20
_INTRODUCING = re.compile(  # "On Tue, Ann wrote:", "Am Di. schrieb Ann:", "-----Original Message-----"
    r"(?:On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu)\s[^\n]{5,300}(?:\n[^\n]{1,200})?"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał\(?a?\)?)\s?[^\n:]{0,80}:\s*"
    r"|-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Forwarded message|Mensaje original)"
    r"\s*-{2,}\s*"
    r"|_{20,}\s*",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(rf"^(?:{_INTRODUCING.pattern})$", re.IGNORECASE | re.MULTILINE)  # a paragraph of its own
_QUOTE_LINE = re.compile(r"[ \t]*>")
_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_HTML_QUOTES = (
    "//blockquote[@type='cite'] | //*[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    " | //*[@class='moz-cite-prefix'] | //*[@id='divRplyFwdMsg'] | //*[@id='divRplyFwdMsg']/following-sibling::*"
)


def read_eml(content: bytes) -> ParsedText:
    """Read one message: its headers, its text, and its attachments."""
    message = _message(content)
    if not message.keys():
        raise UnreadableError("is no e-mail: it has no headers")
    builder = Builder()
    subject = _header(message, "Subject")
    _add(builder, message, subject, "")
    fields = {"author": _header(message, "From"), "date": _header(message, "Date"),
              "language": _header(message, "Content-Language")}  # fmt: skip
    return builder.parsed(subject, common(fields))


def read_mbox(content: bytes) -> ParsedText:
    """Read a mailbox; the place of each block is its message's number."""
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if not content.startswith(b"From "):
        raise UnreadableError('is no mailbox: it does not begin with "From "')
    builder = Builder()
    content = content.replace(b"\r\n", b"\n")
    starts = list(_SEPARATOR.finditer(content))
    begins = [match.end() for match in starts] or [content.find(b"\n") + 1]
    ends = [*(match.start() for match in starts[1:]), len(content)]
    for number, (begin, end) in enumerate(zip(begins, ends, strict=True), start=1):
        message = _message(_QUOTED_FROM.sub(rb"\1", content[begin:end]))
        _add(builder, message, _header(message, "Subject") or "(no subject)", f"message {number}")
    return builder.parsed("mailbox")


def _message(content: bytes) -> EmailMessage:
    message: Any = message_from_bytes(content.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"), policy=policy.default)
    return message  # type: ignore[no-any-return]


def _header(message: EmailMessage, name: str) -> str:
    """Return a decoded header; bytes that are not ASCII are UTF-8, or what they look like."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if any("\udc80" <= sign <= "\udcff" for sign in raw):
        raw = decoded(raw.encode("utf-8", "surrogateescape"))[0]
        with suppress(ValueError, LookupError, binascii.Error):
            raw = str(make_header(decode_header(raw)))
        return one_line(raw)
    try:
        return one_line(str(message.get(name, "")))
    except (ValueError, IndexError, KeyError, AttributeError, LookupError):
        return one_line(raw)


def _add(builder: Builder, message: EmailMessage, subject: str, place: str, depth: int = 0) -> None:
    builder.add(subject, 1 if subject else 0, place=place)
    headers = {name: _header(message, name) for name in _SHOWN}
    builder.add("\n".join(f"{name}: {value}" for name, value in headers.items() if value), by_line=True, place=place)
    if any(map(_is_encrypted, message.walk())):
        builder.warn("it is encrypted; decrypt it in your mail program and save it again")
    quoted: list[tuple[str, Any]] = []
    attached: list[Any] = []
    inner: list[Any] = []
    for part in _shown(message):
        if _is_message(part):
            inner.append(part)
        elif _is_attached(part):
            attached.append(part)
        else:
            quoted += _body(builder, part, place)
    for kind, content in quoted:
        below = _below(place, "quoted text")
        if kind == "html":
            Markup(builder, below).add(content)
        else:
            _paragraphs(builder, content, below)
    names = [one_line(part.get_filename() or part.get_content_type()) for part in attached]
    builder.add("\n".join(f"Attachment: {name}" for name in names), by_line=True, place=place)
    for name, part in list(zip(names, attached, strict=True))[:_MOST_ATTACHED]:
        _attachment(builder, name, part, place)
    for number, part in enumerate(inner if depth < _DEEPEST else (), start=1):
        each = _inner(part)
        _add(builder, each, _header(each, "Subject"), _below(place, f"attached message {number}"), depth + 1)


def _is_encrypted(part: Any) -> bool:
    is_signed = str(part.get_param("smime-type", "")).casefold() in ("signed-data", "certs-only")
    is_sealed = part.get_content_type() in _ENCRYPTED or str(part.get_filename()).casefold().endswith(".p7m")
    begins = b"" if part.is_multipart() or part.get_content_maintype() != "text" else _payload(part).lstrip()
    return (is_sealed and not is_signed) or begins.startswith(b"-----BEGIN PGP MESSAGE-----")


def _below(place: str, part: str) -> str:
    return ", ".join(filter(None, (place, part)))


# --- which parts are shown


def _shown(part: Any) -> Iterator[Any]:
    """Yield the parts of a message in order; of alternatives the one that says most."""
    if not part.is_multipart() or part.get_content_type() in (_ATTACHED, "message/delivery-status"):
        yield part
    elif part.get_content_type() == "multipart/alternative":
        yield from _best(list(part.get_payload()))
    else:
        for each in part.get_payload():
            yield from _shown(each)


def _best(parts: list[Any]) -> Iterator[Any]:
    """Yield the parts of an alternative: plain text, unless it says much less than the page beside it."""
    each = [list(_shown(part)) for part in parts]
    texts = [next((p for p in own if p.get_content_type().startswith("text/")), None) for own in each]
    plain = next((i for i, p in enumerate(texts) if p is not None and p.get_content_type() == "text/plain"), None)
    page = next((i for i, p in enumerate(texts) if p is not None and p.get_content_type() == "text/html"), None)
    chosen = plain if plain is not None else page
    if plain is not None and page is not None:
        with suppress(UnreadableError):
            shown = Builder()
            Markup(shown).add(_page(texts[page]))
            letters = sum(map(str.isalnum, shown.parsed().text))
            said = sum(map(str.isalnum, _text(texts[plain], shown)))
            chosen = page if said < _STUB * letters else plain
    if chosen is None and each:
        chosen = len(each) - 1
    for index, own in enumerate(each):  # what hangs on parts that are not shown (attachments of the page) stays
        yield from (p for p in own if index == chosen or _is_message(p) or _is_attached(p))


def _is_message(part: Any) -> bool:
    return bool(part.get_content_type() == _ATTACHED)


def _is_attached(part: Any) -> bool:
    kind = part.get_content_maintype()
    if part.get_content_type() == "message/delivery-status" or kind == "multipart":
        return False
    return bool(kind != "text" or part.get_content_disposition() == "attachment")


def _inner(part: Any) -> EmailMessage:
    """Return an attached message, decoded where it was encoded against the rules."""
    each: Any = part.get_payload(0) if part.is_multipart() else None
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if each is None or encoding == "base64":
        raw = each.as_bytes() if each is not None else _payload(part)
        with suppress(binascii.Error, ValueError):
            return _message(base64.b64decode(b"".join(raw.split()), validate=True))
    return each if each is not None else _message(_payload(part))


# --- what parts say


def _body(builder: Builder, part: Any, place: str) -> list[tuple[str, Any]]:
    """Add a part's own words; return what it repeats of other mails."""
    if part.get_content_type() == "message/delivery-status":
        lines = (f"{key}: {one_line(str(value))}" for each in part.get_payload() for key, value in each.items())
        builder.add("\n".join(lines), by_line=True, place=place)
        return []
    if part.get_content_type() == "text/html":
        try:
            tree = _page(part)
        except UnreadableError:
            return []  # one empty part must not keep the others out
        quotes = [quote for quote in tree.xpath(_HTML_QUOTES) if quote.getparent() is not None]
        for quote in quotes:
            quote.drop_tree()
        Markup(builder, place).add(tree)
        return [("html", quote) for quote in quotes]
    text = _text(part, builder)
    if part.get_content_type() in ("text/enriched", "text/richtext"):
        text = _ENRICHED.sub("", text)
    own, repeated = _apart(text)
    _paragraphs(builder, own, place)
    return [("plain", repeated)] if repeated.strip() else []


def _apart(text: str) -> tuple[str, str]:
    """Split a plain text into its own words and what it repeats: lines with ">", all behind "Original Message".

    Quotes that are answered below stay where they are: the words mean nothing without those above them.
    """
    stretches = list(_stretches(text.split("\n")))
    last = max((at for at, (kind, _) in enumerate(stretches) if kind == "own"), default=-1)
    if last < 0:  # a mail that only repeats is read as what it is
        return text, ""
    answered = [kind for kind, _ in stretches[:last] if kind != "own"]
    are_kept = len(answered) > 1 or "quoted" in answered
    own: list[str] = []
    repeated: list[str] = []
    for at, (kind, lines) in enumerate(stretches):
        if kind == "own" or (at < last and are_kept):
            own += lines
        else:
            repeated += lines
            own.append("")  # what stands around it is not one paragraph
    return "\n".join(own), _INTRODUCED.sub(r"\n\g<0>\n\n", _MARKS.sub("", "\n".join(repeated)))


def _stretches(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield stretches of lines: "own" words, "quoted" ones, and those that are "introduced" as another's."""
    kind, taken = "own", list[str]()
    number = 0
    while number < len(lines):
        line, two = lines[number].strip(), "\n".join(lines[number : number + 2]).strip()
        found = _INTRODUCING.fullmatch(line) or _INTRODUCING.fullmatch(two)
        rest = [each for each in lines[number + 1 : number + 6] if each.strip()]
        if found and line.startswith(("-", "_")) and (line.startswith("-") or _is_header(rest)):
            yield from ((kind, taken), ("introduced", lines[number:]))
            return
        count = 1
        if found and rest and any(map(_QUOTE_LINE.match, rest)):
            new, count = "introduced", 1 if _INTRODUCING.fullmatch(line) else 2
        elif _QUOTE_LINE.match(line):
            new = kind if kind == "introduced" else "quoted"
        else:
            new = "own" if line else kind
        if new != kind and any(each.strip() for each in taken):
            yield kind, taken
            taken = []
        kind = new
        taken = [*taken, *lines[number : number + count]]
        number += count
    if any(each.strip() for each in taken):
        yield kind, taken


def _is_header(lines: list[str]) -> bool:
    return bool(lines) and bool(re.match(r"\*?[A-Z][\wéü]{1,10}\*?\s?:", lines[0]))


def _paragraphs(builder: Builder, text: str, place: str) -> None:
    for block in text_blocks(text):
        builder.add(text[block.start : block.end], place=place)


def _attachment(builder: Builder, name: str, part: Any, place: str) -> None:
    """Read an attached file of a kind that is read; say why where it cannot be."""
    from retrieval.parsers.formats import FORMATS, parse

    suffix = PurePosixPath(name).suffix.lower()
    suffix = suffix or {"text/plain": ".txt", "text/html": ".html", "text/csv": ".csv"}.get(part.get_content_type(), "")
    if suffix not in FORMATS or suffix == ".mbox":
        return
    try:
        builder.include(parse(suffix, _payload(part)), _below(place, name))
    except UnreadableError as error:
        builder.warn(f"the attachment {name} {error}")
    except Exception as error:  # whatever the library behind its parser raises on a damaged file
        builder.warn(f"the attachment {name} is damaged ({type(error).__name__})")


def _page(part: Any) -> Any:
    return parse_html(_payload(part), _charset(part))


def _payload(part: Any) -> bytes:
    content: Any = part.get_payload(decode=True)
    if content is None:  # said to be of several parts, and is none of them
        content = str(part.get_payload() or "").encode("utf-8", "surrogateescape")
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        part.replace_header("Content-Transfer-Encoding", "8bit")
        stated: Any = part.get_payload(decode=True)
        part.replace_header("Content-Transfer-Encoding", "base64")
        return _from_base64(bytes(stated or b""), bytes(content))
    return bytes(content)


def _charset(part: Any) -> str:
    """Return the character set that a part names, "" where it is the one that programs name for all of them."""
    declared = part.get_content_charset() or ""
    return "" if declared in _ASCII else str(declared)


def _from_base64(stated: bytes, decoded: bytes) -> bytes:
    """Return what lines of base64 say, with the text that a list server put behind them; text alone as it is."""
    lines = stated.rstrip().split(b"\n")
    count = next((number for number, line in enumerate(lines) if not _BASE64.fullmatch(line.strip())), len(lines))
    if count == len(lines) and decoded.strip() != stated.strip():
        return decoded
    joined = b"".join(map(bytes.strip, lines[:count])).rstrip(b"=")
    with suppress(binascii.Error):
        head = base64.b64decode(joined[: len(joined) - (len(joined) % 4 == 1)] + b"==")
        return b"\n".join([head, *lines[count:]]) if count else stated
    return decoded


def _text(part: Any, builder: Builder) -> str:
    """Decode a text part by the character set that it names; one without a name as a text file is."""
    try:
        text, warning = decoded(_payload(part), _charset(part))
    except UnreadableError:
        builder.warn("a part of it that is said to be text is binary")
        return ""
    if warning:
        builder.warn(warning)
    return text
