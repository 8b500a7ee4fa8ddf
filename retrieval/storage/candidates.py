"""Passages that were found, with all that ranking compares, in a few big arrays.

Hundreds of passages are compared for a question. Each as objects of its own, they lie all over the memory, and
looking them up takes longer than the arithmetic: 1.3 ms for 350 of them, and 0.4 from a few arrays.
"""

from collections.abc import Callable, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import Floats
from retrieval.linalg import dots
from retrieval.records import Passage
from retrieval.storage.codec import LARGEST_SCALE, Codes
from retrieval.text import Analysis, stems


class Candidate:
    """A passage with what ranking needs.

    id: the passage's number; never another's, and the passage of a number never changes.
    vector: (dim,) float32, unit. sentence_codes: (s, dim) int8, and sentence_scales: (s,) float32, what a row is
    multiplied by to be of about unit length: they take a quarter of the memory.
    check: called before it is shown; LibraryDamagedError where it is not as it was written.
    """

    def __init__(self, id: int, passage: Passage, vector: Floats, rows: tuple[Codes, Floats]) -> None:
        """Hold what was decoded; rows: codes and scales. ValueError where its parts do not fit each other."""
        self.id, self.passage, self.vector = id, passage, vector
        self.check: Callable[[], None] = _nothing_known
        self._held: tuple[str, dict[str, list[int]]] | None = None
        self.sentence_codes, self.sentence_scales = rows
        if (
            self.sentence_codes.shape != (len(passage.sentences), len(vector))
            or not _is_unit(vector)
            or not np.abs(self.sentence_scales).max(initial=0) < LARGEST_SCALE
        ):
            raise ValueError(f"the vectors of passage {id} do not fit")

    @property
    def sentence_vectors(self) -> Floats:
        """(s, dim) float32, rows of about unit length."""
        vectors: Floats = self.sentence_codes * self.sentence_scales[:, None]
        return vectors

    def holding(self, analysis: Analysis) -> dict[str, list[int]]:
        """Return term, as `Analysis.letters` has it -> the sentences that hold it, by their numbers in the passage."""
        if self._held is None or self._held[0] != analysis.version:
            start, found = self.passage.start, dict[str, list[int]]()
            for number, (a, b) in enumerate(self.passage.sentences):
                for term in stems(analysis.letters(self.passage.text[a - start : b - start])):
                    found.setdefault(term, []).append(number)
            self._held = analysis.version, found
        return self._held[1]


def _nothing_known() -> None:
    """Pass what was written without a checksum."""


def _is_unit(vector: Floats) -> bool:
    """Tell whether a vector has length one, or zero where nothing was encoded."""
    squared = float(vector @ vector)
    return squared == 0 or 0.99 < squared < 1.01


class CandidateArrays:
    """Room for so many candidates and sentences. What is put in stays as it is."""

    def __init__(self, passages: int, sentences: int, dim: int) -> None:
        self.held: list[Candidate] = []
        self.slots: dict[int, int] = {}  # by the id of a passage; set last, so that readers need no lock
        self.vectors = np.empty((passages, dim), np.float32)
        self.starts = np.zeros(passages + 1, np.int64)
        self.codes = np.empty((sentences, dim), np.int8)
        self.scales = np.empty(sentences, np.float32)

    def fits(self, added: Sequence[Candidate]) -> bool:
        """Tell whether there is room for so many more."""
        passages, sentences = len(self.held) + len(added), sum(len(each.sentence_scales) for each in added)
        room = len(self.scales) - int(self.starts[len(self.held)])
        return passages < len(self.starts) and sentences <= room

    def put(self, added: Sequence[Candidate]) -> None:
        """Copy their vectors here, and let them refer to the copies. ValueError where dimensions differ."""
        if not added:
            return
        first, count = len(self.held), len(added)
        ends = self.starts[first] + np.cumsum([len(each.sentence_scales) for each in added])
        self.vectors[first : first + count] = np.stack([each.vector for each in added])
        self.codes[self.starts[first] : ends[-1]] = np.concatenate([each.sentence_codes for each in added])
        self.scales[self.starts[first] : ends[-1]] = np.concatenate([each.sentence_scales for each in added])
        self.starts[first + 1 : first + 1 + count] = ends
        self.held += added
        for slot, each in enumerate(added, start=first):
            own = slice(*self.starts[slot : slot + 2].tolist())
            each.vector, each.sentence_codes, each.sentence_scales = (
                self.vectors[slot], self.codes[own], self.scales[own],
            )  # fmt: skip
        self.slots |= {each.id: slot for slot, each in enumerate(added, start=first)}


def runs(starts: NDArray[np.int64], chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers in chosen runs, one after another, and (n + 1,) where each of the chosen begins among them.

    starts: run r is of the numbers from starts[r] to starts[r + 1]. chosen: (n,) runs.
    """
    firsts = starts[chosen]
    counts = starts[chosen + 1] - firsts
    places = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return np.arange(places[-1]) + np.repeat(firsts - places[:-1], counts), places


class Candidates(Sequence[Candidate]):
    """Passages that were found, in order, to be compared with a question all at once.

    ids: of the passages. starts: (n + 1,) where the sentences of each begin, among those of all one after another.
    """

    def __init__(self, arrays: CandidateArrays, ids: Sequence[int]) -> None:
        slots = list(map(arrays.slots.get, ids))  # one look at each: they lie all over the memory
        self.ids = [number for number, slot in zip(ids, slots, strict=True) if slot is not None]
        self._arrays = arrays
        self._slots = np.array([slot for slot in slots if slot is not None], np.int64)
        self._rows, self.starts = runs(arrays.starts, self._slots)

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, index: int) -> Candidate: ...
    @overload
    def __getitem__(self, index: slice) -> list[Candidate]: ...
    def __getitem__(self, index: int | slice) -> Candidate | list[Candidate]:
        if isinstance(index, slice):
            return [self._arrays.held[slot] for slot in self._slots[index].tolist()]
        return self._arrays.held[int(self._slots[index])]

    def passage_products(self, vector: Floats) -> Floats:
        """Return (n,) the inner product of each passage's vector with a vector (dim,)."""
        return dots(self._arrays.vectors[self._slots], vector)

    def sentence_products(self, vector: Floats) -> Floats:
        """Return (s,) the inner product of each sentence's vector with a vector (dim,)."""
        found = dots(self._arrays.codes[self._rows], vector)
        found *= self._arrays.scales[self._rows]
        return found
