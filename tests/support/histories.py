"""What several processes did with one library and saw of it, with the times, checked afterwards.

A document is a register (Lamport 1986, "On interprocess communication"): a read returns what the last write that ended
before it wrote, or a write that ran beside it. It is atomic where of two reads, one after the other, the second sees
nothing older.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Write:
    """A text was given to a document, or it was removed (None), between two moments of one clock."""

    name: str
    text: str | None
    start: int
    end: int


class Read(NamedTuple):
    """All documents as they were seen: (name, text) of each, in any order, by one way to look."""

    way: str
    seen: list[tuple[str, str]]
    start: int
    end: int


def violations(writes: Sequence[Write], reads: Sequence[Read], atomic: bool = True) -> Iterator[str]:
    """Yield what no library may show, as sentences; nothing where all is well. All is absent before the first write."""
    names = sorted({write.name for write in writes})
    for read in reads:
        seen = [name for name, _ in read.seen]
        yield from (f"{read.way} saw {name} twice" for name in sorted(set(seen)) if seen.count(name) > 1)
        yield from (f"{read.way} saw {name}, which nobody wrote" for name in sorted(set(seen) - set(names)))
    for name in names:
        yield from _of_one(name, [Write(name, None, -2, -1), *(w for w in writes if w.name == name)], reads, atomic)


def _of_one(name: str, writes: Sequence[Write], reads: Sequence[Read], atomic: bool) -> Iterator[str]:
    ends, newest = [-1], [-2]  # of the reads so far: when each ended, and when the newest write seen by then began
    for read in sorted(reads, key=lambda read: read.end):
        text = dict(read.seen).get(name)
        began = [write for write in writes if write.text == text and write.start < read.end]
        fresh = [w for w in began if not any(w.end < other.start and other.end < read.start for other in writes)]
        if not began:
            yield f"{read.way} saw {text!r} of {name}, which was not written yet"
        elif not fresh:
            yield f"{read.way} saw {text!r} of {name}, which was replaced before"
        elif atomic and max(write.end for write in fresh) < newest[bisect_left(ends, read.start) - 1]:
            yield f"{read.way} saw {text!r} of {name} after something newer"
        else:
            ends.append(read.end)
            newest.append(max(newest[-1], min(write.start for write in fresh)))
