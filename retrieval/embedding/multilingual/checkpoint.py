"""The same weights as a folder that transformers and sentence-transformers load, in float32: 470 MB."""

import json
from pathlib import Path

import numpy as np

from retrieval.embedding.multilingual.tokenizer import tokenizer
from retrieval.embedding.multilingual.weights import Weights
from retrieval.linalg import Floats

# BERT's names of a layer's parts, by those of the file.
_PARTS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm", "fi": "intermediate.dense",
    "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
_PROMPTS = {"query": "query: ", "document": "passage: "}


def save_checkpoint(weights: Weights, folder: Path) -> Path:
    """Write config, tensors, tokenizer and the modules of sentence-transformers into a folder; return it."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    sizes = weights.sizes
    save_file(_tensors(weights), folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer(weights.pieces).save(str(folder / "tokenizer.json"))
    pieces = [piece for piece, _ in weights.pieces.scored]
    special = {
        "cls_token": pieces[weights.pieces.begin], "bos_token": pieces[weights.pieces.begin],
        "sep_token": pieces[weights.pieces.end], "eos_token": pieces[weights.pieces.end],
        "pad_token": pieces[weights.pieces.padding], "unk_token": pieces[weights.pieces.unknown],
        "mask_token": pieces[-1],
    }  # fmt: skip
    written = {
        "config.json": {
            "model_type": "bert", "architectures": ["BertModel"], "hidden_size": sizes.dim,
            "num_hidden_layers": sizes.layers, "num_attention_heads": sizes.heads, "intermediate_size": sizes.inner,
            "vocab_size": sizes.vocabulary, "max_position_embeddings": sizes.positions, "type_vocab_size": sizes.types,
            "layer_norm_eps": sizes.epsilon, "hidden_act": "gelu", "pad_token_id": weights.pieces.padding,
        },
        "tokenizer_config.json": special
        | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes.positions},
        "sentence_bert_config.json": {"max_seq_length": sizes.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": _PROMPTS, "similarity_fn_name": "cosine"},
        "1_Pooling/config.json": {"word_embedding_dimension": sizes.dim, "pooling_mode_mean_tokens": True},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
    }  # fmt: skip
    for name, content in written.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=1), "utf-8")
    return folder


def _tensors(weights: Weights) -> dict[str, Floats]:
    sizes = weights.sizes
    types = np.zeros((sizes.types, sizes.dim), np.float32)
    types[0] = weights.floats("emb.type")[: sizes.dim]
    found = {
        "embeddings.word_embeddings.weight": weights.plain("emb.word").reshape(-1, sizes.dim),
        "embeddings.position_embeddings.weight": weights.floats("emb.pos").reshape(-1, sizes.dim),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": weights.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": weights.floats("emb.ln.b"),
    }
    for number in range(sizes.layers):
        for part, name in _PARTS.items():
            bias = weights.floats(f"l{number}.{part}.b")
            norm = name.endswith("LayerNorm")
            weight = weights.floats(f"l{number}.{part}.w") if norm else weights.plain(f"l{number}.{part}.w")
            found[f"encoder.layer.{number}.{name}.weight"] = weight if norm else weight.reshape(len(bias), -1)
            found[f"encoder.layer.{number}.{name}.bias"] = bias
    return found
