"""Whether a page is ready, and what it tells those who ask."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from articles import ARTICLES
from engines import Engine, patient
from fakes import HashedEncoder
from starlette.applications import Starlette
from starlette.testclient import TestClient

from retrieval import Document, Library, Settings
from retrieval.errors import DocumentError, ModelError
from ui.server import probe_routes
from ui.web import Service


class Unprepared(HashedEncoder):
    """A model that is missing at first."""

    missing = True

    def question(self, text):
        if self.missing:
            raise ModelError("the weights in /secret/place are missing")
        return super().question(text)


def test_a_page_is_ready_once_its_model_is_and_recovers_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("ui.server.readiness.RETRY_SECONDS", 0.0)
    encoder = Unprepared()
    with Library(tmp_path / "l", Settings(), encoder=encoder) as library:
        library.add(Document("tea", "Tea", ARTICLES["tea.txt"]))
        service = Service(library)
        client = TestClient(Starlette(routes=probe_routes(service.readiness, service.watch)))
        assert client.get("/healthz").status_code == 200
        assert (client.get("/readyz").status_code, client.get("/readyz").text) == (503, "the model is being loaded\n")
        service.warm()
        broken = client.get("/readyz")
        assert (broken.status_code, broken.text) == (503, "the library or the model cannot be used; the log says why\n")
        assert "/secret/place" in service.status()["error"]
        encoder.missing = False
        assert (client.get("/readyz").status_code, service.status()["error"]) == (200, "")


def test_a_damaged_library_makes_a_page_unready(tmp_path):
    with Library(tmp_path / "l", Settings(), encoder=HashedEncoder()) as library:
        library.add(Document("tea", "Tea", ARTICLES["tea.txt"]))
    with Library(tmp_path / "l", Settings(), encoder=HashedEncoder()) as library:
        service = Service(library)
        service.warm()
        library.close()
        (tmp_path / "l" / "library.db").write_bytes(b"no database" * 1000)
        client = TestClient(Starlette(routes=probe_routes(service.readiness, service.watch)))
        unready = client.get("/readyz")
        assert (unready.status_code, unready.text) == (503, "the library does not answer; the log says why\n")
        assert "pincite_library_up 0.0" in client.get("/metrics").text


@pytest.mark.slow
def test_a_page_is_ready_when_its_engine_answers_and_keeps_uploads_where_copies_find_them(tmp_path):
    engine = Engine(tmp_path / "milvus")
    try:
        with Library(engine.address(), patient(2.0), encoder=HashedEncoder()) as library:
            library.add(Document("tea", "Tea", ARTICLES["tea.txt"]))
            service = Service(library)
            service.warm()
            client = TestClient(Starlette(routes=probe_routes(service.readiness, service.watch)))
            assert client.get("/readyz").status_code == 200
            sent = SimpleNamespace(files=[("moth.txt", b"The Kelso moth is blue.")])
            with pytest.raises(DocumentError, match="has nowhere to stay; start the page with --uploads"):
                service.upload(sent)
            shared = Service(library, uploads=tmp_path / "uploads")
            source = library.document(shared.upload(sent)["doc_id"]).source
            assert source.startswith(f"{tmp_path}/uploads/") and source.endswith("/moth.txt")
            engine.stop()
            assert (client.get("/readyz").status_code, client.get("/healthz").status_code) == (503, 200)
            engine.start()
            deadline = time.monotonic() + 30  # it reads its files first
            while client.get("/readyz").status_code != 200:
                assert time.monotonic() < deadline
    finally:
        engine.stop()


class Slow:
    """What a Service asks of a library whose engine is away for a while."""

    path, name, settings = Path("nowhere"), "nowhere", Settings()

    def __init__(self):
        self.back = threading.Event()

    def generation(self):
        self.back.wait(30)
        return 1

    def documents(self):
        return []


def test_probes_do_not_pile_up_while_an_engine_is_silent(monkeypatch):
    monkeypatch.setattr("ui.server.readiness.PATIENCE_SECONDS", 0.05)
    service = Service(Slow())
    service.warm()
    first = threading.Thread(target=service.readiness.problem)
    first.start()
    assert [service.readiness.problem() for _ in range(3)] == ["the library does not answer; the log says why"] * 3
    service.library.back.set()
    first.join()
    assert service.readiness.problem() == ""
