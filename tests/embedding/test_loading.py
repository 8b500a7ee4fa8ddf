from dataclasses import replace

import numpy as np
import pytest
from fakes import HashedEncoder
from models import TEXTS, cosines, passage

from retrieval.embedding.loading import check_encoder, open_encoder
from retrieval.embedding.onnx import OnnxEncoder
from retrieval.embedding.sentence_transformer import TransformerEncoder, load_sentence_transformer
from retrieval.errors import EncoderMismatchError
from retrieval.settings import Settings

pytestmark = pytest.mark.slow  # models are made and exported


def opened(models, kind):
    return open_encoder(Settings(model=str(models / kind), cache=models / "cache"))


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


def test_an_encoder_other_than_the_librarys_is_refused():
    check_encoder(HashedEncoder("one"), "one", "notes")
    with pytest.raises(EncoderMismatchError) as caught:
        check_encoder(HashedEncoder("two"), "one", "notes")
    assert str(caught.value) == (
        "notes was built with encoder one, but two is set; set PINCITE_MODEL to the one it was built with, or add your "
        "documents to a new library"
    )
