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


def block_quote(text: str) -> str:
    """Return a text as a block quote, escaped, its lines kept."""
    return "\n".join(f"> {escape(line.strip())}" for line in text.splitlines())
