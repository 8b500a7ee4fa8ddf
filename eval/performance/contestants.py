"""What the benchmark compares: Pincite, the obvious do-it-yourself, and frameworks that are found installed.

Each indexes texts into a folder, and answers from that folder in a fresh process, with the same weights. One process
does one thing and prints what it took as JSON; see `main` for its arguments.
"""

import importlib.util
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from retrieval.embedding import model_folder
from retrieval.settings import Settings

K = 10
Search = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Contestant:
    """build: index (titles, texts) into an empty folder. open: return a function that finds K passages.

    needs: the packages that must be installed.
    """

    needs: tuple[str, ...]
    build: Callable[[Sequence[tuple[str, str]], Path], object]
    open: Callable[[Path], Search]

    def installed(self) -> bool:
        """Tell whether all it needs can be imported."""
        return all(importlib.util.find_spec(name) for name in self.needs)


def _model() -> str:
    return str(model_folder(Settings()))


# --- Pincite


def _pincite_build(texts: Sequence[tuple[str, str]], folder: Path) -> None:
    from retrieval import Document, Library

    with Library(folder) as library:
        library.add([Document(str(number), title, text) for number, (title, text) in enumerate(texts)])


def _pincite_open(folder: Path) -> Search:
    from retrieval import Library

    library = Library(folder)
    return lambda question: library.search(question, k=K)


def _pincite_quotes(folder: Path) -> Search:
    from retrieval import Library

    return Library(folder).ask


# --- sentence-transformers and FAISS, as in every tutorial


def _diy_build(texts: Sequence[tuple[str, str]], folder: Path) -> None:
    import faiss
    from sentence_transformers import SentenceTransformer

    passages = [f"{title}\n{text}" for title, text in texts]
    vectors = SentenceTransformer(_model()).encode(passages, normalize_embeddings=True, show_progress_bar=False)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, str(folder / "index.faiss"))
    (folder / "texts.json").write_text(json.dumps(passages))


def _diy_open(folder: Path) -> Search:
    import faiss
    from sentence_transformers import SentenceTransformer

    model, index = SentenceTransformer(_model()), faiss.read_index(str(folder / "index.faiss"))
    passages = json.loads((folder / "texts.json").read_text())

    def search(question: str) -> list[str]:
        vectors = model.encode([question], normalize_embeddings=True, show_progress_bar=False)
        _, found = index.search(vectors, K)
        return [passages[i] for i in found[0]]

    return search


# --- frameworks


def _txtai_build(texts: Sequence[tuple[str, str]], folder: Path) -> None:
    from txtai import Embeddings

    embeddings = Embeddings(path=_model(), content=True)
    embeddings.index(f"{title}\n{text}" for title, text in texts)
    embeddings.save(str(folder / "index"))


def _txtai_open(folder: Path) -> Search:
    from txtai import Embeddings

    embeddings = Embeddings()
    embeddings.load(str(folder / "index"))
    return lambda question: embeddings.search(question, K)


def _chroma(folder: Path) -> Any:
    import chromadb
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

    client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
    function: Any = SentenceTransformerEmbeddingFunction(_model())
    return client.get_or_create_collection("texts", embedding_function=function)


def _chroma_build(texts: Sequence[tuple[str, str]], folder: Path) -> None:
    collection = _chroma(folder)
    for first in range(0, len(texts), 1000):
        block = texts[first : first + 1000]
        ids = [str(number) for number in range(first, first + len(block))]
        collection.add(ids=ids, documents=[f"{title}\n{text}" for title, text in block])


def _chroma_open(folder: Path) -> Search:
    collection = _chroma(folder)
    return lambda question: collection.query(query_texts=[question], n_results=K)


def _langchain_build(texts: Sequence[tuple[str, str]], folder: Path) -> None:
    from langchain_core.vectorstores import InMemoryVectorStore
    from langchain_huggingface import HuggingFaceEmbeddings

    store = InMemoryVectorStore(HuggingFaceEmbeddings(model_name=_model()))
    store.add_texts([f"{title}\n{text}" for title, text in texts])
    store.dump(str(folder / "store.json"))


def _langchain_open(folder: Path) -> Search:
    from langchain_core.vectorstores import InMemoryVectorStore
    from langchain_huggingface import HuggingFaceEmbeddings

    store = InMemoryVectorStore.load(str(folder / "store.json"), HuggingFaceEmbeddings(model_name=_model()))
    return lambda question: store.similarity_search(question, k=K)


