"""The passages that were read last, kept decoded.

`cachetools` was compared: its caches keep objects one by one, and what makes this one worth having is that the vectors
of all passages in it stand in a few arrays; see `candidates`.
"""

from collections.abc import Callable, Iterable

from retrieval.parallel import new_lock
from retrieval.storage.candidates import Candidate, CandidateArrays, Candidates

PASSAGES = 4096  # in the arrays, of about 10 KB each with their text and stems
SENTENCES = 8  # of a passage, for which there is room


class PassageCache:
    """Keeps between `passages` and twice as many. Safe to use from several threads.

    What is asked for again of arrays that are full moves to the next, and the rest goes when those are full too.
    """

    def __init__(self, passages: int = PASSAGES, sentences: int = SENTENCES) -> None:
        """Begin empty. sentences: of a passage, for which there is room."""
        self._room, self._sentences = passages, sentences
        self._arrays = self._full = CandidateArrays(0, 0, 0)
        self._lock = new_lock()

    def get(self, ids: Iterable[int], read: Callable[[list[int]], Iterable[Candidate]]) -> Candidates:
        """Return the passages of these ids, without those that are gone. read: what returns those not kept."""
        wanted, full = list(ids), self._full
        there = Candidates(self._arrays, wanted)
        if len(there) == len(wanted):
            return there
        found = {each.id: each for each in [*there, *Candidates(full, wanted)]}
        missing = [number for number in wanted if number not in found]
        if missing:
            found |= {each.id: each for each in read(missing)}
        return Candidates(self._put(found), wanted)

    def _put(self, found: dict[int, Candidate]) -> CandidateArrays:
        """Return arrays that hold all of them."""
        with self._lock:
            arrays = self._arrays
            added = [each for number, each in found.items() if number not in arrays.slots]
            if not arrays.fits(added):
                added = list(found.values())
                sentences = sum(len(each.sentence_scales) for each in added)
                room = max(self._room, len(added)), max(self._sentences * self._room, sentences)
                arrays = CandidateArrays(*room, len(added[0].vector))
                if len(added) <= self._room:  # else for once: a whole document, or all of a library
                    self._arrays, self._full = arrays, self._arrays
            arrays.put(added)
            return arrays
