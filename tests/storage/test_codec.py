"""Byte layouts, written out by hand: what is kept must be read the same by every later version."""

from dataclasses import replace

import numpy as np
import pytest

from retrieval.embedding.base import NO_SENTENCE, PassageVectors, unit
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


TEXT = "Lead. Bees. Ice. Hive. Rest."


@pytest.mark.parametrize(
    "spans, lead, behind",
    [
        ([], TEXT, []),
        ([(6, 11), (12, 16), (17, 22)], "Lead. ", [(" ", 12), (" ", 17), (" Rest.", 28)]),
        ([(0, 28)], "", [("", 28)]),
        ([(17, 22), (6, 11)], "Lead. ", [(" Rest.", 28), (" Ice. ", 17)]),
        ([(6, 22), (12, 16), (20, 24)], "Lead. ", [("", 22), ("", 22), ("est.", 28)]),
    ],
    ids=["none", "apart", "all", "not in order", "over each other"],
)
def test_text_is_what_its_pieces_are(spans, lead, behind):
    passages = [Passage("d", 1, a, b, TEXT[a:b], ((a, b),)) for a, b in spans]
    assert codec.apart(TEXT, passages) == (lead, behind)
    rows = sorted((reach, p.start, p.text, rest) for p, (rest, reach) in zip(passages, behind, strict=True))
    for start in range(len(TEXT) + 2):
        for end in range(len(TEXT) + 2):
            pieces = [(0, lead)]
            for reach, first, text, rest in rows:
                if reach > start and first < end:
                    pieces += (first, text), (reach - len(rest), rest)
            assert codec.together(pieces, start, end) == TEXT[start:end]


def test_text_of_which_a_piece_is_missing_is_refused():
    with pytest.raises(ValueError, match="the text from 6 to 7 is missing"):
        codec.together([(0, "Lead. "), (7, "ees.")], 0, 9)


@pytest.mark.parametrize("text, spans", [("Bees. Ic", None), ("Bees. Ice.", b""), ("Bees. Ice.", b"\x00" * 12)])
def test_a_passage_whose_parts_do_not_fit_is_refused(text, spans):
    spans = codec.encode_spans(PASSAGE) if spans is None else spans
    with pytest.raises(ValueError):
        codec.decode_passage("d", 3, 100, 110, text, spans, None, "", "")


def test_rows_are_scales_and_then_six_bits_a_code():
    data = codec.encode_rows(VECTORS.sentences)
    assert np.frombuffer(data, np.float32, 1).tolist() == pytest.approx([1.27 / 31])
    assert data[8:11] == bytes([0b1111_0100, 0, 0b11_00_00_00])  # 63 and 16: 31 and -16 with 32 added
    assert data[11:] == bytes([0b1000_1000, 0, 0])
    codes, scales = codec.decode_rows(data, 2, 2)
    assert codes.tolist() == [[31, -16], [0, 0]]
    np.testing.assert_allclose(codes * scales[:, None], VECTORS.sentences, atol=1.27 / 62)


def test_rows_of_an_odd_dimension_come_back():
    data = codec.encode_rows(np.array([[0.31, -0.01, 0.13, 0.02, 0.11], [0, 0, 0, 0.62, -0.62]], np.float32))
    assert len(data) == 8 + 2 * 6
    assert codec.decode_rows(data, 2, 5)[0].tolist() == [[31, -1, 13, 2, 11], [0, 0, 0, 31, -31]]


def test_what_was_read_is_written_the_same():
    random = np.random.RandomState(5)
    vectors = unit(random.standard_normal((20, 384)).astype(np.float32))
    codes, scales = codec.decode_rows(codec.encode_rows(vectors), 20, 384)
    again = codec.decode_rows(codec.encode_rows(codes * scales[:, None]), 20, 384)
    np.testing.assert_array_equal(again[0], codes)
    np.testing.assert_allclose(again[1], scales, rtol=1e-6)
    (read,) = codec.decode_vectors(codec.encode_vector(vectors[0]), 1)
    np.testing.assert_allclose(codec.decode_vectors(codec.encode_vector(read), 1)[0], read, rtol=1e-6)


@pytest.mark.parametrize("count, dim", [(4, 3), (2, 5), (1, 3)])
def test_rows_of_another_number_are_refused(count, dim):
    with pytest.raises(ValueError):
        codec.decode_rows(codec.encode_rows(np.ones((2, 3), np.float32)), count, dim)


def test_vectors_are_a_scale_and_then_a_byte_a_dimension():
    data = codec.encode_vector(VECTORS.vector)
    assert data == np.float32(0.8 / 127).tobytes() + bytes([95, 127])
    found = codec.decode_vectors(data + data, 2)
    np.testing.assert_allclose(found, [VECTORS.vector] * 2, atol=0.8 / 254)
    assert codec.decode_vectors(b"", 0).size == 0
    with pytest.raises(ValueError):
        codec.decode_vectors(data + data[:5], 2)


def test_tokens_come_back():
    sentences, bits = codec.encode_tokens(VECTORS)
    assert (sentences, bits) == (b"\x00\x00\x02\x00\x01\x00\x01\x00", b"\x01\xff\x10")
    found = codec.decode_tokens(sentences, bits)
    assert (found[0].tolist(), found[1].tolist()) == ([[1], [255], [16]], [0, 0, 1])
    assert [each.size for each in codec.NO_TOKENS] == [0, 0]


@pytest.mark.parametrize("numbers", [[], [NO_SENTENCE, 0, 0, 2], [3] * 70_000, [1, 0, 1]], ids=len)
def test_sentences_of_tokens_come_back(numbers):
    given = replace(
        VECTORS, token_sentences=np.array(numbers, np.uint16), token_bits=np.ones((len(numbers), 2), np.uint8)
    )
    bits, sentences = codec.decode_tokens(*codec.encode_tokens(given))
    assert (bits.shape, sentences.tolist()) == ((len(numbers), 2 if numbers else 0), numbers)


def test_as_text_all_of_it_comes_back_as_from_bytes():
    spans, *rows = codec.split_sentences(codec.joined_sentences(PASSAGE, VECTORS), 2)
    assert spans == codec.encode_spans(PASSAGE)
    for found, expected in zip(rows, codec.decode_rows(codec.encode_rows(VECTORS.sentences), 2, 2), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert codec.joined_tokens(VECTORS) == "AwAAAAAAAAABAAH/EA=="
    bits, sentences = codec.split_tokens("AwAAAAAAAAABAAH/EA==")
    assert (bits.tolist(), sentences.tolist()) == ([[1], [255], [16]], [0, 0, 1])


def test_text_that_is_no_base_64_is_refused():
    with pytest.raises(ValueError):
        codec.split_sentences("Bees!", 2)
