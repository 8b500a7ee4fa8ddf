import numpy as np
import pytest

from retrieval.embedding.models import model_folder
from retrieval.embedding.sentence_transformer import load_sentence_transformer
from retrieval.settings import Settings


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
