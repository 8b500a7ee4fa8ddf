"""Pictures -> PDF, one page a picture, so that they are read, cited and shown as scanned pages are."""

import io
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from retrieval.parsers.base import ParsedText, UnreadableError
from retrieval.parsers.pdf.reader import read_pdf

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
_DOTS = 200  # an inch of the page that is made; it is drawn larger for recognizing
_MOST_DOTS = 10_000_000  # of a page; larger pictures are made smaller, which letters of a photograph survive
_MOST_PICTURES = 500


def read_picture(content: bytes) -> ParsedText:
    """Read the letters in a picture, or in each of a file of several."""
    return read_pdf(as_pdf(content))


def as_pdf(content: bytes) -> bytes:
    """Return a PDF of pictures, in shades of grey; UnreadableError where they are none, or too large."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            frames = min(getattr(opened, "n_frames", 1), _MOST_PICTURES)
            pages = [_page(frame) for _, frame in zip(range(frames), ImageSequence.Iterator(opened), strict=False)]
    except UnidentifiedImageError as error:
        raise UnreadableError(f"is damaged, or no picture; expected {', '.join(_FORMATS)}") from error
    except Image.DecompressionBombError as error:
        raise UnreadableError("is a picture of too many dots") from error
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises on damaged ones
        raise UnreadableError(f"is a damaged picture ({str(error)[:100]})") from error
    written = io.BytesIO()
    pages[0].save(written, "PDF", resolution=_DOTS, save_all=True, append_images=pages[1:], quality=90)
    return written.getvalue()


def _page(frame: Any) -> Image.Image:
    """Return a picture upright, on white, of a bounded number of dots."""
    upright = ImageOps.exif_transpose(frame)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright)
    grey = upright.convert("L")
    scale = (_MOST_DOTS / (grey.width * grey.height)) ** 0.5
    return grey if scale >= 1 else grey.resize((round(grey.width * scale), round(grey.height * scale)))
