"""E-mail (.eml, .mbox) -> the readable part of each message, attached ones too. Other attachments are only named.

Knows nothing about other formats.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from retrieval.parsers.base import Builder, ParsedText, UnreadableError
from retrieval.parsers.markup.dom import Markup
from retrieval.parsers.markup.html import parse_html
from retrieval.parsers.markup.text import text_blocks
from retrieval.parsers.metadata import common
from retrieval.text import one_line

_SHOWN = ("From", "To", "Cc", "Date")
_ATTACHED = "message/rfc822"  # forwarded as a whole
_SEPARATOR = re.compile(rb"(?:\A|\n\r?\n)From \S+ [^\n]*\n")  # RFC 4155; ">From " in a message is text
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_eml(content: bytes) -> ParsedText:
    """Read one message: its headers, its text, and the names of its attachments."""
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
    if not content.startswith(b"From "):
        raise UnreadableError('is no mailbox: it does not begin with "From "')
    builder = Builder()
    for number, part in enumerate(_SEPARATOR.split(content)[1:], start=1):
        message = _message(_QUOTED_FROM.sub(rb"\1", part))
        _add(builder, message, _header(message, "Subject") or "(no subject)", f"message {number}")
    return builder.parsed("mailbox")


def _message(content: bytes) -> EmailMessage:
    message: Any = message_from_bytes(content, policy=policy.default)
    return message  # type: ignore[no-any-return]


def _header(message: EmailMessage, name: str) -> str:
    """Return a decoded header; as it stands where it is malformed."""
    try:
        return one_line(str(message.get(name, "")))
    except (ValueError, IndexError, KeyError, AttributeError, LookupError):
        raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
        return one_line(str(raw))


def _add(builder: Builder, message: EmailMessage, subject: str, place: str) -> None:
    builder.add(subject, 1 if subject else 0, place=place)
    headers = {name: _header(message, name) for name in _SHOWN}
    builder.add("\n".join(f"{name}: {value}" for name, value in headers.items() if value), by_line=True, place=place)
    body = message.get_body(("plain", "html"))
    if body is not None and body.get_content_subtype() == "html":
        with suppress(UnreadableError):  # one empty part must not keep the others out
            Markup(builder, place).add(parse_html(_payload(body)))
    elif body is not None:
        text = _text(body)
        for block in text_blocks(text):
            builder.add(text[block.start : block.end], place=place)
    parts = list(_parts(message))
    names = (one_line(filename) for part in parts if (filename := part.get_filename()))
    builder.add("\n".join(f"Attachment: {name}" for name in names), by_line=True, place=place)
    inner = [part.get_payload(0) for part in parts if part.get_content_type() == _ATTACHED and part.is_multipart()]
    for number, each in enumerate(inner, start=1):
        below = ", ".join(filter(None, (place, f"attached message {number}")))
        _add(builder, each, _header(each, "Subject"), below)


def _payload(part: Any) -> bytes:
    return part.get_payload(decode=True) or b""


def _text(part: Any) -> str:
    """Decode a text part by the character set that it names; signs stand for bytes that are not in it."""
    content = _payload(part)
    try:
        text = content.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _parts(message: Any) -> Iterator[Any]:
    """Yield a message and its parts, but not those of messages that are attached."""
    yield message
    if message.is_multipart() and message.get_content_type() != _ATTACHED:
        for part in message.get_payload():
            yield from _parts(part)
