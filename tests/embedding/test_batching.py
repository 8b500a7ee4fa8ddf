from retrieval.embedding.batching import token_batches


def test_they_hold_texts_of_like_length():
    assert list(token_batches([3, 9, 3, 40, 2, 4, 18], 2, most=20)) == [[4, 0, 2], [5], [1], [6], [3]]
    assert list(token_batches([], 2)) == []
