"""Runs the command line of the eval suite inside the test process."""

from typer.testing import CliRunner

from eval.__main__ import app


def run(*arguments: object, said: str = "") -> tuple[int, str]:
    """Return the exit code and all that was written; said: what is typed."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=said)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output
