"""How much what was said before a question counts in its ranking.

The more, the closer it is to the question, and the less clearly one passage answers the question alone: fitted on one
half of the conversations of mtrag-un-a against xquad-r-en behind unrelated questions.
"""

import math

# Log-odds that a question continues: cosine to what was said, log of the lead of its best passage, its dependence.
CONTINUES = (22.0, -2.5, 3.4)
MOST = 0.35  # weight of what was said before, in the fused score
LEAST = 0.2  # weight below which the question is ranked alone
POINTING = 0.3  # the least weight where its words point back
ELLIPSIS = 0.5  # the weight where they say too little alone


def context_weight(cosine: float, lead: float, dependence: float) -> float:
    """Return the weight (0 to 1) that what was said before has in a question's ranking; 0: it is ranked alone.

    cosine: the question's to what was said. lead: score of its best passage over the next. dependence: 0 to 1, as far
    as its words point back; at 1 nothing else matters.
    """
    if dependence >= 1:
        return ELLIPSIS
    odds = sum(w * x for w, x in zip(CONTINUES, (cosine, math.log1p(lead), dependence), strict=True))
    weight = max(MOST / (1 + math.exp(-odds)), POINTING if dependence else 0)
    return weight if weight >= LEAST else 0.0
