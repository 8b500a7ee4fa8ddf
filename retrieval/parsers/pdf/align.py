"""Finds a quote among the printed characters of some pages, for certain or not at all. Knows nothing about PDF.

A reader joins lines, drops hyphens and blanks, and leaves out running heads; it changes nothing else that is seen. So a
quote is a chain of whole pieces of lines, with a part of a piece at either end. It is found only where exactly one such
chain exists.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

LONGEST = 2000  # signs of a quote; sentences are shorter
_REPLACED = "•\ufffd`ˆˇ−"  # what a reader puts for signs without a meaning, and accents that stand alone
_DOTLESS = str.maketrans("ıȷ", "ij")  # as they are printed under an accent
Run = tuple[int, int, int]  # number of a piece, first and last sign in it


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands side by side in a line, without wide gaps.

    signs: the characters that are compared, see `signs_of`. owners: which character of the page each sign is from.
    after_word: for each sign, whether the character before it is a letter or digit of the same word.
    goes_on: whether it is certainly read after the piece before it, further right or in the line right below.
    """

    page: int
    signs: str
    owners: tuple[int, ...]
    after_word: tuple[bool, ...]
    goes_on: bool = False


def signs_of(character: str) -> str:
    """Return what is compared of a character: ligatures apart; no blanks, hyphens, controls, bullets and accents."""
    apart = unicodedata.normalize("NFKD", character).translate(_DOTLESS)
    kept = (sign for sign in apart if unicodedata.category(sign)[0] not in "CZM")
    return "".join(sign for sign in kept if sign not in _REPLACED and unicodedata.category(sign) != "Pd")


def piece(page: int, characters: Sequence[tuple[int, str]], goes_on: bool = False) -> Piece:
    """Make a piece of (number on the page, character), blanks among them."""
    signs, owners, after = "", list[int](), list[bool]()
    before = " "
    for number, character in characters:
        own = signs_of(character)
        signs += own
        owners += [number] * len(own)
        after += [before.isalnum() and character.isalnum()] + [True] * (len(own) - 1) if own else []
        before = character
    return Piece(page, signs, tuple(owners), tuple(after), goes_on)


def only_place(quote: str, pieces: Sequence[Piece]) -> tuple[Run, ...]:
    """Return the runs of pieces that are the quote, in order; () where there is no such chain, or more than one.

    pieces: of successive pages, in any order within a page. A chain of lines below each other is preferred to others
    that share a part of it: a line that ends with "In" is not the only one that does.
    """
    wanted = "".join(map(signs_of, quote))
    if not any(map(str.isalnum, wanted)) or len(wanted) > LONGEST:
        return ()
    found = list(_first_two(_straight(wanted, pieces)))
    if len(found) == 1 and not any(_chains(wanted, list(_without(pieces, found[0])))):
        return found[0]
    found = list(_first_two(_chains(wanted, pieces)))
    numbers = [number for number, _, _ in found[0]] if found else []
    return found[0] if len(found) == 1 and len(set(numbers)) == len(numbers) else ()


def _first_two(chains: Iterator[tuple[Run, ...]]) -> Iterator[tuple[Run, ...]]:
    for count, chain in enumerate(chains):
        yield chain
        if count:
            return


def _straight(wanted: str, pieces: Sequence[Piece]) -> Iterator[tuple[Run, ...]]:
    """Yield every chain of pieces that go on with each other that reads as wanted."""
    for number, each in enumerate(pieces):
        for start, is_begun in enumerate(each.after_word):
            chain = () if is_begun else _downward(wanted, pieces, number, start)
            if chain:
                yield chain


def _downward(wanted: str, pieces: Sequence[Piece], number: int, start: int) -> tuple[Run, ...]:
    """Return the chain from a sign of a piece on, as far down as it needs; () where it does not read as wanted."""
    chain: list[Run] = []
    while wanted.startswith(pieces[number].signs[start:]) and start < len(pieces[number].signs):
        chain.append((number, start, len(pieces[number].signs) - 1))
        wanted = wanted[len(pieces[number].signs) - start :]
        number, start = number + 1, 0
        if not wanted or number == len(pieces) or not pieces[number].goes_on:
            return () if wanted else tuple(chain)
    is_end = pieces[number].signs.startswith(wanted, start) and _ends(pieces[number], start + len(wanted))
    return (*chain, (number, start, start + len(wanted) - 1)) if is_end else ()


def _without(pieces: Sequence[Piece], runs: Sequence[Run]) -> Iterator[Piece]:
    """Yield what is left of pieces outside of some runs."""
    taken = {number: (first, last) for number, first, last in runs}
    for number, each in enumerate(pieces):
        first, last = taken.get(number, (len(each.signs), len(each.signs)))
        for part in (slice(0, first), slice(last + 1, None)):
            yield Piece(each.page, each.signs[part], each.owners[part], each.after_word[part])


def _chains(wanted: str, pieces: Sequence[Piece]) -> Iterator[tuple[Run, ...]]:
    """Yield every chain of pieces that reads as wanted; pages never go back."""

    @cache
    def rest(done: int, page: int) -> tuple[tuple[Run, ...], ...]:
        """Return up to two chains of what is left behind the first `done` signs, from a page on."""
        found: list[tuple[Run, ...]] = []
        for number, each in enumerate(pieces):
            if each.page < page or not each.signs:
                continue
            left = len(wanted) - done
            if left <= len(each.signs):
                if each.signs.startswith(wanted[done:]) and _ends(each, left):
                    found.append(((number, 0, left - 1),))
            elif wanted.startswith(each.signs, done):
                whole = (number, 0, len(each.signs) - 1)
                found += ((whole, *chain) for chain in rest(done + len(each.signs), each.page))
            if len(found) > 1:
                break
        return tuple(found[:2])

    for number, each in enumerate(pieces):
        for start, is_begun in enumerate(each.after_word):
            size = len(each.signs) - start
            if is_begun:
                continue
            if size >= len(wanted):
                if each.signs.startswith(wanted, start) and _ends(each, start + len(wanted)):
                    yield ((number, start, start + len(wanted) - 1),)
            elif wanted.startswith(each.signs[start:]):
                run = (number, start, len(each.signs) - 1)
                yield from ((run, *chain) for chain in rest(size, each.page))


def _ends(each: Piece, stop: int) -> bool:
    """Tell whether no word goes on at a sign."""
    return stop == len(each.signs) or not each.after_word[stop]
