"""Sentence cutting takes time in proportion to the text, whatever is in it."""

import time

import pytest

from retrieval.text import sentence_spans


def seconds(text):
    started = time.process_time()
    sentence_spans(text)
    return time.process_time() - started


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["?!", "?! ", "a. ", "It is so. ", "...", "(a) ", "word ", "\n"])
def test_twice_the_text_takes_twice_the_time(unit):
    size = 20_000 // len(unit)
    seconds("Warm. Up. " * 10)
    once = seconds(unit * size)
    twice = min(seconds(unit * 2 * size) for _ in range(2))
    assert twice < 3.2 * once + 0.2


def test_windows_do_not_change_where_sentences_end():
    text = " ".join(f"Sentence number {n} says that Dr. Lee paid 1.5 crowns." for n in range(1500))
    found = [text[start:end] for start, end in sentence_spans(text)]
    assert found == [f"Sentence number {n} says that Dr. Lee paid 1.5 crowns." for n in range(1500)]
