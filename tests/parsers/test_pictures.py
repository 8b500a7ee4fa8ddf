"""Files that are pictures: read as scanned pages are, upright and on white, and shown with the words marked."""

import io

import pytest
from fuzzing import SIZE, picture
from PIL import Image

from retrieval.citations.page_images import Pages
from retrieval.errors import DocumentError
from retrieval.ingest.chunking import split
from retrieval.ingest.files import load

LINES = ("The harbour office opens at nine.", "Größe und Maße prüfen: 15.5 %.")
WARNING = "page 1 read from a picture; compare quotes with it"
MEGABYTE = 2**20
pytestmark = pytest.mark.slow


def pieces(loaded):
    return [loaded.document.text[block.start : block.end] for block in loaded.blocks]


def image(*lines, **options):
    return Image.open(io.BytesIO(picture(*lines, **options)))


@pytest.mark.parametrize("name", ["strip.png", "a.png", "a.jpg", "a.tif", "a.webp"])
def test_the_letters_of_a_picture_are_read_and_it_is_said_that_they_are(tmp_path, name):
    strip = {"size": (900, 140), "letters": 28}
    image(*LINES, **strip if name == "strip.png" else {}).save(tmp_path / name)
    loaded = load(tmp_path / name, MEGABYTE)
    assert " ".join(pieces(loaded)) == " ".join(LINES)
    assert loaded.document.metadata["warnings"] == WARNING


def test_a_photograph_is_turned_upright_and_what_is_clear_is_white(tmp_path):
    turned = image(*LINES).rotate(90, expand=True)
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned clockwise
    turned.save(tmp_path / "a.jpg", exif=exif)
    clear = Image.new("RGBA", image(*LINES).size, (0, 0, 0, 0))
    clear.putalpha(image(*LINES).point(lambda shade: 255 - shade))
    clear.save(tmp_path / "b.png")
    for name in ("a.jpg", "b.png"):
        assert " ".join(pieces(load(tmp_path / name, MEGABYTE))) == " ".join(LINES)


def test_every_picture_of_a_file_is_a_page(tmp_path):
    image(LINES[0]).save(tmp_path / "a.tif", save_all=True, append_images=[image(LINES[1])])
    loaded = load(tmp_path / "a.tif", MEGABYTE)
    assert [(block.page, text) for block, text in zip(loaded.blocks, pieces(loaded), strict=True)] == [
        (1, LINES[0]), (2, LINES[1])
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (picture(), "no text on page 1 (scanned?)"),
        (b"GIF89a", "is a picture (GIF); save it as .png"),
        (b"PICT", "is damaged, or no picture; expected PNG, JPEG, TIFF, WEBP, BMP"),
        (picture(*LINES)[:900], "is a damaged picture"),
    ],
    ids=["blank", "another format", "none", "cut"],
)
def test_what_holds_no_letters_says_so(tmp_path, content, reason):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load(tmp_path / "a.png", MEGABYTE)
    assert caught.value.reason.startswith(reason)


def test_the_words_of_a_quote_are_marked_in_the_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(picture(*LINES))
    loaded = load(tmp_path / "a.png", MEGABYTE)
    passages = split(loaded.document, loaded.blocks, lambda texts: [len(text.split()) for text in texts], 200)
    (page,) = Pages(MEGABYTE).show(loaded.document, passages, LINES[0])
    ((left, top, right, bottom),) = page.boxes
    assert left == pytest.approx(30 / SIZE[0] * 1e4, abs=120)
    assert 0 < top < bottom < 102 / SIZE[1] * 1e4 and right < 9800  # above the second line
