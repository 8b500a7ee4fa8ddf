from articles import ARTICLES

from eval.data.datasets import Dataset, Query
from eval.quality.backends import compare
from retrieval import Document


def test_a_folder_and_a_server_give_the_same_answers(engine, encoder):
    documents = tuple(Document(name, name.title(), text) for name, text in ARTICLES.items())
    queries = (
        Query("q1", "Who opened the bridge at Harwick?", relevant={"bridge.md": 1}),
        Query("q2", "How old is the sourdough starter?", relevant={"bakery": 1}),
        Query("q3", "What does a colony eat in winter?", relevant={"tea.txt": 1}),
    )
    found = compare(Dataset("articles", documents, queries), engine.address())
    assert (found.questions, found.failed, found.same_quote, found.same_passage) == (3, 0, 1.0, 1.0)
    assert found.ndcg[0] == found.ndcg[1] and 0.66 < found.ndcg[0] < 1
    assert str(found).startswith("articles: 3 questions, 0 failed; nDCG@10 0.")
