"""The retrievers of other frameworks, each with the real package."""

import asyncio
import importlib

import pytest
from fakes import HashedEncoder

from retrieval import Document, Library, Settings
from retrieval.errors import LibraryError, QuestionError

BEES = "Honey bees do not hibernate. They shiver to stay warm."
TEA = "Green tea is made of leaves that are heated."
QUESTION = "Which leaves are heated?"
PLACE = {"doc_id": "t1", "title": "Tea", "source": None, "locator": "¶ 1", "start": 0, "end": len(TEA), "year": 2020}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with Library(
        tmp_path_factory.mktemp("retrievers") / "library", Settings(threshold=0.0), encoder=HashedEncoder()
    ) as library:
        library.add([Document("b1", "Bees", BEES), Document("t1", "Tea", TEA, metadata={"year": 2020})])
        yield library


def adapter(name, package):
    pytest.importorskip(package, reason=f"needs pip install 'pincite[{name.replace('_', '-')}]'")
    return importlib.import_module(f"retrieval.integrations.{name}").PinciteRetriever


def shared(metadata):
    return {name: metadata[name] for name in PLACE}


@pytest.mark.slow
def test_langchain(library):
    retriever = adapter("langchain", "langchain_core")
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import RunnableLambda

    assert issubclass(retriever, BaseRetriever)
    made = retriever(library=library, k=2)
    best, other = made.invoke(QUESTION)
    assert (best.id, best.page_content, shared(best.metadata)) == (f"t1:0-{len(TEA)}", TEA, PLACE)
    assert best.metadata["score"] > other.metadata["score"] and other.page_content == BEES
    assert asyncio.run(made.ainvoke(QUESTION)) == [best, other]
    chain = made | RunnableLambda(lambda found: found[0].metadata["title"])
    assert chain.invoke(QUESTION) == "Tea"
    only = retriever(library=library, where={"doc_id": "b1"})
    assert [found.page_content for found in only.invoke(QUESTION)] == [BEES]
    with pytest.raises(QuestionError):
        made.invoke("")


@pytest.mark.slow
def test_llama_index(library, monkeypatch):
    monkeypatch.setenv("IS_TESTING", "1")  # LlamaIndex's own switch: no language model of OpenAI is looked for
    retriever = adapter("llama_index", "llama_index.core")
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.query_engine import RetrieverQueryEngine

    assert issubclass(retriever, BaseRetriever)
    made = retriever(library, k=2)
    best, other = made.retrieve(QUESTION)
    assert (best.node_id, best.text, shared(best.metadata)) == (f"t1:0-{len(TEA)}", TEA, PLACE)
    assert (best.node.start_char_idx, best.node.end_char_idx, best.node.ref_doc_id) == (0, len(TEA), "t1")
    assert best.score > other.score and other.text == BEES
    assert [found.text for found in asyncio.run(made.aretrieve(QUESTION))] == [TEA, BEES]
    assert [found.text for found in retriever(library, where={"doc_id": "b1"}).retrieve(QUESTION)] == [BEES]
    engine = RetrieverQueryEngine.from_args(made, response_mode="no_text")
    assert [found.text for found in engine.query(QUESTION).source_nodes] == [TEA, BEES]


def test_haystack(library, monkeypatch):
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "False")
    retriever = adapter("haystack", "haystack")
    from haystack import Pipeline
    from haystack.components.joiners import DocumentJoiner

    pipeline = Pipeline()
    pipeline.add_component("pincite", retriever(library, top_k=2))
    pipeline.add_component("joiner", DocumentJoiner(sort_by_score=False))
    pipeline.connect("pincite.documents", "joiner.documents")
    best, other = pipeline.run({"pincite": {"query": QUESTION}})["joiner"]["documents"]
    assert (best.id, best.content, shared(best.meta)) == (f"t1:0-{len(TEA)}", TEA, PLACE)
    assert best.score > other.score and other.content == BEES
    told = {"query": QUESTION, "top_k": 1, "where": {"doc_id": "b1"}}
    assert [found.content for found in retriever(library).run(**told)["documents"]] == [BEES]


def test_a_haystack_pipeline_is_saved_with_the_name_of_its_library(library, tmp_path):
    retriever = adapter("haystack", "haystack")
    kept = retriever(library, top_k=3, where={"doc_id": "b1"}).to_dict()
    assert kept["type"] == "retrieval.integrations.haystack.PinciteRetriever"
    assert kept["init_parameters"] == {"library": library.name, "top_k": 3, "where": {"doc_id": "b1"}}
    assert retriever.from_dict(kept).to_dict() == kept
    kept["init_parameters"]["library"] = str(tmp_path / "none")
    with pytest.raises(LibraryError):
        retriever.from_dict(kept)
