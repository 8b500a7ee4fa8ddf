import numpy as np
import pytest
from models import TEXTS, cosines, passage

from retrieval.embedding.base import unit
from retrieval.embedding.binary import rotation
from retrieval.embedding.onnx import OnnxEncoder
from retrieval.errors import ModelError
from retrieval.text import searchable


@pytest.mark.slow
def test_vectors_equal_sentence_transformers(encoder, original):
    assert isinstance(encoder, OnnxEncoder)
    expected = original.encode(list(map(searchable, TEXTS)), normalize_embeddings=True)
    assert cosines(encoder.encode_questions(TEXTS), expected).min() >= 0.9999
    assert cosines(encoder.encode_texts(TEXTS), expected).min() >= 0.9999


@pytest.mark.slow
def test_a_passage_without_title_has_the_vector_of_its_text(encoder, original):
    passages = [passage(text) for text in TEXTS]
    made = dict(encoder.encode_passages(passages, [""] * len(passages)))
    vectors = np.array([made[index].vector for index in range(len(passages))])
    assert cosines(vectors, original.encode(list(map(searchable, TEXTS)), normalize_embeddings=True)).min() >= 0.9999


def test_title_and_heading_are_read_before_the_passage(encoder, original):
    text = "The work cost 4.2 million pounds."
    ((_, made),) = encoder.encode_passages([passage(text, heading="Repair")], ["Harwick Bridge"])
    expected = original.encode([f"Harwick Bridge\nRepair {text}"], normalize_embeddings=True)
    assert cosines(made.vector[None], expected)[0] >= 0.9999


def test_a_long_title_leaves_room_for_the_passage(encoder):
    text = "word " * 230 + "end."
    ((_, made),) = encoder.encode_passages([passage(text)], ["a very long title " * 50])
    assert made.token_sentences.tolist() == [0] * 231  # "word" 230 times, "end"; not the full stop
    ((_, alone),) = encoder.encode_passages([passage(text)], [""])
    assert made.token_bits.shape == alone.token_bits.shape == (231, 16)


def test_sentence_vectors_are_means_of_their_tokens(encoder, original):
    text = "Honey bees do not hibernate. They form a cluster around the queen."
    first, second = "Honey bees do not hibernate.", "They form a cluster around the queen."
    ((_, made),) = encoder.encode_passages([passage(text, first, second)], [""])
    tokens = original.encode(text, output_value="token_embeddings").numpy()
    count = encoder.count_tokens([first])[0]
    expected = unit(np.array([tokens[1 : count + 1].mean(axis=0), tokens[count + 1 : -1].mean(axis=0)]))
    assert cosines(made.sentences, expected).min() >= 0.9999


@pytest.mark.slow
def test_token_bits_are_the_signs_of_rotated_content_tokens(encoder, original):
    text = "The heat stops oxidation."
    ((_, made),) = encoder.encode_passages([passage(text)], [""])
    tokens = original.encode(text, output_value="token_embeddings").numpy()
    kept = [position for position, word in enumerate(original.tokenizer.tokenize(text), 1) if word not in ("the", ".")]
    expected = tokens[kept] @ rotation(384) > 0
    assert made.token_bits.shape == (len(kept), 16)
    agreeing = np.unpackbits(made.token_bits, axis=1).astype(bool) == expected
    assert agreeing.mean() > 0.999
    assert made.token_sentences.tolist() == [0] * len(kept)


def test_a_question_has_vectors_of_its_content_tokens(encoder):
    encoded = encoder.question("Who opened the bridge?")
    assert encoded.vector.shape == (384,)
    assert encoded.tokens.shape == (2, 128)
    assert encoded.terms == ("9open", "9bridg")
    np.testing.assert_allclose(np.linalg.norm(encoded.tokens, axis=1), 1, atol=0.2)
    assert cosines(encoded.vector[None], encoder.encode_questions(["Who opened the bridge?"]))[0] >= 0.9999


def test_every_part_of_a_word_has_the_words_terms(encoder):
    encoded = encoder.question("Did Eyjafjallajökull’s ashes cross 1,600 km?")
    assert set(encoded.terms) == {"9eyjaf", "9ash", "9cross", "91", "9600", "9km"}
    assert len(encoded.terms) == len(encoded.tokens)


def test_a_question_of_stop_words_has_no_token_vectors(encoder):
    assert encoder.question("Who is it?").tokens.shape == (0, 128)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["word " * 10_000, "漢字" * 3000, "x" * 50_000], ids=["words", "han", "letters"])
def test_a_question_beyond_the_limit_is_cut(encoder, text):
    encoded = encoder.question(text)
    assert np.isfinite(encoded.vector).all()
    assert len(encoded.tokens) <= 254


@pytest.mark.slow
def test_batches_do_not_change_vectors(encoder):
    together = encoder.encode_texts(TEXTS)
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert cosines(together, alone).min() >= 0.99999


def test_nothing_in_nothing_out(encoder):
    assert encoder.encode_questions([]).shape == (0, 384)
    assert list(encoder.encode_passages([], [])) == []
    assert encoder.count_tokens([]) == []


def test_a_damaged_export_is_named(tmp_path):
    (tmp_path / "encoder.json").write_text("{}")
    (tmp_path / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=f"the prepared model in {tmp_path} cannot be loaded .* delete that folder"):
        OnnxEncoder(tmp_path, "")
