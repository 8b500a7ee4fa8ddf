from retrieval.parallel import batches, side_by_side


def test_they_hold_texts_of_like_length(monkeypatch):
    monkeypatch.setattr("retrieval.parallel.BATCH_TOKENS", 20)
    assert list(batches([3, 9, 3, 40, 2, 4, 18], 2)) == [[4, 0, 2], [5], [1], [6], [3]]
    assert list(batches([], 2)) == []


def test_they_are_made_side_by_side_in_order_and_not_far_ahead():
    given = []
    made = side_by_side(lambda value: given.append(value) or value * 10, list(range(20)), 2)
    assert next(made) == 0
    assert {0} <= set(given) <= set(range(5))
    assert list(made) == list(range(10, 200, 10))
