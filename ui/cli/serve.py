"""The command that serves the page, and those that say who may use it: ui, user, token."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli import terminal
from ui.cli.session import Libraries, complaining

if TYPE_CHECKING:
    from ui.server import Accounts

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="7860 or the next free one if left out.")]
Password = Annotated[
    str | None,
    typer.Option(
        metavar="USER:PASSWORD", envvar="PINCITE_AUTH",
        help="One user, or @FILE. Several: `pincite user add`. Beyond this machine, one of them is needed.",
    ),
]  # fmt: skip
Secret = Annotated[
    str,
    typer.Option(metavar="TEXT", envvar="PINCITE_SECRET", help="Or @FILE; copies with the same one share logins."),
]
AccountsFile = Annotated[
    Path | None,
    typer.Option(
        "--accounts", metavar="FILE", envvar="PINCITE_ACCOUNTS",
        help="Users, tokens and log-outs; one among your data if left out. Copies share it.",
    ),
]  # fmt: skip
Uploads = Annotated[
    Path | None,
    typer.Option(metavar="DIR", envvar="PINCITE_UPLOADS", help="Where files sent to the page stay; copies share it."),
]
Header = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", envvar="PINCITE_AUTH_HEADER", help="Believe --auth-proxy who asks, in this header (SSO)."
    ),
]
Proxies = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS,…", envvar="PINCITE_AUTH_PROXY",
        help="Where the proxies are that set --auth-header, as 10.0.0.2 or 10.0.0.0/24.",
    ),
]  # fmt: skip
Name = Annotated[str, typer.Argument(metavar="NAME")]

users = typer.Typer(help="Who may use the page. As soon as there is somebody, a page that starts asks for a login.")
tokens = typer.Typer(
    help="Tokens for programs, which send them as `Authorization: Bearer TOKEN` to /api, /v1, MCP and /metrics."
)


def ui(
    library: Libraries = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Port = None,
    auth: Password = None,
    secret: Secret = "",
    accounts: AccountsFile = None,
    auth_header: Header = None,
    auth_proxy: Proxies = "",
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
    from ui.server import credentials, require_password, trusted

    if watch and not watch.is_dir():
        raise typer.BadParameter(f"{watch} is no folder", param_hint="'--watch'")

    if log_questions and not log_json:
        raise typer.BadParameter("is of use with --log-json only", param_hint="'--log-questions'")
    if bool(auth_header) != bool(auth_proxy):
        raise typer.BadParameter("of --auth-header and --auth-proxy each needs the other", param_hint="'--auth-header'")
    try:
        proxy = trusted(auth_header, auth_proxy.split(",")) if auth_header else None
        known = credentials(auth or None, secret, _accounts(accounts), proxy)
        require_password(host, known)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    from ui.web import serve  # gradio takes seconds that a complaint need not wait for

    with complaining():
        serve(
            library or [], host=host, port=port, auth=known, mcp=mcp, open_browser=show, uploads=uploads,
            offline=offline, watch=watch, log_json=log_json, log_questions=log_questions,
        )  # fmt: skip


def _accounts(path: Path | None) -> "Accounts":
    from ui.server import Accounts

    return Accounts(path or Accounts.default_path())


@users.command("add")
def add_user(name: Name, accounts: AccountsFile = None) -> None:
    """Add a user, or give one a new password, which ends their logins.

    The password is asked for on a terminal, else read from the first line of stdin. It is kept as a hash.
    """
    held = _accounts(accounts)
    if terminal.can_ask():
        password = typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with complaining():
        is_new = name not in held.users()
        try:
            held.add_user(name, password)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    done = "is added" if is_new else "has a new password"
    terminal.say(f"{name} {done}; pages that start now with {held.path} ask for a login")


@users.command("list")
def list_users(accounts: AccountsFile = None) -> None:
    """List the users."""
    with complaining():
        for name in _accounts(accounts).users():
            terminal.say(name)


@users.command("remove")
def remove_user(name: Name, accounts: AccountsFile = None) -> None:
    """Remove a user, who is logged out at once. Conversations stay, for one of this name."""
    with complaining():
        removed = _accounts(accounts).remove_user(name)
    _tell(removed, f"{name} is removed", f"there is no user {name}")


@tokens.command("create")
def create_token(name: Name, accounts: AccountsFile = None) -> None:
    """Make a token and write it, this once: it is kept as a hash."""
    with complaining():
        try:
            terminal.say(_accounts(accounts).create_token(name))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error


@tokens.command("list")
def list_tokens(accounts: AccountsFile = None) -> None:
    """List the tokens that are good: name, and when each was made."""
    with complaining():
        made = _accounts(accounts).tokens()
    days = [time.strftime("%Y-%m-%d", time.localtime(each.made)) for each in made]
    terminal.table(("name", "made"), [(each.name, day) for each, day in zip(made, days, strict=True)])


@tokens.command("revoke")
def revoke_token(name: Name, accounts: AccountsFile = None) -> None:
    """Let a token be good no more, from its next request on."""
    with complaining():
        revoked = _accounts(accounts).revoke_token(name)
    _tell(revoked, f"{name} is revoked", f"there is no token {name}")


def _tell(done: bool, said: str, else_said: str) -> None:
    """Say what was done; exit code 1 where there was nothing to do it to."""
    (terminal.say if done else terminal.complain)(said if done else else_said)
    raise typer.Exit(0 if done else 1)
