"""The command that serves the page."""

from pathlib import Path
from typing import Annotated

import typer

from ui.cli.session import LibraryFolder, complaining

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="7860 or the next free one if left out.")]
Password = Annotated[
    str | None,
    typer.Option(metavar="USER:PASSWORD", envvar="PINCITE_AUTH", help="Or @FILE; needed beyond this machine."),
]
Secret = Annotated[
    str,
    typer.Option(metavar="TEXT", envvar="PINCITE_SECRET", help="Or @FILE; copies with the same one share logins."),
]
Uploads = Annotated[
    Path | None,
    typer.Option(metavar="DIR", envvar="PINCITE_UPLOADS", help="Where files sent to the page stay; copies share it."),
]


def ui(
    library: LibraryFolder = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Port = None,
    auth: Password = None,
    secret: Secret = "",
    uploads: Uploads = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Serve MCP tools too.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the browser.")] = False,
    watch: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the library in step with this folder.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch no page whose address somebody adds.")] = False,
    log_json: Annotated[bool, typer.Option("--log-json", help="Write a line of JSON to stderr per question.")] = False,
    log_questions: Annotated[bool, typer.Option("--log-questions", help="With the question in it.")] = False,
) -> None:
    """Open a page where people ask, read the quotes in their place, and add documents."""
    from ui.server import credentials, require_password

    if watch and not watch.is_dir():
        raise typer.BadParameter(f"{watch} is no folder", param_hint="'--watch'")

    if log_questions and not log_json:
        raise typer.BadParameter("is of use with --log-json only", param_hint="'--log-questions'")
    try:
        known = credentials(auth, secret) if auth else None
        require_password(host, known)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    from ui.web import serve  # gradio takes seconds that a complaint need not wait for

    with complaining():
        serve(
            library, host=host, port=port, auth=known, mcp=mcp, open_browser=show, uploads=uploads, offline=offline,
            watch=watch, log_json=log_json, log_questions=log_questions,
        )  # fmt: skip
