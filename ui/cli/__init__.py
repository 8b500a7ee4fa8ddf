"""The command line."""


def main() -> None:
    """Run it."""
    from ui.cli.commands import main

    main()
