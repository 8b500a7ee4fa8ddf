import os

import pytest

from retrieval import Settings
from retrieval.embedding import model_folder
from retrieval.parallel import open_tokenizer, side_by_side


def test_results_come_in_order_and_are_not_made_far_ahead():
    given = []
    made = side_by_side(lambda value: given.append(value) or value * 10, list(range(20)), 2)
    assert next(made) == 0
    assert {0} <= set(given) <= set(range(5))
    assert list(made) == list(range(10, 200, 10))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_where_its_result_would_have_come(workers):
    made = side_by_side(lambda value: 1 // value, [1, 1, 0, 1], workers)
    assert [next(made), next(made)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(made)


def test_a_forked_child_can_tokenize_what_its_parent_did():
    tokenizer = open_tokenizer(model_folder(Settings()) / "tokenizer.json")
    texts = ["the mill burnt down"] * 8
    expected = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    child = os.fork()
    if child == 0:
        os._exit([each.ids for each in tokenizer.encode_batch(texts, add_special_tokens=False)] != expected)
    assert os.waitpid(child, 0)[1] == 0
