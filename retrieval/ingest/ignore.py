"""Patterns of files to leave alone, in the syntax of gitignore."""

from collections.abc import Callable, Iterable
from pathlib import Path

from retrieval.errors import SyncError

IGNORE_FILE = ".pinciteignore"  # at the top of the folder
Ignored = Callable[[Path, bool], bool]


def ignored_in(folder: Path, patterns: Iterable[str] = ()) -> Ignored:
    """Return a function that tells whether to leave alone a path in a folder, given the path and if it is a folder.

    patterns: come after those of the folder's own file, so "!" can take those back. SyncError where one is not a
    pattern or the file cannot be read: going on without it would let in what was to stay out.
    """
    lines = [*_lines(folder / IGNORE_FILE), *patterns]
    if not lines:
        return lambda path, is_folder: False
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise SyncError(f"{error}; expected patterns as in a .gitignore file") from error

    def ignored(path: Path, is_folder: bool) -> bool:
        return spec.match_file(path.relative_to(folder).as_posix() + "/" * is_folder)

    return ignored


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise SyncError(f"{file} cannot be read: {error}") from error
