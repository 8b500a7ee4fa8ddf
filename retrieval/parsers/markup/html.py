"""A saved web page -> its main text, title, author, date. Nothing that it links to is fetched.

trafilatura (Barbaresi, ACL 2021) finds the main text among menus and advertisements.
"""

import re
from collections.abc import Sequence
from typing import Any

import trafilatura
from lxml import etree, html

from retrieval.parsers.base import Block, Builder, ParsedText, UnreadableError, chosen
from retrieval.parsers.markup.decoding import decoded
from retrieval.parsers.markup.dom import Markup, name
from retrieval.parsers.metadata import common
from retrieval.text import one_line

_DATES = {"extensive_search": False, "original_date": True}  # what the page states, not the first date in its text
_SHARE = 0.25  # of the words that must be in the main text, else everything is kept
_ANCHOR = 12  # letters and digits from which a block is told from others by its text
_BESIDE = ("nav", "aside", "footer")
_PARTED = frozenset(("article", "main", "section", "blockquote"))  # that have footers of their own
_LINKED = 0.6  # of a block's letters are links: a menu, not text
_CHROME = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|breadcrumbs?|footer|cookies?|consent|sharing|promo|newsletter|subscribe|"
    r"advert(?:isement)?s?|ads?|popup|modal|skip)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PROSE = re.compile(r"[^\W\d_](?:\S*\s+){4,}\S*[.!?](?:\s|$)")  # a sentence of five words
