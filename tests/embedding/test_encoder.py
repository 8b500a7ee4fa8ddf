import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from articles import ARTICLES, QUESTIONS, SEED

from retrieval.embedding.base import unit
from retrieval.embedding.export import exported
from retrieval.embedding.loading import open_encoder
from retrieval.embedding.models import load_sentence_transformer, model_folder, rotation
from retrieval.embedding.onnx import OnnxEncoder
from retrieval.embedding.sentence_transformer import TransformerEncoder
from retrieval.errors import ModelError
from retrieval.records import Passage
from retrieval.settings import Settings

TEXTS = [
    *ARTICLES.values(), *QUESTIONS[:8], "a", "?", "Größe 漢字 🐝 naïve", SEED.read_text("utf-8"), "word " * 400,
]  # fmt: skip


def passage(text, *sentences, heading=""):
    """A passage that begins at character 100 of its document."""
    spans, position = [], 0
    for sentence in sentences or [text]:
        start = text.index(sentence, position)
        position = start + len(sentence)
        spans.append((100 + start, 100 + position))
    return Passage("d", 1, 100, 100 + len(text), text, tuple(spans), None, heading)


@pytest.fixture(scope="session")
def original():
    """The packaged model in sentence-transformers itself."""
    return load_sentence_transformer(model_folder(Settings()))


