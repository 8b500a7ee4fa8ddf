"""Text of documents as Markdown that shows it as it is."""

import re

_ACTIVE = re.compile(r"([\\`*_<>~|&$]|\](?=[(\[:])|(?m:^\s*)(?:[#+=-]|\d+(?=[.)])))")


def escape(text: str) -> str:
    """Backslash-escape what Markdown would act on; brackets that make no link stay as they are."""
    return _ACTIVE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    """Escape the last character: a digit cannot be, so a list number gets its escape behind it."""
    found = match.group(0)
    return found + "\\" if found[-1].isdigit() else f"{found[:-1]}\\{found[-1]}"


def one_line(text: str) -> str:
    """Return a text on one line, escaped."""
    return escape(" ".join(text.split()))


def block_quote(text: str, bold: tuple[int, int] | None = None) -> str:
    """Return a text as a block quote, escaped, its lines kept. bold: a span of it that is set bold."""
    shown, at = list[str](), 0
    for line in text.splitlines(keepends=True):
        begun = at + len(line) - len(line.lstrip())
        line, at = line.strip(), at + len(line)
        start, end = (max(0, bold[0] - begun), min(len(line), bold[1] - begun)) if bold else (0, 0)
        shown.append(f"> {_with_bold(line, start, end)}")
    return "\n".join(shown)


def _with_bold(line: str, start: int, end: int) -> str:
    """Escape a line with a span in bold; where Markdown would show the stars themselves, as within a word, without."""
    before, inside, after = line[:start], line[start:end], line[end:]
    if not inside or inside != inside.strip() or not (_opens(before, inside[0]) and _opens(after[::-1], inside[-1])):
        return escape(line)
    return f"{escape(before)}**{escape(inside)}**{escape(after)}"


def _opens(before: str, first: str) -> bool:
    """Tell whether stars between a text and a character begin strong emphasis (CommonMark 0.31, 6.2)."""
    return first.isalnum() or not before or not before[-1].isalnum()
