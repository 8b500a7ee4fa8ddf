"""A saved web page -> its main text, title, author, date. Nothing that it links to is fetched.

Knows nothing about other formats. trafilatura (Barbaresi, ACL 2021) finds the main text among menus and advertisements.
"""

from collections.abc import Sequence
from typing import Any

import trafilatura
from lxml import etree, html

from retrieval.parsers.base import Block, Builder, ParsedText, UnreadableError
from retrieval.parsers.markup.decoding import decode
from retrieval.parsers.markup.dom import Markup
from retrieval.parsers.metadata import common
from retrieval.text import one_line

_DATES = {"extensive_search": False, "original_date": True}  # what the page states, not the first date in its text
_SHARE = 0.25  # of the words that must be in the main text, else everything is kept
_ANCHOR = 12  # letters and digits from which a block is told from others by its text
_BESIDE = ("nav", "aside", "footer")


def read_html(content: bytes) -> ParsedText:
    """Read a web page from the first to the last block of its main text; all of it where no main text stands out.

    trafilatura only says where the main text is: it leaves out headings, lists and notes (2.3, pages of pandoc).
    """
    tree = parse_html(content)
    found = _main_text(content)
    _drop_menus(tree)
    everything = Builder()
    Markup(everything).add(tree)
    page = everything.parsed()
    main = _letters(" ".join(found.body.itertext())) if found is not None and found.body is not None else ""
    builder = Builder()
    for block in _main_blocks(page, main):
        builder.add(page.text[block.start : block.end], block.level, by_line=block.by_line)
    fields = ("author", "date", "sitename", "url")
    language = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    metadata = [(key, getattr(found, key, None)) for key in fields]
    return builder.parsed(_title(tree, found), common([*metadata, ("language", language)]))


def _main_text(content: bytes) -> Any:
    """Return what trafilatura takes for the main text, with its metadata; None where it fails, as on odd nesting."""
    try:
        return trafilatura.bare_extraction(
            content, favor_recall=True, include_comments=False, with_metadata=True, date_extraction_params=_DATES
        )
    except Exception:  # whatever its parts raise (an AssertionError of lxml, say), the page can still be read
        return None


def _title(tree: Any, found: Any) -> str:
    """Return the main text's title where the page's title has it in it, for example before its publication."""
    stated = one_line(tree.findtext(".//title") or "")
    title = one_line(getattr(found, "title", None) or "")
    return title if title in stated or not stated else stated


def parse_html(content: bytes) -> Any:
    """Return the root element of a page; UnreadableError where there is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = trafilatura.utils.decode_file(content) or decode(content)
    if "\x00" in text:
        text = decode(content)  # UTF-16, or no text at all
    if not text.strip():
        raise UnreadableError("holds no text")
    parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError as error:
        raise UnreadableError("holds no text") from error


def _drop_menus(tree: Any) -> None:
    """Remove what stands beside the text on a page that has more than a few words."""
    if len(tree.xpath("//p | //h1")) > 1:
        for element in [element for element in tree.iter(*_BESIDE) if element.getparent() is not None]:
            element.drop_tree()


def _main_blocks(page: ParsedText, main: str) -> Sequence[Block]:
    """Return the blocks between the first and the last that are in the main text, and the headings right before."""
    texts = [_letters(page.text[block.start : block.end]) for block in page.blocks]
    if len(main) < _SHARE * sum(map(len, texts)):
        return page.blocks
    anchors = [index for index, text in enumerate(texts) if len(text) >= _ANCHOR]
    first = next((index for index in anchors if texts[index] in main), 0)
    last = next((index for index in reversed(anchors) if texts[index] in main), len(texts) - 1)
    while first and page.blocks[first - 1].level:
        first -= 1
    return page.blocks[first : last + 1]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
