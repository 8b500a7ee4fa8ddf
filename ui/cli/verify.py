"""Compares saved answers and whole libraries with their files, and writes what it finds. Decides no exit codes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from retrieval import Citation, Library
from retrieval.citations import changed_words, read_citations
from ui import words
from ui.cli import terminal

MOST_BYTES = 64 * 2**20  # of saved answers
MOST_LINES = 20  # of what changed in a file
_STYLES = {"valid": "green", "changed": "yellow", "missing": "red"}


def citations(opened: Library, given: Sequence[Citation]) -> bool:
    """Write the state of every citation, and how a changed source words it now; True where all are valid."""
    states = [opened.verify(citation) for citation in given]
    for citation, state in zip(given, states, strict=True):
        source = words.joined(citation.title, citation.locator, citation.source)
        terminal.say(f"[{citation.marker}] {state}  {source}", _STYLES[state])
        if state == "changed":
            now = opened.wording_now(citation)
            terminal.say(f"  quoted: {words.one_line(citation.quote)}")
            terminal.say(f"  now:    {words.one_line(now)}" if now else "  now:    nothing like it")
            if now and now != citation.quote:
                terminal.say(f"  change: {words.one_line(changed_words(citation.quote, now))}")
        if opened.version(citation.doc_id, citation.sha256):
            terminal.say(f"  the version that it cites is kept: pincite show {citation.doc_id}")
    if not given:
        terminal.say("no citations to verify")
    return set(states) <= {"valid"}


def library(opened: Library) -> bool:
    """Read the database whole, and write every document whose file is not as it was; True where none is."""
    opened.check()
    total = wrong = 0
    for document, state in opened.verify_sources():
        total += 1
        if state != "valid":
            wrong += 1
            terminal.say(f"{state}  {words.joined(document.title, document.source)}", _STYLES[state])
            lines = opened.changes(document.doc_id) if state == "changed" else []
            for line in lines[:MOST_LINES]:
                terminal.say(f"  {words.one_line(line)}")
            if len(lines) > MOST_LINES:
                terminal.say(f"  … and {len(lines) - MOST_LINES:,} lines more")
    terminal.say(f"the library is whole; {total - wrong} of {total} files are as they were read")
    return not wrong


def saved_citations(name: str) -> list[Citation]:
    """Read the citations of a saved answer from a file or stdin; a usage error says what is wrong."""
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"is longer than {MOST_BYTES >> 20} MB")
        return read_citations(content)
    except OSError as error:
        reason = error.strerror or str(error)
    except ValueError as error:
        reason = str(error)
    expected = 'expected what `pincite ask --json` writes, a list of those, or {"answers": [...]}'
    raise typer.BadParameter(
        f"{words.one_line(name)}: {words.one_line(reason)}; {expected}", param_hint="'ANSWER.json'"
    )
