"""The command that asks every document the same questions: review."""

from pathlib import Path
from typing import Annotated

import typer

from ui.cli import terminal
from ui.cli.session import LibraryFolder, complaining, opened


def review(
    questions: Annotated[Path, typer.Option("--questions", metavar="FILE", help="Questions, one a line.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to: a .xlsx, .csv or .html file.")],
    library: LibraryFolder = None,
) -> None:
    """Ask every document the same questions; write a table with a row a document and a column a question.

    Each cell is the best quote with its place and confidence, or "not stated". Ctrl-C ends it; nothing is written then.
    """
    from retrieval.answering import REVIEW_FORMATS

    if out.suffix.lower() not in REVIEW_FORMATS:
        raise typer.BadParameter(f"{out} ends in none of {', '.join(REVIEW_FORMATS)}", param_hint="'--out'")
    with complaining():
        try:
            asked = questions.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise typer.BadParameter(f"{questions} is no UTF-8 text: {error}", param_hint="'--questions'") from error
    with opened(library) as held:
        try:
            with terminal.progress_bar() as progress:
                made = held.review(asked, progress=progress)
        except KeyboardInterrupt:
            terminal.complain("interrupted; nothing was written")
            raise typer.Exit(130) from None
        made.write(out)
    stated = sum(answer.found for row in made.rows for answer in row.answers)
    cells = len(made.rows) * len(made.questions)
    typer.echo(f"{out}: {len(made.rows)} documents, {len(made.questions)} questions; {stated} of {cells} stated")
