"""The eval suite as one program: `python -m eval [COMMAND]`, which `pincite eval` starts too."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from eval.terminal import REPORTS, Data, LibraryFolder, Only, ReportFolder

# Command -> where it is. A module is imported when its command runs: some import sklearn, FAISS or matplotlib.
COMMANDS = {
    "compare": "reports.run:compare",
    "table": "reports.run:table",
    "check": "reports.gate:check",
    "record": "reports.gate:record",
    "same": "quality.same:main",
    "conversation": "quality.conversation:main",
    "backends": "quality.backends:main",
    "draft": "data.collect:draft",
    "thumbs": "data.collect:thumbs",
    "fit": "calibration.fit:main",
    "train": "calibration.train:train",
    "benchmark": "performance.benchmark:main",
    "pace": "performance.pace:main",
    "scale": "performance.scale:main",
    "kinds": "performance.kinds:main",
    "size": "performance.size:main",
    "load": "performance.load:main",
    "formats": "formats.folder:main",
}
_STYLE: dict[str, Any] = {
    "add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}  # fmt: skip


class Program(TyperGroup):
    """Imports a command when it is wanted."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name].split(":")
        alone = typer.Typer(**_STYLE)
        alone.command(cmd_name)(getattr(import_module(f"eval.{module}"), function))
        return get_command(alone)


app = typer.Typer(cls=Program, **_STYLE)


@app.callback(invoke_without_command=True)
def _eval(
    context: typer.Context,
    data: Data = None,
    only: Only = None,
    level: Annotated[
        str, typer.Option(help="What a SQuAD document is: paragraph, document (an article), sentence.")
    ] = "paragraph",
    library: LibraryFolder = None,
    cases: Annotated[Path | None, typer.Option(metavar="FILE", help="Cases for it, or for the seeds.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Ask only the first N questions of each set; 0: all.")] = 0,
    ablations: Annotated[bool, typer.Option(help="Also rank by each signal alone.")] = True,
    out: ReportFolder = REPORTS,
    summary: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the run without questions.")] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="RUN1 RUN2", hidden=True, help="As the command compare.")
    ] = None,
) -> None:
    """Measure what users get: on the seeds, on --data, or on --library with --cases. Writes run.json and report.html.

    Another set of questions ships, of every kind about everyday documents: --only everyday.

    The commands measure one thing each; COMMAND --help says what.
    """
    if context.invoked_subcommand:
        return
    from eval.reports import run

    if compare:
        run.compare(*compare, out)
    else:
        run.run(data, only or [], level, library, cases, limit, ablations, out, summary)


def main() -> None:
    """Run the command line."""
    from eval.quality.results import program

    app(prog_name=program())


if __name__ == "__main__":
    main()
