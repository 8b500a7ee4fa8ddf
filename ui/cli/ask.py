"""The commands that read a library: ask, search, show, chat."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ui import words
from ui.cli import terminal
from ui.cli.session import AsJson, CitationStyle, Least, LibraryFolder, Where, conditions, opened

if TYPE_CHECKING:
    from retrieval import Library, Passage

_Question = Annotated[str, typer.Argument(metavar="QUESTION", help="What to ask; - reads it from stdin.")]


def ask(
    question: _Question,
    library: LibraryFolder = None,
    where: Where = None,
    k: Annotated[int, typer.Option("--k", min=1, metavar="N", help="Passages to return with the answer.")] = 5,
    threshold: Least = None,
    as_json: AsJson = False,
    cite: Annotated[CitationStyle | None, typer.Option(help="Write the citations only, in this form.")] = None,
) -> None:
    """Answer a question with quotes, or say that the documents do not."""
    with opened(library) as held:
        answer = held.ask(_given(question), k=k, where=conditions(held, where or []), threshold=threshold)
        if cite:
            from retrieval.citations import export

            terminal.say(export(answer.citations, held.header, cite).rstrip("\n"))
        elif as_json:
            terminal.say_json(answer.to_dict())
        else:
            terminal.show_answer(answer, held.document, threshold)
    raise typer.Exit(0 if answer.found or answer.reply else 1)


def _given(question: str) -> str:
    """Return the question, read from stdin where it is "-"."""
    asked = sys.stdin.buffer.read() if question == "-" else question.encode("utf-8", "surrogateescape")
    return asked.decode("utf-8", "replace").strip()


def search(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to look for; - reads it from stdin.")],
    library: LibraryFolder = None,
    where: Where = None,
    k: Annotated[int, typer.Option("--k", min=1, metavar="N", help="Passages to return.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find the passages closest to a question, best first, without answering it."""
    with opened(library) as held:
        hits = held.search(_given(question), k=k, where=conditions(held, where or []))
        if as_json:
            terminal.say_json([asdict(hit) for hit in hits])
        for hit in () if as_json else hits:
            document = held.header(hit.passage.doc_id)
            terminal.entry(f"{hit.rank}.", hit.passage.text)
            terminal.say(terminal.source(document, hit.passage.locator), "dim", indent=4)
    raise typer.Exit(0 if hits else 1)


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A doc_id, or the file it was read from.")],
    library: LibraryFolder = None,
    paragraph: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only this paragraph.")] = None,
    around: Annotated[int, typer.Option(min=0, metavar="N", help="Paragraphs before and after it, too.")] = 0,
) -> None:
    """Write a document as it was read, paragraph by paragraph, each with its number."""
    with opened(library) as held:
        passages = _passages(held, name)
        numbers = {passage.number for passage in passages}
        if not passages or (paragraph is not None and paragraph not in numbers):
            terminal.complain(f"no paragraph {paragraph} in {name}" if passages else f"not in the library: {name}")
            raise typer.Exit(1)
        for passage in passages:
            if paragraph is None or abs(passage.number - paragraph) <= around:
                terminal.entry(f"[{passage.number}]", passage.text, "dim")
                terminal.say()


def _passages(library: "Library", name: str) -> "Sequence[Passage]":
    """Return the passages of the document or earlier version with this doc_id, or of the one read from this file."""
    from retrieval.files import absolute

    path = str(absolute(name))
    found = [each.doc_id for each in library.documents() if name == each.doc_id or path == each.source]
    if found:
        return library.passages(found[0])
    version = library.version(name)
    return version.passages if version else []


def chat(
    library: LibraryFolder = None,
    where: Where = None,
    threshold: Least = None,
) -> None:
    """Ask one question after the other; each may lean on those before it. An empty line or Ctrl-D ends it."""
    from retrieval import PinciteError, Turn

    history: list[Turn] = []
    with opened(library) as held:
        limited = conditions(held, where or [])
        while asked := _line("? "):
            try:
                answer = held.ask(asked, history=history, where=limited, threshold=threshold)
            except PinciteError as error:
                terminal.complain(str(error))
                continue
            if words.one_line(answer.asked_as) != words.one_line(asked) and not answer.reply:
                terminal.say(f"Searched for {words.one_line(answer.asked_as)}", "dim")
            terminal.show_answer(answer, held.document, threshold)
            terminal.say()
            history.append(Turn(asked, answer))


def _line(prompt: str) -> str:
    """Read a line; "" at the end of the input, or at an interrupt. The prompt is for people only."""
    try:
        return input(prompt if sys.stdin.isatty() else "").strip()
    except (EOFError, KeyboardInterrupt):
        return ""
