"""Servers that stop, are slow, refuse or are others, and addresses of such. Milvus Lite's real server but where said."""

import base64
import shutil
import subprocess
import threading
import time
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import pytest
from engines import Engine, free_port, opened, patient
from fakes import HashedEncoder, assert_answers, numbered

from retrieval import Library
from retrieval.errors import LibraryError, UnreachableError
from retrieval.storage.copying import copy
from ui.web.service import Service, guarded

grpc = pytest.importorskip("grpc", reason="not installed: pip install 'pincite[cluster]'")
pytest.importorskip("pymilvus", reason="not installed: pip install 'pincite[cluster]'")
from retrieval.storage.milvus.client import Address  # noqa: E402
from retrieval.storage.milvus.filters import hashed  # noqa: E402
from retrieval.storage.milvus.rows import record  # noqa: E402

ENCODER = HashedEncoder()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("milvus://host:1234/news", ("host", 1234, "news")), ("milvus://10.0.0.7/a_1", ("10.0.0.7", 19530, "a_1")),
     ("milvus://[::1]:9/x/", ("[::1]", 9, "x")),
     (Path("milvus://host:1/a"), ("host", 1, "a"))],
)  # fmt: skip
def test_an_address_names_a_server_and_a_library(text, expected):
    address = Address.of(str(text))
    assert (address.host, address.port, address.library) == expected


@pytest.mark.parametrize("text", ["milvus://host", "milvus://host:1/a-b", "milvus://host:x/a", "milvus://h/a/b"])
def test_what_is_no_address_says_what_one_is(text):
    with pytest.raises(LibraryError, match="expected milvus://HOST:PORT/NAME"):
        Library(text)


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory):
    """A server that may be stopped; it must be running again at the end of a test."""
    started = Engine(tmp_path_factory.mktemp("own") / "data")
    yield started
    started.resume()
    started.stop()


def test_a_server_that_is_restarted_loses_nothing_and_is_waited_for(own_engine):
    address = own_engine.address()
    with Library(address, patient(60.0), encoder=ENCODER) as library:
        library.add([numbered(0, 0)])
        restarted = threading.Thread(target=lambda: (own_engine.stop(), own_engine.start()))

        def restart(done, total, name):
            if done == 3:
                restarted.start()

        names = [f"d{number}" for number in range(40)]
        report = library.add([numbered(int(name[1:]), 0) for name in names], progress=restart)
        restarted.join()
        assert (len(report.added), len(report.failed)) == (39, 0)
        assert_answers(library, names[::8])
        own_engine.stop()
        answers = []
        asking = threading.Thread(target=lambda: answers.append(library.ask("mark word7v0")))
        asking.start()
        time.sleep(0.3)
        own_engine.start()
        asking.join()
        assert answers[0].citations[0].doc_id == "d7"
        library.check()


@contextmanager
def gone(own_engine, library):
    """Expect that the server is killed in the block, and that this is said; it is started again at the end."""
    said = f"127.0.0.1:{own_engine.port} has not answered within 1 s; check that it runs"
    try:
        with pytest.raises(UnreachableError, match=said):
            yield
    finally:
        own_engine.start()
    library.backend.client.seconds = 60.0  # the machine may be busy


@pytest.mark.parametrize("writes", [1, 8, 20])
def test_a_server_that_is_killed_while_documents_are_added_keeps_what_was_acknowledged(own_engine, writes):
    left, told = iter(range(writes, -1000, -1)), []

    def killing(method, *arguments, **options):
        if method == "upsert" and next(left) == 0:
            own_engine.stop()
        return call(method, *arguments, **options)

    with Library(own_engine.address(), patient(1.0), encoder=ENCODER) as library:
        given, call = [numbered(number, 0) for number in range(10)], library.backend.client.call
        library.add(given[:1])
        library.backend.client.call = killing
        with gone(own_engine, library):
            library.add(given, progress=lambda done, total, name: told.append(name))
        assert_answers(library, {"d0", *told})
        library.add(given)
        assert (library.info()["documents"], library.info()["passages"]) == (10, 60)
        assert_answers(library, [f"d{number}" for number in range(10)])
        library.check()


def test_a_server_that_is_killed_while_it_is_asked_answers_later(own_engine):
    with Library(own_engine.address(), patient(1.0), encoder=ENCODER) as library:
        library.add([numbered(0, 0)])
        tokens = library.backend.passages.tokens
        library.backend.passages.tokens = lambda ids: (own_engine.stop(), tokens(ids))[1]
        with gone(own_engine, library):
            library.ask("mark word0v0")
        library.backend.passages.tokens = tokens
        assert_answers(library, ["d0"])


@pytest.mark.parametrize("killed", ["source", "target"])
def test_a_server_that_is_killed_while_a_library_is_copied_has_it_whole_later(own_engine, tmp_path, killed):
    def kill(done, total, name):
        if done == 4:
            own_engine.stop()

    here = Library(tmp_path / "here", patient(), encoder=ENCODER)
    with here, Library(own_engine.address(), patient(1.0), encoder=ENCODER) as there:
        source, target = (there, here) if killed == "source" else (here, there)
        source.add([numbered(number, 0) for number in range(10)])
        with gone(own_engine, there):
            copy(source.backend, target.backend, kill, batch_passages=12)
        assert_answers(target, [document.doc_id for document in target.documents()])
        assert len(target.documents()) >= 4
        assert source.copy_to(target).documents == 10
        assert_answers(target, [f"d{number}" for number in range(10)])