@pytest.fixture(scope="session")
def small_models(tmp_path_factory):
    """Make models of other kinds, of two layers and random weights, with the packaged model's tokenizer."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, StaticEmbedding, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel, set_seed

    set_seed(1)
    root = tmp_path_factory.mktemp("models")
    tokenizer = AutoTokenizer.from_pretrained(model_folder(Settings()))
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=128,
    )  # fmt: skip
    BertModel(config).save_pretrained(root / "bert")
    tokenizer.save_pretrained(root / "bert")
    prompts = {"query": "query: ", "document": "passage: "}
    for pooling in ("cls", "max"):
        transformer = Transformer(str(root / "bert"), max_seq_length=64)
        modules = [transformer, Pooling(32, pooling_mode=pooling)]
        SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(root / pooling))
    weights = np.random.RandomState(1).standard_normal((len(tokenizer), 24)).astype(np.float32)
    static = StaticEmbedding(tokenizer.backend_tokenizer, embedding_weights=weights)
    SentenceTransformer(modules=[static], device="cpu").save(str(root / "static"))
    return root


def opened(models, kind):
    return open_encoder(Settings(model=str(models / kind), cache=models / "cache"))


def cosines(left, right):
    np.testing.assert_allclose(np.linalg.norm(left, axis=1), 1, atol=1e-5)
    return (left * right).sum(axis=1)


# --- the packaged model


def test_vectors_equal_sentence_transformers(encoder, original):
    assert isinstance(encoder, OnnxEncoder)
    expected = original.encode(TEXTS, normalize_embeddings=True)
    assert cosines(encoder.encode_questions(TEXTS), expected).min() >= 0.9999
    assert cosines(encoder.encode_texts(TEXTS), expected).min() >= 0.9999


def test_a_passage_without_title_has_the_vector_of_its_text(encoder, original):
    passages = [passage(text) for text in TEXTS]
    made = dict(encoder.encode_passages(passages, [""] * len(passages)))
    vectors = np.array([made[index].vector for index in range(len(passages))])
    assert cosines(vectors, original.encode(TEXTS, normalize_embeddings=True)).min() >= 0.9999


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
    assert made.token_bits.shape == alone.token_bits.shape == (231, 48)


def test_sentence_vectors_are_means_of_their_tokens(encoder, original):
    text = "Honey bees do not hibernate. They form a cluster around the queen."
    first, second = "Honey bees do not hibernate.", "They form a cluster around the queen."
    ((_, made),) = encoder.encode_passages([passage(text, first, second)], [""])
    tokens = original.encode(text, output_value="token_embeddings").numpy()
    count = encoder.count_tokens([first])[0]
    expected = unit(np.array([tokens[1 : count + 1].mean(axis=0), tokens[count + 1 : -1].mean(axis=0)]))
    assert cosines(made.sentences, expected).min() >= 0.9999


def test_token_bits_are_the_signs_of_rotated_content_tokens(encoder, original):
    text = "The heat stops oxidation."
    ((_, made),) = encoder.encode_passages([passage(text)], [""])
    tokens = original.encode(text, output_value="token_embeddings").numpy()
    kept = [position for position, word in enumerate(original.tokenizer.tokenize(text), 1) if word not in ("the", ".")]
    expected = tokens[kept] @ rotation(384) > 0
    assert made.token_bits.shape == (len(kept), 48)
    agreeing = np.unpackbits(made.token_bits, axis=1).astype(bool) == expected
    assert agreeing.mean() > 0.999
    assert made.token_sentences.tolist() == [0] * len(kept)


def test_a_question_has_vectors_of_its_content_tokens(encoder):
    encoded = encoder.question("Who opened the bridge?")
    assert encoded.vector.shape == (384,)
    assert encoded.tokens.shape == (2, 384)
    assert encoded.terms == ("open", "bridg")
    np.testing.assert_allclose(np.linalg.norm(encoded.tokens, axis=1), 1, atol=1e-5)
    assert cosines(encoded.vector[None], encoder.encode_questions(["Who opened the bridge?"]))[0] >= 0.9999


def test_a_question_of_stop_words_has_no_token_vectors(encoder):
    assert encoder.question("Who is it?").tokens.shape == (0, 384)


@pytest.mark.parametrize("text", ["word " * 10_000, "漢字" * 3000, "x" * 50_000], ids=["words", "han", "letters"])
def test_a_question_beyond_the_limit_is_cut(encoder, text):
    encoded = encoder.question(text)
    assert np.isfinite(encoded.vector).all()
    assert len(encoded.tokens) <= 254


def test_batches_do_not_change_vectors(encoder):
    together = encoder.encode_texts(TEXTS)
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert cosines(together, alone).min() >= 0.99999


def test_nothing_in_nothing_out(encoder):
    assert encoder.encode_questions([]).shape == (0, 384)
    assert list(encoder.encode_passages([], [])) == []
    assert encoder.count_tokens([]) == []


def test_rows_of_zeros_stay():
    scaled = unit(np.array([[3, 4], [0, 0]], np.float32))
    np.testing.assert_array_equal(scaled, np.array([[0.6, 0.8], [0, 0]], np.float32))


def test_a_damaged_export_is_named(tmp_path):
    (tmp_path / "encoder.json").write_text("{}")
    (tmp_path / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=f"the prepared model in {tmp_path} cannot be loaded .* delete that folder"):
        OnnxEncoder(tmp_path, "")


# --- models of other kinds


@pytest.mark.parametrize(
    "kind, made", [("cls", OnnxEncoder), ("max", TransformerEncoder), ("static", TransformerEncoder)]
)
def test_other_models_equal_sentence_transformers(small_models, kind, made, capsys):
    encoder = opened(small_models, kind)
    assert type(encoder) is made
    model = load_sentence_transformer(small_models / kind)
    expected = model.encode_query(TEXTS, normalize_embeddings=True)
    assert cosines(encoder.encode_questions(TEXTS), expected).min() >= 0.9999
    fitting = [text for text in TEXTS if encoder.count_tokens([text])[0] <= encoder.max_tokens]
    passages = [passage(text) for text in fitting]
    vectors = dict(encoder.encode_passages(passages, [""] * len(passages)))
    found = np.array([vectors[index].vector for index in range(len(passages))])
    assert cosines(found, model.encode_document(fitting, normalize_embeddings=True)).min() >= 0.9999
    sentences = np.array([vectors[index].sentences[0] for index in range(len(passages))])
    assert cosines(sentences, model.encode_document(fitting, normalize_embeddings=True)).min() >= 0.9999


def test_an_int8_model_is_near_and_not_the_same(small_models):
    settings = Settings(model=str(small_models / "cls"), cache=small_models / "cache")
    exact, near = open_encoder(settings), open_encoder(replace(settings, precision="int8"))
    left, right = exact.encode_questions(TEXTS), near.encode_questions(TEXTS)
    assert cosines(left, right).min() > 0.98
    assert np.abs(left - right).max() > 1e-4
    assert exact.fingerprint != near.fingerprint


def test_what_a_passage_may_hold_leaves_room_for_the_prompt(small_models):
    prompt = opened(small_models, "cls").count_tokens(["passage: "])[0]
    assert opened(small_models, "cls").max_tokens == opened(small_models, "max").max_tokens == 64 - 2 - prompt
    assert opened(small_models, "static").max_tokens == 8190


def test_models_without_an_export_have_no_token_vectors(small_models):
    encoder = opened(small_models, "max")
    ((_, made),) = encoder.encode_passages([passage("One. Two.", "One.", "Two.")], ["Title"])
    assert (made.sentences.shape, made.token_bits.shape, made.token_sentences.shape) == ((2, 32), (0, 4), (0,))
    assert encoder.question("One?").tokens.shape == (0, 32)


def test_what_onnx_cannot_reproduce_is_found_out_once(small_models):
    opened(small_models, "max")
    folder = exported(Settings(model=str(small_models / "max"), cache=small_models / "cache"))
    record = json.loads((folder / "encoder.json").read_text())
    assert record == {"dim": 32, "max_tokens": 64, "prompts": ["query: ", "passage: "], "pooling": ""}


def test_an_export_that_this_machine_cannot_make_is_not_remembered(small_models, tmp_path, monkeypatch):
    settings = Settings(model=str(small_models / "cls"), cache=tmp_path)
    with monkeypatch.context() as context:
        context.setitem(sys.modules, "onnx", None)
        expected = r"cannot be exported to ONNX here \(Module onnx is not installed!\); mend that and try again"
        with pytest.raises(ModelError, match=expected):
            open_encoder(settings)
    assert type(open_encoder(settings)) is OnnxEncoder


def test_every_part_of_a_word_has_the_words_stem(encoder):
    encoded = encoder.question("Did Eyjafjallajökull’s ashes cross 1,600 km?")
    assert set(encoded.terms) == {"eyjafjallajokul", "ash", "cross", "1", "600", "km"}
    assert len(encoded.terms) == len(encoded.tokens)
