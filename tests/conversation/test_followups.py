import pytest

from retrieval.conversation.followups import context_weight


@pytest.mark.parametrize(
    "cosine, lead, dependence, least, most",
    [(0.05, 6.0, 0.0, 0, 0), (0.6, 0.5, 0.0, 0.34, 0.35), (0.0, 9.0, 0.5, 0.3, 0.3), (0.0, 9.0, 1.0, 0.5, 0.5)],
)
def test_the_weight_of_what_was_said(cosine, lead, dependence, least, most):
    assert least <= context_weight(cosine, lead, dependence) <= most
