"""Quotes on the printed page: the boxes hold exactly the quoted words, or none are shown."""

import base64
import io
from dataclasses import replace

import pypdfium2
import pytest
from PIL import Image
from printing import A4, BROKEN, WORDS, filler, two_columns, write
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from retrieval.citations import page_images as module
from retrieval.citations.page_images import Pages
from retrieval.errors import DocumentError
from retrieval.ingest.chunking import split
from retrieval.ingest.files import load
from retrieval.parsers.base import UnreadableError
from retrieval.parsers.pdf.align import only_place, piece, signs_of
from retrieval.parsers.pdf.highlight import picture, places
from retrieval.parsers.sandbox import Sandbox

MEGABYTE = 2**20


@pytest.fixture
def canvas(tmp_path):
    """A canvas; `.load()` saves it and returns the document, its passages and its bytes."""
    made = Canvas(str(tmp_path / "a.pdf"), pagesize=A4)
    made.load = lambda: made.save() or read(tmp_path / "a.pdf")
    return made


def read(path):
    loaded = load(path, MEGABYTE)
    passages = split(loaded.document, loaded.blocks, lambda texts: [len(text.split()) for text in texts], 200)
    return loaded.document, passages


def shown(document, passages, quote):
    """Show a quote that the document's text holds."""
    start = document.text.index(quote)
    own = [passage for passage in passages if passage.start < start + len(quote) and start < passage.end]
    return Pages(MEGABYTE).show(document, own, quote)


def held(path, page, box):
    """Return what is compared of the words in a box, as PDFium finds them by place."""
    printed = pypdfium2.PdfDocument(path)[page - 1]
    width, height = printed.get_size()
    left, top, right, bottom = (edge / 10_000 for edge in box)
    inside = (left * width - 0.5, height * (1 - bottom) + 2, right * width + 0.5, height * (1 - top) - 2)
    return "".join(map(signs_of, printed.get_textpage().get_text_bounded(*inside).replace("\ufffe", "")))


# --- boxes


@pytest.mark.slow
def test_a_box_is_where_the_words_were_written(canvas):
    write(canvas, ["The bridge was opened by the mayor. It carries trains."], x=100, y=700)
    document, passages = canvas.load()
    (page,) = shown(document, passages, "It carries trains.")
    ((left, top, right, bottom),) = page.boxes
    begin = 100 + stringWidth("The bridge was opened by the mayor. ", "Helvetica", 10)
    end = 100 + stringWidth("The bridge was opened by the mayor. It carries trains.", "Helvetica", 10)
    assert page.number == 1
    assert left == pytest.approx(begin / A4[0] * 10_000, abs=20)
    assert right == pytest.approx(end / A4[0] * 10_000, abs=20)
    assert top == pytest.approx((1 - 708 / A4[1]) * 10_000, abs=40)
    assert bottom == pytest.approx((1 - 698 / A4[1]) * 10_000, abs=40)


@pytest.mark.slow
def test_a_quote_over_a_page_break_of_two_columns(canvas):
    two_columns(canvas)
    document, passages = canvas.load()
    assert BROKEN in document.text
    first, second = shown(document, passages, BROKEN)
    assert (first.number, second.number, len(first.boxes), len(second.boxes)) == (1, 2, 1, 1)
    assert held(document.source, 1, first.boxes[0]) == "Thestrongesthingeofallwasanen"
    assert held(document.source, 2, second.boxes[0]) == "gineofbrass."
    assert first.boxes[0][0] == pytest.approx(310 / A4[0] * 10_000, abs=20)
    assert second.boxes[0][0] == pytest.approx(60 / A4[0] * 10_000, abs=20)


@pytest.mark.slow
def test_every_sentence_is_held_by_its_boxes(canvas):
    lines = [f"{line.capitalize()} Then {line}" for line in filler(0, 20)]
    write(canvas, lines)
    document, passages = canvas.load()
    pages = Pages(MEGABYTE)
    for passage in passages:
        for start, end in passage.sentences:
            (page,) = pages.show(document, [passage], document.text[start:end])
            words = "".join(held(document.source, 1, box) for box in page.boxes)
            assert words == "".join(map(signs_of, document.text[start:end]))


