"""Pages of the PDFs in a library as they are printed, with the boxes of a quote.

A quote is shown in its exact place or not at all: the file must be the one that was read, byte for byte, and the quote
must stand on its pages once and whole (see `readers.aligned`).
"""

import atexit
import base64
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import DocumentError
from retrieval.ingest import unchanged
from retrieval.parallel import new_lock
from retrieval.parsers import FORMATS, Sandbox, UnreadableError
from retrieval.records import Document, Passage

PRINTED = frozenset(suffix for suffix, kind in FORMATS.items() if kind.module.startswith("pdf."))  # have pages
MOST_PAGES = 4  # of one quote
MOST_BYTES = 4_000_000  # of one picture; a page of text has 100,000
KEPT_BYTES = 32_000_000  # of pictures in memory
_GOES_ON = re.compile(r"pp\. \d+–(\d+)")
# One of its own: a page need not wait for a folder that is being read.
_sandbox = Sandbox(seconds=20.0)
atexit.register(_sandbox.close)


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """One page. number: from 1. image: WebP; width, height: its pixels.

    boxes: (left, top, right, bottom) of the quote's parts of lines, in 1/10,000 of the picture's width and height.
    """

    number: int
    image: bytes
    width: int
    height: int
    boxes: tuple[tuple[int, int, int, int], ...]


class Pages:
    """Draws pages and keeps the last pictures; safe to use from several threads. max_bytes: of a file."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = new_lock()
        self._kept: OrderedDict[tuple[str, int], PrintedPage] = OrderedDict()

    def show(self, document: Document, passages: Sequence[Passage], quote: str) -> list[PrintedPage]:
        """Return the pages on which a quote stands, in order, with its boxes.

        passages: those that the quote is taken from. DocumentError where the file is no PDF, has changed or cannot be
        drawn, or where it is not certain which words on the page are the quote.
        """
        with self._printed(document) as content:
            found = _sandbox.run(content, "places", _pages(passages), quote)["places"]
            if not found:
                name = document.source or document.doc_id
                raise DocumentError(name, "does not show for certain where on the page the quote is")
            return [self._page(document.sha256, content, number, boxes) for number, boxes in found]

    def page(self, document: Document, number: int) -> PrintedPage:
        """Return one page, from 1, without boxes; DocumentError where there is none, or as for `show`."""
        with self._printed(document) as content:
            return self._page(document.sha256, content, number, ())

    @contextmanager
    def _printed(self, document: Document) -> Iterator[bytes]:
        """Give the bytes of a file that has pages; what cannot be read of them is a DocumentError that names it."""
        name = document.source or document.doc_id
        if Path(name).suffix.lower() not in PRINTED:
            raise DocumentError(name, "is neither a PDF nor a picture")
        content = unchanged(document, self._max_bytes)
        try:
            yield content
        except UnreadableError as error:
            raise DocumentError(name, str(error)) from error

    def _page(self, sha256: str, content: bytes, number: int, boxes: Sequence[Sequence[int]]) -> PrintedPage:
        key = (sha256, number)
        with self._lock:
            plain = self._kept.pop(key, None) or _drawn(content, number)
            self._kept[key] = plain
            while sum(len(each.image) for each in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
        rows = tuple((left, top, right, bottom) for left, top, right, bottom in boxes)
        return PrintedPage(number, plain.image, plain.width, plain.height, rows)


def _drawn(content: bytes, number: int) -> PrintedPage:
    drawn = _sandbox.run(content, "picture", number)
    image = base64.b64decode(drawn["image"])
    if len(image) > MOST_BYTES:
        raise UnreadableError("holds a page whose picture is too large")
    return PrintedPage(number, image, drawn["width"], drawn["height"], ())


def _pages(passages: Sequence[Passage]) -> list[int]:
    """Return the pages that passages stand on; none where they have no pages, or too many."""
    numbers = set[int]()
    for passage in passages:
        goes_on = _GOES_ON.match(passage.place)
        if passage.page:
            numbers.update(range(passage.page, 1 + (int(goes_on[1]) if goes_on else passage.page)))
    return sorted(numbers) if len(numbers) <= MOST_PAGES else []
