"""Folders that change, and what a library in step with one must be like."""

import os
import sqlite3
import tempfile
from pathlib import Path

TEXTS = {
    "a.txt": "Bees shiver in winter.",
    "b.md": "# Tea\n\nGreen tea is green.",
    "sub/c.txt": "Ice melts in spring.",
    "sub/deep/d.txt": "Bread is baked at night.",
}


def write(path, text):
    """Write a file that is seen to differ from whatever was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    write.time += 1
    os.utime(path, ns=(write.time, write.time))


write.time = 10**18


def open_to_all(folder):
    """Let everybody on this machine list a folder of a test: pytest makes the one above all of them for its user alone."""
    top = Path(tempfile.gettempdir())
    for path in (folder, *folder.parents):
        if path.is_relative_to(top) and path != top:
            path.chmod(0o755)


def four_files(root):
    """Write four files that can be read below a folder; return the folder."""
    for name, text in TEXTS.items():
        write(root / name, text)
    return root


def stored_tokens(folder):
    """Return of how many passages a library in a folder holds the tokens."""
    with sqlite3.connect(folder / "library.db") as connection:
        return connection.execute("SELECT count(*) FROM tokens").fetchone()[0]


def counts(report):
    kinds = ("added", "unchanged", "replaced", "moved", "removed", "failed")
    return {kind: len(getattr(report, kind)) for kind in kinds if getattr(report, kind)}


def sources(library):
    """Return what each document's passages say -> the file that it is quoted from."""
    found = {}
    for document in library.documents():
        text = library.document(document.doc_id).text
        assert [hit.passage.text for hit in library.search(text, 1)] == [text]
        found[text] = document.source
    return found


def assert_in_step(library, folder):
    """Every readable file answers from a file that holds it, and nothing else does."""
    library.check()
    there = {path.read_text(): set() for path in folder.rglob("*.txt")}
    for path in folder.rglob("*.txt"):
        there[path.read_text()].add(str(path))
    found = sources(library)
    assert found.keys() == there.keys()
    assert all(source in there[text] for text, source in found.items())
    assert {path for path, state in library.backend.files.all().items() if state.doc_id} == set().union(*there.values())
    generation, encoded = library.info()["generation"], library._given_encoder.encoded
    assert counts(library.sync(folder)) == ({"unchanged": len(list(folder.rglob("*.txt")))} if there else {})
    assert (library.info()["generation"], library._given_encoder.encoded) == (generation, encoded)


def disturb(folder, chance, names="abcdefgh", filler=""):
    """Write, move, copy, delete or touch one file, as it comes."""
    files = sorted(folder.rglob("*.txt"))
    target = folder / chance.choice(["", "sub", "sub/deep"]) / f"{chance.choice(names)}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    action = chance.choice(["write", "write", "move", "copy", "delete", "touch"]) if files else "write"
    if action == "write":
        write(target, f"Number{chance.randint(1, 4 * len(names))} is written here.{filler}")
    elif action == "delete":
        chance.choice(files).unlink()
    elif action == "touch":
        write(path := chance.choice(files), path.read_bytes())
    elif action == "move":
        chance.choice(files).replace(target)
    elif (source := chance.choice(files)) != target:
        write(target, source.read_bytes())