_MESSAGE = re.compile(  # what a page says until its script runs
    r"(?=.*javascript).*(?:enabl|requir|need|support|disabled|turn(?:ed)? o|a[ck]tiv|abilit|einschalt|включ|有効|启用)"
    r"|(?:loading|please wait|wird geladen|laden|chargement|cargando|caricamento|carregando|загрузка)\b.{0,30}$",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_MESSAGE = 400  # characters
_LONGEST_NAME = 30  # of the program that would show
_RIGHTS = re.compile(r"\s*(?:©|\(c\)|copyright\b|all rights reserved)", re.IGNORECASE)
_ADVERTISED = re.compile(
    r"\s*(?:related|recommended|read (?:more|next)|most (?:read|popular)|popular|trending|you (?:may|might)"
    r"|more (?:from|on)|newsletter|sign up|subscribe|follow us|share this|advertisement|sponsored)\b",
    re.IGNORECASE,
)
_DECLARED = re.compile(rb"""<meta[^>]{1,300}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"""\s*<\?xml[^>]{1,200}?encoding\s*=\s*["']([\w.:-]{1,40})""", re.IGNORECASE)
_SAVED = re.compile(rb"<!-- saved from url=\(\d{4,}\)(\S{1,2000})(?: on (\d{4}-\d\d-\d\d))? -->")
_LOOKED_AT = 4096  # bytes in which a page declares its character set; browsers look at 1,024


def read_html(content: bytes) -> ParsedText:
    """Read a web page's main text with what belongs to it; all of it where no main text stands out.

    trafilatura only says where the main text is: it leaves out headings, lists and notes (2.3, on pages of pandoc).
    """
    text, warning = page_text(content)
    tree = _parsed(text)
    found = _main_text(text)
    scripts = sum(1 for _ in tree.iter("script"))
    page, elements = _everything(tree)
    if len(page.text) <= _LONGEST_MESSAGE:
        _show_alternatives(tree)
        other = _everything(tree)
        if not page.blocks or (scripts and _is_message(other[0])):
            page, elements = other
    if not page.blocks or (scripts and _is_message(page)):
        made = "a script makes its text: open it in a browser, and save it from there" if scripts else ""
        raise UnreadableError(f"holds no text of its own; {made}" if made else "holds no text")
    main = _letters(" ".join(found.body.itertext())) if found is not None and found.body is not None else ""
    fields = ("author", "date", "sitename", "url")
    language = tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    stated = [(key, getattr(found, key, None)) for key in fields]
    metadata = common([*stated, *_saved_from(content), ("language", language)])
    builder = Builder()
    builder.warn(warning)
    head = builder.parsed("", metadata)
    kept = chosen(page, _main_blocks(page, elements, main))
    title = _title(tree, found) or _highest(kept.blocks)
    return ParsedText(kept.text, title, kept.blocks, head.metadata, kept.tables)


def _saved_from(content: bytes) -> list[tuple[str, str]]:
    """Return the address that a browser notes in a page that it saves, and the day where that stands behind it."""
    note = _SAVED.search(content[:_LOOKED_AT])
    told = zip(("url", "accessed"), note.groups() if note else (), strict=False)
    return [(key, value.decode("utf-8", "replace")) for key, value in told if value]


def page_text(content: bytes, declared: str = "") -> tuple[str, str]:
    """Return a page's text and a warning, see `decoded`. declared: as its mail says; else as it says itself."""
    stated = _XML_DECLARED.match(content[:300]) or _DECLARED.search(content[:_LOOKED_AT])
    return decoded(content, declared or (stated[1].decode("ascii", "replace") if stated else ""))


def parse_html(content: bytes, declared: str = "") -> Any:
    """Return the root element of a page; UnreadableError where there is none."""
    return _parsed(page_text(content, declared)[0])


def _parsed(text: str) -> Any:
    if not text.strip():
        raise UnreadableError("holds no text")
    parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError as error:
        raise UnreadableError("holds no text") from error


def _main_text(text: str) -> Any:
    """Return what trafilatura takes for the main text, with its metadata; None where it fails, as on odd nesting."""
    try:
        return trafilatura.bare_extraction(
            text, favor_recall=True, include_comments=False, with_metadata=True, date_extraction_params=_DATES
        )
    except Exception:  # whatever its parts raise (an AssertionError of lxml, say), the page can still be read
        return None


def _title(tree: Any, found: Any) -> str:
    """Return the main text's title where the page's title has it in it, for example before its publication."""
    stated = one_line(tree.findtext(".//title") or "")
    title = one_line(getattr(found, "title", None) or "")
    return title if title in stated or not stated else stated


def _highest(blocks: Sequence[Block]) -> str:
    headings = [block for block in blocks if 0 < block.level < 7]
    return min(headings, key=lambda block: block.level).heading if headings else ""


def _everything(tree: Any) -> tuple[ParsedText, Sequence[Any]]:
    """Return all that is seen of a page but for what stands beside its text, and the element of each block."""
    _drop_menus(tree)
    builder = Builder()
    markup = Markup(builder)
    markup.add(tree)
    return builder.parsed(), markup.elements


def _show_alternatives(tree: Any) -> None:
    """Make what a page has for browsers without scripts or frames a part of it."""
    for element in list(tree.iter("noscript", "noframes")):
        inner = element.text if not len(element) else None
        if inner and "<" in inner:  # libxml2 keeps it as it is written
            element.text = None
            element.extend(_fragments(inner))
        element.tag = "div"
    for element in list(tree.iter("frameset")):
        element.tag = "div"


def _fragments(text: str) -> list[Any]:
    try:
        return [part for part in html.fragments_fromstring(text) if not isinstance(part, str)]
    except (etree.ParserError, etree.XMLSyntaxError):
        return []


def _is_message(page: ParsedText) -> bool:
    """Tell whether all that a page says, beside a name, is that its script has not run."""
    texts = [page.text[block.start : block.end] for block in page.blocks]
    rest = [text for text in texts if not _MESSAGE.match(text)]
    return len(page.text) <= _LONGEST_MESSAGE and len(rest) < len(texts) and len("".join(rest)) <= _LONGEST_NAME


def _drop_menus(tree: Any) -> None:
    """Remove what stands beside the text on a page that has more than a few words; notes and prose stay."""
    if len(tree.xpath("//p | //h1")) > 1:
        for element in list(tree.iter(*_BESIDE)):
            if element.getparent() is not None and not _is_part(element):
                element.drop_tree()


def _is_part(element: Any) -> bool:
    """Tell whether an aside or footer is part of the text: neither named nor made of links, and in it or prose."""
    if name(element) == "nav" or _is_named_chrome(element) or _linked(element) >= _LINKED:
        return False
    said = one_line(" ".join(element.itertext()))
    is_inside = any(name(above) in _PARTED for above in element.iterancestors())
    is_beside = _RIGHTS.match(said) or _ADVERTISED.match(said)
    return not is_beside and (is_inside or bool(_PROSE.search(said)))


def _main_blocks(page: ParsedText, elements: Sequence[Any], main: str) -> Sequence[Block]:
    """Return the blocks of the main text: those between its first and last, and those beside them that belong to it."""
    blocks = page.blocks
    texts = [_letters(page.text[block.start : block.end]) for block in blocks]
    if len(main) < _SHARE * sum(map(len, texts)):
        return blocks
    anchors = [index for index, text in enumerate(texts) if len(text) >= _ANCHOR and text in main]
    if not anchors:
        return blocks
    first, last = anchors[0], anchors[-1]
    homes = _homes([elements[index] for index in anchors if elements[index] is not None])
    while first and _belongs(page, blocks[first - 1], elements[first - 1], homes):
        first -= 1
    while last + 1 < len(blocks) and _belongs(page, blocks[last + 1], elements[last + 1], homes):
        last += 1
    return blocks[first : last + 1]


def _homes(elements: Sequence[Any]) -> set[Any]:
    """Return the elements that hold blocks of the main text: their parents, and an article around them."""
    homes = set()
    for element in elements:
        above = element.getparent()
        while above is not None and name(above) in ("td", "th", "tr", "tbody"):  # of a table that only arranges
            above = above.getparent()
        if above is not None:
            homes.add(above)
        homes.update(element.iterancestors("article", "main"))
    return homes


def _belongs(page: ParsedText, block: Block, element: Any, homes: set[Any]) -> bool:
    """Tell whether a block next to the main text stands where its blocks stand, or in a note that was kept."""
    if element is None or _RIGHTS.match(page.text[block.start : block.end]):
        return False
    above = [element, *element.iterancestors()]
    if any(name(each) in _BESIDE for each in above):
        return True
    if not homes.intersection(above):
        return False
    is_menu = _linked(element) >= _LINKED and not (name(element) == "p" and len(element.xpath(".//a")) == 1)
    return not is_menu and not any(_is_named_chrome(each) for each in above if each not in homes)


def _is_named_chrome(element: Any) -> bool:
    said = f"{element.get('class', '')} {element.get('id', '')} {element.get('role', '')}"
    return name(element) == "nav" or bool(_CHROME.search(said)) or element.get("role") in (
        "navigation", "contentinfo", "banner", "search",
    )  # fmt: skip


def _linked(element: Any) -> float:
    """Return which share of an element's letters are in links."""
    total = len(_letters("".join(element.itertext())))
    linked = sum(len(_letters("".join(link.itertext()))) for link in element.iter("a"))
    return linked / total if total else 0.0


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
