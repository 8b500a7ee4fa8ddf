"""Tokenizers in processes that fork."""

import os

from retrieval import Settings
from retrieval.embedding import model_folder
from retrieval.tokenizer import open_tokenizer


def test_a_forked_child_can_tokenize_what_its_parent_did():
    tokenizer = open_tokenizer(model_folder(Settings()) / "tokenizer.json")
    texts = ["the mill burnt down"] * 8
    expected = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    child = os.fork()
    if child == 0:
        os._exit([each.ids for each in tokenizer.encode_batch(texts, add_special_tokens=False)] != expected)
    assert os.waitpid(child, 0)[1] == 0
