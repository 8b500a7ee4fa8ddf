"""The multilingual weights: read from the package's file, checked, and as faithful as sentence-transformers has them."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from retrieval import Document, Library, Settings
from retrieval.embedding import multilingual, open_encoder
from retrieval.embedding.multilingual import Weights, save_checkpoint, weights_path
from retrieval.embedding.multilingual.tokenizer import tokenizer
from retrieval.errors import ModelError

pytestmark = pytest.mark.slow  # building it takes 5 s, the tokenizer of 250,000 pieces one more


@pytest.fixture(scope="module")
def weights():
    return Weights(weights_path())


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(model="multilingual", cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def multilingual_encoder(settings):
    return open_encoder(settings)


def test_text_becomes_the_pieces_of_xlm_r(weights):
    made = tokenizer(weights.pieces)
    assert made.encode("Wann ist ﬁnale\u200b Ruhe?  出差住宿标准").tokens == [
        "<s>", "▁Wann", "▁ist", "▁finale", "▁Ruhe", "?", "▁", "出差", "住宿", "标准", "</s>",
    ]  # fmt: skip
    assert made.encode("a").ids == [0, 10, 2]


def test_a_question_finds_its_answer_in_its_language(multilingual_encoder):
    asked = ["Wann ist Mittagsruhe?", "出差住宿标准是多少?", "Quel est le montant de la franchise ?"]
    said = ["Die Mittagsruhe gilt von 13 bis 15 Uhr.", "住宿标准为每晚600元。", "La franchise s'élève à 150 euros."]
    cosines = multilingual_encoder.encode_questions(asked) @ multilingual_encoder.encode_texts(said).T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2]


def test_what_the_documents_do_not_say_is_doubted_in_every_language(settings, multilingual_encoder, tmp_path):
    said = [
        "Die Mittagsruhe gilt von 13 bis 15 Uhr. Grillen mit Holzkohle ist auf den Balkonen verboten.",
        "The pilot fee is 240 euros for each ship. The harbour office opens at nine.",
    ]
    with Library(tmp_path / "library", replace(settings, threshold=0.0), encoder=multilingual_encoder) as library:
        library.add([Document(str(number), "", text) for number, text in enumerate(said)])
        sure = [library.ask(each).confidence for each in ("Wann ist Mittagsruhe?", "How much is the pilot fee?")]
        unsure = [
            library.ask(each).confidence
            for each in ("Wer hat die Mona Lisa gemalt?", "Who painted the Mona Lisa?", "法国的首都是哪里?")
        ]
    assert min(sure) > 0.5 and max(unsure) < 0.1


def test_sentence_transformers_gives_the_same_vectors(weights, multilingual_encoder, tmp_path):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(save_checkpoint(weights, tmp_path / "e5")), device="cpu")
    texts = [
        "Wann ist Mittagsruhe?",
        "How much protein is in bread?",
        "النوم في الساعة العاشرة مساء",
        "出差住宿标准是多少?" * 9,
    ]
    for mine, theirs in [
        (multilingual_encoder.encode_questions(texts), model.encode_query(texts, normalize_embeddings=True)),
        (multilingual_encoder.encode_texts(texts), model.encode_document(texts, normalize_embeddings=True)),
    ]:
        assert (mine * theirs).sum(axis=1).min() > 0.9999


def test_int8_is_near_it(settings, multilingual_encoder):
    small = open_encoder(Settings(model="multilingual", cache=settings.cache, precision="int8"))
    texts = ["Wann ist Mittagsruhe?", "The bridge at Harwick was opened in 1932."]
    cosines = (small.encode_texts(texts) * multilingual_encoder.encode_texts(texts)).sum(axis=1)
    assert cosines.min() > 0.98 and small.fingerprint != multilingual_encoder.fingerprint


def test_a_library_is_built_and_asked_with_it(settings, multilingual_encoder, tmp_path):
    (tmp_path / "haus.txt").write_text(
        "Hausordnung\n\nDie Mittagsruhe gilt von 13 bis 15 Uhr.\n\nDie Räder stehen im Keller."
    )
    with Library(tmp_path / "library", settings, encoder=multilingual_encoder) as library:
        library.add(tmp_path / "haus.txt")
        assert library.search("Wann ist Mittagsruhe?", k=1)[0].passage.text.endswith("von 13 bis 15 Uhr.")


def test_another_file_is_refused(tmp_path):
    copy = tmp_path / "e5-small-q4.bin"
    shutil.copy(weights_path(), copy)
    with copy.open("r+b") as file:
        file.seek(1000)
        file.write(b"\x00\x01")
    with pytest.raises(ModelError, match=r"has sha256 [0-9a-f]{64}, expected 1571fc98"):
        Weights(copy)


def test_four_bits_stand_for_minus_8_to_7(weights):
    values, scales = weights.quantized("l0.q.w")
    assert values.shape == (384 * 384 // 32, 32) and values.min() >= 0 and values.max() <= 15
    assert scales.dtype == np.float16 and len(scales) == len(values)
    assert multilingual.fingerprint("float32") != multilingual.fingerprint("int8")
