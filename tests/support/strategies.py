"""Texts that Hypothesis makes up: any characters, and what resembles prose."""

from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=["Cs"])
PROSE_PIECES = ["He left", "the U.S. Army", "“Why?”", "(June 6).", "[…]", "e.g.", "3.14", "x" * 40, "漢字", "1.", "É"]
SPACES = [" ", " ", ". ", "! ", "? ", "\n", "\n\n", "\n \n", "\t", "\u00a0", "\u2028", "\x0c", "\u200b", "…", "—", "😀"]
PROSE = st.lists(st.sampled_from(PROSE_PIECES + SPACES), max_size=40).map("".join)