def test_turned_and_cropped_pages(canvas):
    canvas.setPageRotation(90)  # ReportLab makes the sheet 842 points wide, 595 high
    canvas.setCropBox((50, 100, 450, 500))
    write(canvas, ["Words at a known place."], x=100, y=300)
    document, passages = canvas.load()
    (page,) = shown(document, passages, "Words at a known place.")
    ((left, top, right, bottom),) = page.boxes
    width = stringWidth("Words at a known place.", "Helvetica", 10)
    assert page.width == page.height
    assert (left, right) == pytest.approx((198 / 400 * 1e4, 209 / 400 * 1e4), abs=40)  # clockwise: up is right
    assert (top, bottom) == pytest.approx((50 / 400 * 1e4, (50 + width) / 400 * 1e4), abs=40)


@pytest.mark.parametrize("turn", [0, 90, 270])
def test_lines_of_turned_text_are_lines(canvas, turn):
    """Text that runs upward on its page, as a wide table does: shown along a line where the page is turned by 90."""
    canvas.setPageRotation(turn)
    canvas.translate(300, 100)
    canvas.rotate(90)
    write(canvas, ["The bridge was opened by the", "mayor of the town. It is old."], x=0, y=0)
    document, passages = canvas.load()
    (page,) = shown(document, passages, "The bridge was opened by the mayor of the town.")
    first, second = page.boxes
    along, across = (0, 1) if turn in (90, 270) else (1, 0)
    long = stringWidth("The bridge was opened by the", "Helvetica", 10) / A4[1 if turn == 0 else 0] * 1e4
    assert first[along + 2] - first[along] == pytest.approx(long, abs=30)
    is_after = turn in (0, 90)
    assert (second[across] > first[across]) == is_after


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 90])
def test_words_of_a_scan_are_shown(canvas, tmp_path, turn):
    sheet = (330, 240)  # points
    printed = Canvas(str(tmp_path / "printed.pdf"), pagesize=sheet)
    write(
        printed,
        ["A bridge is a way over a river.", "Its oldest pier was built by the", "engineer of the railway."],
        y=180,
        size=14,
    )
    printed.save()
    picture = pypdfium2.PdfDocument(tmp_path / "printed.pdf")[0].render(scale=2.5, rotation=-turn % 360).to_pil()
    canvas.setPageSize(sheet)
    canvas.setPageRotation(turn)
    canvas.drawImage(ImageReader(picture), 0, 0, *(sheet if not turn else sheet[::-1]))
    canvas.showPage()
    document, passages = canvas.load()
    (page,) = shown(document, passages, "Its oldest pier was built by the engineer of the railway.")
    end = 72 + stringWidth("Its oldest pier was built by the", "Helvetica", 14)
    first, second = page.boxes
    assert (first[0], first[2]) == pytest.approx((72 / sheet[0] * 1e4, end / sheet[0] * 1e4), abs=110)
    assert first[1] < (1 - 168 / sheet[1]) * 1e4 < first[3] < second[3]


def test_the_box_covers_the_ink(canvas):
    write(canvas, ["Ink."], x=300, y=400, size=30)
    document, passages = canvas.load()
    (page,) = shown(document, passages, "Ink.")
    dark = Image.open(io.BytesIO(page.image)).convert("L").point(lambda value: 255 * (value < 128)).getbbox()
    left, top, right, bottom = (
        edge / 10_000 * size for edge, size in zip(page.boxes[0], (page.width, page.height) * 2, strict=True)
    )
    assert left - 2 <= dark[0] and top - 2 <= dark[1] and dark[2] <= right + 2 and dark[3] <= bottom + 2


# --- text instead of a wrong box


def refused(document, passages, quote, why="does not show for certain"):
    with pytest.raises(DocumentError, match=why):
        shown(document, passages, quote)


def test_what_stands_twice_is_not_shown(canvas):
    write(canvas, ["It was closed again. The mayor was absent.", "The people of the town waited. It was closed again."])
    document, passages = canvas.load()
    refused(document, passages, "It was closed again.")
    assert len(shown(document, passages, "The mayor was absent.")[0].boxes) == 1


def test_words_that_are_not_in_view_are_not_read(canvas):
    write(canvas, ["These words can be seen."])
    write(canvas, ["These words are beyond the edge."], x=700)
    document, _ = canvas.load()
    assert document.text == "These words can be seen."


