"""Options that several commands take."""

from typing import Annotated, Literal

import typer


def _folder(value: str | None) -> str | None:
    """Refuse `--library ""`, which a forgotten shell variable makes and which would mean this folder."""
    if value is not None and not value.strip():
        raise typer.BadParameter("is empty; name a folder, for example --library ~/articles.pincite")
    return value


LibraryFolder = Annotated[
    str | None,
    typer.Option(
        "--library", metavar="DIR", envvar="PINCITE_LIBRARY", callback=_folder,
        help="Folder of the library, or milvus://HOST:PORT/NAME.",
    ),
]  # fmt: skip
CitationStyle = Literal["markdown", "plain", "bibtex", "ris", "csl-json"]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
