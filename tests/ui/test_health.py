"""What a page says of its own state, who is let in, and the files that deploy it. In this process."""

import re
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from articles import ARTICLES, ROOT
from engines import Engine, patient
from fakes import HashedEncoder
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from retrieval import Document, Library, Settings
from retrieval.errors import DocumentError, ModelError
from ui.server import Credentials, Guard, credentials, login_routes
from ui.server import auth as login
from ui.web import Service, probes

SECRET = "a secret that both copies have, 1"
ANN = ("ann", "p:w")


# --- not ready


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
        client = TestClient(Starlette(routes=probes.routes(service)))
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
        client = TestClient(Starlette(routes=probes.routes(service)))
        unready = client.get("/readyz")
        assert (unready.status_code, unready.text) == (503, "the library does not answer; the log says why\n")
        assert "pincite_library_up 0.0" in client.get("/metrics").text


def test_a_page_is_ready_when_its_engine_answers_and_keeps_uploads_where_copies_find_them(tmp_path):
    engine = Engine(tmp_path / "milvus")
    try:
        with Library(engine.address(), patient(2.0), encoder=HashedEncoder()) as library:
            library.add(Document("tea", "Tea", ARTICLES["tea.txt"]))
            service = Service(library)
            service.warm()
            client = TestClient(Starlette(routes=probes.routes(service)))
            assert client.get("/readyz").status_code == 200
            sent = SimpleNamespace(files=[("moth.txt", b"The Kelso moth is blue.")])
            with pytest.raises(DocumentError, match="has nowhere to stay; start the page with --uploads"):
                service.upload(sent)
            shared = Service(library, uploads=tmp_path / "uploads")
            source = library.document(shared.upload(sent)["doc_id"]).source
            assert source.startswith(f"{tmp_path}/uploads/moth-")
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


# --- logging in


def test_a_login_is_good_for_copies_with_the_same_password_and_secret():
    known = Credentials(*ANN, SECRET)
    ticket = known.ticket()
    assert known._is_signed(ticket)
    assert Credentials(*ANN, SECRET)._is_signed(ticket)
    others = Credentials("ann", "other", SECRET), Credentials(*ANN, SECRET + "2"), Credentials(*ANN), Credentials(*ANN)
    assert not any(other._is_signed(ticket) for other in others)
    assert len({known.cookie, *(other.cookie for other in others)}) == 5
    assert not known._is_signed(ticket[:-1]) and not known._is_signed("") and not known._is_signed("in")


def test_the_cookie_is_for_this_site_and_its_server_only():
    known = Credentials(*ANN)
    client = TestClient(Starlette(routes=login_routes(known)), follow_redirects=False)
    assert client.post("/login", data={"username": "ann", "password": "x"}).status_code == 400
    assert client.post("/login", content=b"\xff&password").status_code == 400
    given = dict(zip(("username", "password"), ANN, strict=True))
    plain = client.post("/login", data=given).headers["set-cookie"]
    assert plain.startswith(f"{known.cookie}=in.") and "HttpOnly" in plain and "SameSite=lax" in plain
    assert "Secure" not in plain
    assert "Secure" in client.post("/login", data=given, headers={"x-forwarded-proto": "https"}).headers["set-cookie"]
    out = client.get("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "./")
    assert f'{known.cookie}=""' in out.headers["set-cookie"]


def test_nothing_speaks_websocket():
    guard = Guard(Starlette(), local=False, most=1)
    with pytest.raises(WebSocketDisconnect), TestClient(guard).websocket_connect("/gradio_api/anything"):
        pass


def test_a_login_ends(monkeypatch):
    known = Credentials(*ANN)
    monkeypatch.setattr(login, "DAYS", -1)
    assert not known._is_signed(known.ticket())


def test_a_secret_that_could_be_guessed_is_refused(tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    assert credentials("ann:p:w", f"@{tmp_path / 'secret'}")._is_signed(Credentials(*ANN, SECRET).ticket())
    with pytest.raises(ValueError, match="the secret has 5 characters; make one of at least 32 at random"):
        credentials("ann:p:w", "short")


# --- the deployment files


def test_only_the_balancer_is_published_and_to_this_machine_only():
    services = yaml.safe_load((ROOT / ".deploy/compose.yaml").read_text())["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"balancer": ["127.0.0.1:7860:8080"]}
    assert all("networks" in service and service["restart"] == "unless-stopped" for service in services.values())


def test_what_the_deployment_asks_of_the_command_is_there(pincite):
    services = yaml.safe_load((ROOT / ".deploy/compose.yaml").read_text())["services"]
    offered = pincite("ui", "--help").output
    options = [word for word in services["pincite"]["command"] if word.startswith("--")]
    assert options and all(option in offered for option in options)
    variables = set(services["pincite"]["environment"])
    assert variables - set(re.findall("PINCITE_[A-Z]+", offered)) == {"PINCITE_MILVUS_TOKEN", "PINCITE_THREADS"}
    needed = set(re.findall(r"\$\{(\w+):", (ROOT / ".deploy/compose.yaml").read_text()))
    assert needed == {line.rstrip("=\n") for line in (ROOT / ".deploy/env.example").open() if not line.startswith("#")}


def test_the_values_for_a_cluster_are_yaml_inside_yaml():
    values = yaml.safe_load((ROOT / ".deploy/milvus-values.yaml").read_text())
    settings = yaml.safe_load(values["extraConfigFiles"]["user.yaml"])
    assert settings["common"]["security"]["authorizationEnabled"] is True
    assert settings["queryCoord"]["clusterLevelLoadReplicaNumber"] == 2
    assert values["queryNode"]["replicas"] == 6


def test_questions_are_not_logged_by_half(pincite):
    result = pincite("ui", "--log-questions")
    assert result.exit_code == 2 and "is of use with --log-json only" in result.output
