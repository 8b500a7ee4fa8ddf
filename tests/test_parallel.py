import pytest

from retrieval.parallel import side_by_side


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