def test_a_server_that_does_not_answer_is_named_in_time(own_engine):
    with Library(own_engine.address(), patient(1.0), encoder=ENCODER) as library:
        library.add([numbered(0, 0)])
        own_engine.pause()
        began = time.monotonic()
        for use in (lambda: library.ask("mark word0v0"), lambda: library.add([numbered(1, 0)])):
            with pytest.raises(
                UnreachableError, match=f"127.0.0.1:{own_engine.port} has not answered within 1 s; check"
            ):
                use()
        assert time.monotonic() - began < 20
        own_engine.resume()
        library.backend.client.seconds = 30.0  # the machine may be busy
        assert library.ask("mark word0v0").citations[0].doc_id == "d0"


def test_the_page_says_so_and_recovers_by_itself(own_engine):
    with Library(own_engine.address(), patient(1.0), encoder=ENCODER) as library:
        library.add([numbered(0, 0)])
        service = Service(library)
        service.warm()
        ask = guarded(service.ask)
        own_engine.stop()
        assert f"127.0.0.1:{own_engine.port} has not answered" in ask({"question": "mark word0v0"})["error"]
        own_engine.start()
        library.backend.client.seconds = 30.0
        assert "word0v0" in ask({"question": "mark word0v0"})["html"]


def test_where_there_is_no_server_the_address_is_said():
    port = free_port()
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port} has not answered within 0.2 s; check that it runs"):
        Library(f"milvus://127.0.0.1:{port}/a", patient(0.2))


def test_a_library_of_another_schema_is_refused(engine):
    address = engine.address()
    backend = opened(address)
    row = record("meta", hashed("schema"), payload=["99"])
    backend.client.upsert("records", [row])
    with pytest.raises(LibraryError, match=f"{address} has schema 99, and this pincite reads 1; "):
        opened(address)


def test_a_library_that_is_not_there_is_not_made_by_asking(engine):
    address = engine.address()
    with pytest.raises(LibraryError, match=f"there is no {address}; make one with: pincite add --library {address}"):
        Library(address, patient(), create=False)
    with pytest.raises(LibraryError, match="expected one of FLAT, HNSW, HNSW_SQ, IVF_SQ8"):
        Library(address, patient(milvus_index="DISKANN"))


@pytest.mark.parametrize("kind", ["FLAT", "HNSW", "HNSW_SQ", "IVF_SQ8"])
def test_each_kind_of_index_finds(engine, kind):
    with Library(engine.address(), patient(milvus_index=kind), encoder=ENCODER) as library:
        library.add([numbered(number, 0) for number in range(3)])
        assert library.search("mark word2v0", k=1)[0].passage.doc_id == "d2"


class _Refusing(grpc.GenericRpcHandler):
    """Refuses as Milvus does without the right token, and keeps what was given; Milvus Lite has no tokens."""

    def __init__(self):
        self.given = []

    def service(self, details):
        self.given.append(base64.b64decode(dict(details.invocation_metadata).get("authorization", "")))

        def refuse(request, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check api key is correct")

        return grpc.unary_unary_rpc_method_handler(refuse)


@pytest.fixture
def refusing():
    """A server that refuses, and what makes it listen."""
    server, handler = grpc.server(futures.ThreadPoolExecutor(2)), _Refusing()
    server.add_generic_rpc_handlers([handler])
    yield server, handler
    server.stop(None)


def test_a_refused_token_says_how_to_set_it(refusing):
    server, handler = refusing
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    began = time.monotonic()
    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port} refuses the token; set PINCITE_MILVUS_TOKEN"):
        Library(f"milvus://127.0.0.1:{port}/a", patient(30.0, milvus_token="root:wrong"))
    assert time.monotonic() - began < 20  # it is not tried again
    assert handler.given[0] == b"root:wrong"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_certificate_is_trusted_that_is_named(refusing, tmp_path):
    server, handler = refusing
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    secret = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
    port = server.add_secure_port("localhost:0", secret)
    server.start()
    address = f"milvus://localhost:{port}/a"
    with pytest.raises(UnreachableError, match="refuses the token"):
        Library(address, patient(30.0, milvus_token="root:a", milvus_tls=str(certificate)))
    assert handler.given[0] == b"root:a"
    for tls in ("", "1"):  # no TLS, and certificates that the system trusts
        with pytest.raises(UnreachableError, match=r"has not answered within 0.5 s; .*PINCITE_MILVUS_TLS for https"):
            Library(address, patient(0.5, milvus_token="root:b", milvus_tls=tls))
    assert b"root:b" not in handler.given
    with pytest.raises(LibraryError, match=r"PINCITE_MILVUS_TLS names /nowhere.pem, which cannot be read"):
        Library(address, patient(0.5, milvus_tls="/nowhere.pem"))


@pytest.mark.slow
def test_without_pymilvus_it_is_said_what_to_install(python):
    code = """
import sys
sys.modules["pymilvus"] = None
from retrieval import Library, PinciteError
try:
    Library("milvus://127.0.0.1:1/a")
except PinciteError as error:
    print(error)
"""
    assert python(code).communicate() == ("a library on Milvus needs pymilvus; pip install 'pincite[cluster]'\n", "")