def _llama_model() -> Any:
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    return HuggingFaceEmbedding(model_name=_model())


def _llama_build(texts: Sequence[tuple[str, str]], folder: Path) -> None:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.schema import TextNode

    nodes = [TextNode(text=f"{title}\n{text}") for title, text in texts]
    VectorStoreIndex(nodes, embed_model=_llama_model()).storage_context.persist(str(folder))


def _llama_open(folder: Path) -> Search:
    from llama_index.core import StorageContext, load_index_from_storage

    context = StorageContext.from_defaults(persist_dir=str(folder))
    index = load_index_from_storage(context, embed_model=_llama_model())
    retriever: Any = index.as_retriever(similarity_top_k=K)
    return lambda question: retriever.retrieve(question)


def _haystack_build(texts: Sequence[tuple[str, str]], folder: Path) -> None:
    from haystack import Document
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersDocumentEmbedder

    embedder = SentenceTransformersDocumentEmbedder(model=_model(), progress_bar=False)
    embedder.warm_up()
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    documents = [Document(content=f"{title}\n{text}") for title, text in texts]
    store.write_documents(embedder.run(documents)["documents"])
    store.save_to_disk(str(folder / "store.json"))


def _haystack_open(folder: Path) -> Search:
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder

    embedder = SentenceTransformersTextEmbedder(model=_model(), progress_bar=False)
    embedder.warm_up()
    store = InMemoryDocumentStore.load_from_disk(str(folder / "store.json"))
    return lambda question: store.embedding_retrieval(embedder.run(question)["embedding"], top_k=K)


PINCITE, QUOTES, DIY = "Pincite", "Pincite, with quotes", "sentence-transformers + FAISS"
CONTESTANTS = {
    PINCITE: Contestant((), _pincite_build, _pincite_open),
    QUOTES: Contestant((), _pincite_build, _pincite_quotes),
    DIY: Contestant(("faiss", "sentence_transformers"), _diy_build, _diy_open),
    "txtai": Contestant(("txtai",), _txtai_build, _txtai_open),
    "Chroma": Contestant(("chromadb",), _chroma_build, _chroma_open),
    "LangChain": Contestant(("langchain_core", "langchain_huggingface"), _langchain_build, _langchain_open),
    "LlamaIndex": Contestant(("llama_index",), _llama_build, _llama_open),
    "Haystack": Contestant(("haystack", "haystack_integrations"), _haystack_build, _haystack_open),
}


# --- one process


def main() -> None:
    """Run NAME build|ask FOLDER TEXTS QUESTIONS START, and print {"seconds" or "cold" and "milliseconds", "mib"}.

    cold: seconds from START, the time when the process was started, to the first answer. Imports are in it, and in no
    other figure.
    """
    name, action, folder, texts, questions, start = sys.argv[1:]
    contestant = CONTESTANTS[name]
    if action == "build":
        took = _build(contestant, [tuple(pair) for pair in json.loads(Path(texts).read_text())], Path(folder))
    else:
        took = _ask(contestant, json.loads(Path(questions).read_text()), Path(folder), float(start))
    print(json.dumps(took | {"mib": _peak()}))


def _build(contestant: Contestant, texts: Sequence[tuple[str, str]], folder: Path) -> dict[str, Any]:
    with TemporaryDirectory() as warm:
        contestant.build(texts[:2], Path(warm))  # so that imports are not timed
    began = time.perf_counter()
    contestant.build(texts, folder)
    return {"seconds": time.perf_counter() - began}


def _ask(contestant: Contestant, questions: Sequence[str], folder: Path, start: float) -> dict[str, Any]:
    search = contestant.open(folder)
    search(questions[0])
    cold = time.time() - start
    times = []
    for question in questions:
        began = time.perf_counter()
        search(question)
        times.append((time.perf_counter() - began) * 1e3)
    return {"cold": cold, "milliseconds": times}


def _peak() -> float:
    """Return the largest memory so far in MiB; what is resident now where the system does not keep the largest."""
    info = psutil.Process().memory_info()
    try:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    except ImportError:  # Windows keeps it in psutil's record
        return float(getattr(info, "peak_wset", info.rss)) / 2**20


if __name__ == "__main__":
    main()