def test_slanted_words_are_not_shown(canvas):
    canvas.rotate(20)
    write(canvas, ["A stamp across the page."], x=300, y=400)
    document, passages = canvas.load()
    refused(document, passages, "A stamp across the page.")


def test_a_file_that_changed_or_vanished_is_not_opened(canvas, tmp_path):
    write(canvas, ["These words can be seen."])
    document, passages = canvas.load()
    (tmp_path / "a.pdf").write_bytes((tmp_path / "a.pdf").read_bytes() + b"\n")
    refused(document, passages, "These words can be seen.", "has changed since it was read")
    (tmp_path / "a.pdf").unlink()
    refused(document, passages, "These words can be seen.", "No such file")
    refused(replace(document, source=None), passages, "These words", "is neither a PDF nor a picture")
    refused(replace(document, source="/etc/passwd"), passages, "These words", "is neither a PDF nor a picture")


@pytest.mark.slow
def test_a_damaged_file_says_so():
    box = Sandbox(seconds=20)
    for job in (("places", [1], "words"), ("picture", 1)):
        with pytest.raises(UnreadableError, match="is no PDF, or damaged"):
            box.run(b"%PDF-1.7 nothing", *job)
    box.close()


# --- pictures


@pytest.mark.parametrize("size", [A4, (3, 14_000), (14_000, 3), (1, 1)])
def test_pictures_have_a_bounded_size(canvas, tmp_path, size):
    canvas.setPageSize(size)
    canvas.showPage()
    canvas.save()
    drawn = picture((tmp_path / "a.pdf").read_bytes(), 1)
    assert 1 <= drawn["width"] <= 1241 and 1 <= drawn["height"] <= 2481
    image = Image.open(io.BytesIO(base64.b64decode(drawn["image"])))
    assert image.size == (drawn["width"], drawn["height"])


def test_pictures_are_kept_within_a_bound(canvas, monkeypatch):
    for number in range(3):
        write(canvas, [f"{WORDS[number].capitalize()} stand here."])
        canvas.showPage()
    document, passages = canvas.load()
    pages = Pages(MEGABYTE)
    first = pages.show(document, passages[:1], "Trains stand here.")
    again = pages.show(document, passages[:1], "Trains stand here.")
    assert again == first and again[0].image is first[0].image
    monkeypatch.setattr(module, "KEPT_BYTES", len(first[0].image) + 10)
    pages.show(document, passages[1:2], "Bolts stand here.")
    assert pages.show(document, passages[:1], "Trains stand here.")[0].image is not first[0].image


# --- chains of pieces


def printed(*lines, page=1):
    return [piece(page, list(enumerate(line))) for line in lines]


@pytest.mark.parametrize(
    "lines, quote, found",
    [
        (["One two. Three", "four. Five"], "Three four.", ((0, 7, 11), (1, 0, 4))),
        (["a ﬂow of", "of\ufb01ce"], "flow of office", ((0, 1, 6), (1, 0, 5))),
        (["the en", "footnote", "gine ran"], "engine ran", ((0, 3, 4), (2, 0, 6))),
        (["bees.", "bees. Tea"], "bees.", ()),  # twice
        (["See the bee", "s here"], "the bee", ((0, 3, 8),)),
        (["the", "beehive"], "the bee", ()),  # a word goes on
        (["breathe air"], "the air", ()),  # a word begins before
        (["a a", "a a"], "a a a", ()),
        (["words"], "—", ()),
        (["words"], "other", ()),
    ],
)
def test_only_one_chain_counts(lines, quote, found):
    assert only_place(quote, printed(*lines)) == found


def test_pages_do_not_go_back():
    pieces = printed("second half", page=1) + printed("The first and", page=2)
    assert only_place("The first and second half", pieces) == ()


def test_many_ways_end_soon():
    pieces = printed(*["a a"] * 2000)
    assert only_place("a " * 900, pieces) == ()


def test_a_page_that_is_not_there(canvas, tmp_path):
    write(canvas, ["These words can be seen."])
    canvas.save()
    with pytest.raises(UnreadableError, match="has no page 2"):
        places((tmp_path / "a.pdf").read_bytes(), [2], "words")
