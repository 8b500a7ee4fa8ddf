"""A document's blocks become passages of sentences, with exact character spans."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from retrieval.parsers import CAPTION, Block
from retrieval.records import Document, Passage, Span
from retrieval.text import sentence_spans, trimmed

CountTokens = Callable[[Sequence[str]], Sequence[int]]

# No model reads further than this in one sentence; it also bounds the work on a file that is one endless line.
_LONGEST_SENTENCE = 1200
_LONGEST_ROW = 600
_BREAKABLE = re.compile(rf"\S(?:.{{0,{_LONGEST_SENTENCE - 2}}}\S)?(?=\s|\Z)|\S{{1,{_LONGEST_SENTENCE}}}", re.DOTALL)


def split(document: Document, blocks: Iterable[Block], count_tokens: CountTokens, max_tokens: int) -> list[Passage]:
    """Return the passages of a document in order: headings attach to what follows, long blocks split at sentence ends.

    All of the text that is in blocks is in a passage. count_tokens: texts -> number of model tokens of each, without
    special tokens. max_tokens: of one passage.
    """
    text, language = document.text, str(document.metadata.get("language", ""))
    passages: list[Passage] = []
    for number, (headings, body, path) in enumerate(_with_headings(document, blocks), start=1):
        lead = count_tokens([text[headings[0].start : headings[-1].end]])[0] if headings else 0
        if lead * 2 > max_tokens:  # no room for it beside what follows
            headings, body, lead = [], [*headings, *body], 0
        sentences = [span for block in body for span in _block_sentences(text, block)]
        sentences = sentences or [(body[0].start, body[-1].end)]
        for index, part in enumerate(_parts(text, sentences, count_tokens, max_tokens, lead)):
            start = headings[0].start if headings and not index else part[0][0]
            end = part[-1][1]
            page, place = _place(text, body[-1], start, end)
            quoted = text[start:end]
            passages.append(
                Passage(document.doc_id, number, start, end, quoted, tuple(part), page, path, place, language)
            )
    return passages


def _place(text: str, block: Block, start: int, end: int) -> tuple[int | None, str]:
    """Return the page where a part of a block begins, and its place: "pp. 3–4" where it goes on to the next page.

    Rows of a table have their numbers: "Fees, row 12", "p. 4, rows 2–9".
    """
    first = max((page for offset, page in block.turns if offset <= start), default=block.page)
    last = max((page for offset, page in block.turns if offset < end), default=first)
    place = block.place if first == last else f"pp. {first}–{last}"
    if not block.row:
        return first, place
    row = block.row + text.count("\n", block.start, max(start, block.start))
    until = row + text.count("\n", max(start, block.start), end)
    rows = f"row {row}" if row == until else f"rows {row}–{until}"
    return first, ", ".join(filter(None, (place or (f"p. {first}" if first else ""), rows)))


def _with_headings(document: Document, blocks: Iterable[Block]) -> Iterator[tuple[list[Block], list[Block], str]]:
    """Group each block with the headings right above it: (headings, body, path of headings it stands under)."""
    path: list[tuple[int, str]] = []
    headings: list[Block] = []
    for block in blocks:
        if not block.level:
            path = path if block.row else [item for item in path if item[0] < CAPTION]
            yield headings, [block], _joined(path, document.title)
            headings = []
            continue
        path = [item for item in path if item[0] < block.level]
        path.append((block.level, " ".join(block.heading.split())))
        headings.append(block)
        if block.end - headings[0].start > _LONGEST_SENTENCE // 4:  # a list of headings, not a heading of something
            yield [], headings, _joined(path, document.title)
            headings = []
    if headings:
        yield [], headings, _joined(path, document.title)


def _joined(path: Iterable[tuple[int, str]], title: str) -> str:
    return " › ".join(text for _, text in path if text and text != title)


def _block_sentences(text: str, block: Block) -> Iterator[Span]:
    """Find a block's sentences; in lists and code every line is one at least, in tables a row that is not long."""
    pieces = _lines(text, block) if block.by_line else [(block.start, block.end)]
    for start, end in pieces:
        if block.row and end - start <= _LONGEST_ROW:  # a part of it would lack the names of its columns
            yield start, end
            continue
        for first, last in sentence_spans(text[start:end]):
            if last - first <= _LONGEST_SENTENCE:
                yield start + first, start + last
            else:
                yield from (match.span() for match in _BREAKABLE.finditer(text, start + first, start + last))


def _lines(text: str, block: Block) -> Iterator[Span]:
    for match in re.compile(r"\S(?:[^\n]*\S)?").finditer(text, block.start, block.end):
        yield match.span()


def _parts(text: str, sentences: Sequence[Span], count: CountTokens, limit: int, lead: int) -> list[list[Span]]:
    """Group sentences into parts of at most `limit` tokens, as even as they come; the first has `lead` before it."""
    whole = text[sentences[0][0] : sentences[-1][1]]
    if len(whole) + lead <= limit and whole.isascii():  # no token is shorter than an ASCII character
        return [list(sentences)]
    pieces: list[tuple[Span, int]] = []
    for span, size in zip(sentences, count([text[start:end] for start, end in sentences]), strict=True):
        pieces.extend(_halved(text, span, size, count, limit - lead))
    total = lead + sum(size for _, size in pieces)
    target = total / max(1, -(-total // limit))
    parts: list[list[Span]] = [[]]
    filled = lead
    for span, size in pieces:
        if parts[-1] and (filled + size > limit or filled + size / 2 > target):
            parts.append([])
            filled = 0
        parts[-1].append(span)
        filled += size
    return parts


def _halved(text: str, span: Span, count: int, count_tokens: CountTokens, limit: int) -> Iterator[tuple[Span, int]]:
    """Cut a sentence that is too long for the model, at white space where there is some, until its parts fit."""
    start, end = span
    if count <= limit or end - start < 2:
        yield span, count
        return
    space = max(text.rfind(" ", start, (start + end) // 2), text.rfind("\n", start, (start + end) // 2))
    cut = space if space > start + (end - start) // 4 else (start + end) // 2
    for half in ((start, cut), (cut, end)):
        tight = trimmed(text, *half)
        if tight[0] < tight[1]:
            yield from _halved(text, tight, count_tokens([text[tight[0] : tight[1]]])[0], count_tokens, limit)
