"""A printed PDF whose words stand at known places: two columns, and a quote over a page break."""

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

A4 = (595.27, 841.89)  # points
WORDS = "trains bolts rivets cables piers arches girders hinges rails signals gates lamps cranes ropes chains".split()
BROKEN = "The strongest hinge of all was an engine of brass."
LEFT, RIGHT = 60, 310  # of the columns


def write(canvas: Canvas, lines: list[str], x: float = 72, y: float = 760, size: float = 10) -> None:
    canvas.setFont("Helvetica", size)
    for number, line in enumerate(lines):
        canvas.drawString(x, y - number * 12, line)


def filler(first: int, count: int) -> list[str]:
    numbers = range(first, first + count)
    return [
        f"{WORDS[number % 15]} and {WORDS[(number - first) % 7]} number {number} of the line." for number in numbers
    ]


def two_columns(canvas: Canvas) -> None:
    """Write columns side by side; BROKEN stands at the end of the first page and the top of the second.

    Between its halves are a running head and a page number. See `expected` for the places.
    """
    for page in range(3):
        write(canvas, ["A Study of Bridges"], y=810)
        write(canvas, [str(page + 1)], x=290, y=30)
        for row in range(40):
            line = filler(100 * page + row, 1)[0]
            last = page == 0 and row == 39
            write(canvas, [f"Left {line}"], x=LEFT, y=760 - 12 * row)
            write(canvas, ["The strongest hinge of all was an en-" if last else f"Right {line}"], RIGHT, 760 - 12 * row)
        canvas.showPage()
        if page == 0:
            write(canvas, ["gine of brass."], x=LEFT, y=772)


def expected() -> list[tuple[float, float, float, float]]:
    """Return the letters of BROKEN on the first and the second page: (left, top, right, bottom), shares of the page."""
    rows = ((RIGHT, 760 - 12 * 39, "The strongest hinge of all was an en"), (LEFT, 772, "gine of brass."))
    return [
        (x / A4[0], 1 - (y + 7) / A4[1], (x + stringWidth(words, "Helvetica", 10)) / A4[0], 1 - y / A4[1])
        for x, y, words in rows
    ]
