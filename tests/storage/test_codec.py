"""Byte layouts, written out by hand: what is kept must be read the same by every later version."""

import numpy as np
import pytest

from retrieval.embedding.base import PassageVectors
from retrieval.records import Passage
from retrieval.storage import codec

PASSAGE = Passage("d", 3, 100, 110, "Bees. Ice.", ((100, 105), (106, 110)), 7, "Winter", "row 2")
VECTORS = PassageVectors(
    np.array([0.6, 0.8], np.float32),
    np.array([[1.27, -0.635], [0.0, 0.0]], np.float32),
    np.array([[1], [255], [16]], np.uint8),
    np.array([0, 0, 1], np.uint16),
)


def test_spans_are_counted_from_the_start_of_the_passage():
    assert codec.encode_spans(PASSAGE) == bytes([0, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 10, 0, 0, 0])


def test_a_passage_comes_back():
    spans = codec.encode_spans(PASSAGE)
    assert codec.decode_passage("d", 3, 100, 110, "Bees. Ice.", spans, 7, "Winter", "row 2") == PASSAGE


@pytest.mark.parametrize("text, spans", [("Bees. Ic", None), ("Bees. Ice.", b""), ("Bees. Ice.", b"\x00" * 12)])
def test_a_passage_whose_parts_do_not_fit_is_refused(text, spans):
    spans = codec.encode_spans(PASSAGE) if spans is None else spans
    with pytest.raises(ValueError):
        codec.decode_passage("d", 3, 100, 110, text, spans, None, "", "")


def test_rows_are_scales_and_then_codes():
    data = codec.encode_rows(VECTORS.sentences)
    assert data[:4] == np.float32(0.01).tobytes()
    assert np.frombuffer(data[8:], np.int8).tolist() == [127, -64, 0, 0]
    codes, scales = codec.decode_rows(data, 2)
    assert codes.tolist() == [[127, -64], [0, 0]]
    np.testing.assert_allclose(codes * scales[:, None], VECTORS.sentences, atol=0.01 / 2 + 1e-6)


def test_rows_of_another_number_are_refused():
    with pytest.raises(ValueError):
        codec.decode_rows(codec.encode_rows(VECTORS.sentences), 4)


def test_a_vector_is_four_bytes_a_dimension():
    assert codec.encode_vector(VECTORS.vector) == b"\x9a\x99\x19\x3f\xcd\xcc\x4c\x3f"
    np.testing.assert_array_equal(codec.decode_vector(b"\x9a\x99\x19\x3f\xcd\xcc\x4c\x3f"), VECTORS.vector)


def test_tokens_come_back():
    sentences, bits = codec.encode_tokens(VECTORS)
    assert (sentences, bits) == (b"\x00\x00\x00\x00\x01\x00", b"\x01\xff\x10")
    found = codec.decode_tokens(sentences, bits)
    assert (found[0].tolist(), found[1].tolist()) == ([[1], [255], [16]], [0, 0, 1])
    assert [each.size for each in codec.NO_TOKENS] == [0, 0]


def test_as_text_all_of_it_comes_back():
    spans, rows = codec.split_sentences(codec.joined_sentences(PASSAGE, VECTORS), 2)
    assert (spans, rows) == (codec.encode_spans(PASSAGE), codec.encode_rows(VECTORS.sentences))
    assert codec.joined_tokens(VECTORS) == "AwAAAAAAAAABAAH/EA=="
    bits, sentences = codec.split_tokens("AwAAAAAAAAABAAH/EA==")
    assert (bits.tolist(), sentences.tolist()) == ([[1], [255], [16]], [0, 0, 1])


def test_text_that_is_no_base_64_is_refused():
    with pytest.raises(ValueError):
        codec.split_sentences("Bees!", 2)
