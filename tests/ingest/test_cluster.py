"""Files are encoded on a Ray cluster of local node processes; one of them is killed, and so is the process that writes."""

import os
import re
import signal
import sqlite3
import sys
import time

import numpy as np
import pytest
from articles import ARTICLES, QUESTIONS, ROOT
from encoders import SlowEncoder, Wanting
from engines import patient
from fakes import HashedEncoder, about_bees, prepare
from folders import write

from retrieval import Library, Settings
from retrieval.errors import ClusterError
from retrieval.ingest.cluster import Job, Work, pack, unpack

COUNT = 64
LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # so that 127.0.0.1 is not exchanged for the machine's address
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_raylet_start_wait_time_s": "120",  # on a busy machine a node takes its time to register
    "RAY_health_check_period_ms": "300",
    "RAY_health_check_timeout_ms": "1000",
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")]),
}
LEAN = {"include_log_monitor": False, "object_store_memory": 80 * 2**20}
ADDING = """
import sys
from retrieval import Library
from encoders import SlowEncoder
with Library(sys.argv[1], encoder=SlowEncoder(sys.argv[4])) as library:
    library.add(sys.argv[2], ray=sys.argv[3], progress=lambda done, total, name: print(done, flush=True))
"""
LISTENING = """
import sys, psutil
from fakes import HashedEncoder
from retrieval import Library
def look(done, total, name):
    own = psutil.Process()
    connections = [each for process in [own, *own.children(recursive=True)] for each in process.net_connections()]
    open_to = {each.laddr.ip for each in connections if each.status == "LISTEN"}
    print(sorted(open_to), {each.raddr.ip for each in connections if each.raddr} - open_to)
with Library(sys.argv[1], encoder=HashedEncoder()) as library:
    print(library.add(sys.argv[2], ray="local", progress=look))
"""


@pytest.fixture(scope="module")
def cluster():
    """A head without cores and a node of one, on the loopback interface."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in LOOPBACK.items():
            patched.setenv(name, value)
        from ray.cluster_utils import Cluster

        started = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "include_dashboard": False, "no_monitor": True, **LEAN},
        )
        started.add_node(num_cpus=1, **LEAN)
        yield started
        started.shutdown()


def texts(folder, count):
    """Write files of some 4,000 characters, each with a word of its own."""
    filler = "The keeper weighs the hive in March. Bees shiver to stay warm, and a colony eats honey all winter. " * 6
    for number in range(count):
        write(folder / f"f{number}.txt", "\n\n".join([f"The mark is word{number}.", *[filler] * 6, "It stays."]))
    return folder


def stored(folder):
    """Return every passage of a library with all that was encoded, in a fixed order."""
    with sqlite3.connect(folder / "library.db") as connection:
        return connection.execute(
            """SELECT d.doc_id, p.start, p."end", p.number, d.source, p.text, t.sentences, t.bits, p.vector,
               p.sentence_vectors FROM passages p JOIN documents d ON d.id = p.document JOIN tokens t ON t.id = p.id
               ORDER BY 1, 2, 3"""
        ).fetchall()


def lines_until(process, done):
    """Read progress until so many files are stored."""
    while (line := process.stdout.readline()) and int(line) < done:
        pass
    assert line, process.stderr.read()


@pytest.mark.ray
def test_a_node_and_then_the_writer_are_killed(cluster, python, tmp_path):
    """Every passage is there exactly once, as after an add without a cluster, and what was stored is not sent again."""
    folder = texts(tmp_path / "docs", COUNT)
    (seen := tmp_path / "seen").mkdir()
    lost = cluster.add_node(num_cpus=2, **LEAN)
    first = python(ADDING, tmp_path / "library", folder, cluster.address, seen)
    while not (seen / lost.node_id).exists() and first.poll() is None:
        time.sleep(0.05)
    lines_until(first, 10)
    cluster.remove_node(lost, allow_graceful=False)
    lines_until(first, 30)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = len({row[0] for row in stored(tmp_path / "library")})
    assert 30 <= kept < COUNT
    with Library(tmp_path / "library", encoder=SlowEncoder(seen)) as again:
        report = again.add(folder, ray=cluster.address)
    assert str(report) == f"{COUNT - kept} added, {kept} unchanged, 0 replaced, 0 failed"
    with Library(tmp_path / "plain", encoder=HashedEncoder()) as plain:
        plain.add(folder)
    assert stored(tmp_path / "library") == stored(tmp_path / "plain")
    assert len(stored(tmp_path / "plain")) == 8 * COUNT


@pytest.mark.ray
def test_the_model_gives_the_same_quotes_and_vectors(cluster, pincite, tmp_path):
    """Vectors differ in the last digits, as texts are padded to others' length."""
    for name in ("bees.txt", "bridge.md", "tea.txt", "volcano.txt"):
        write(tmp_path / "docs" / name, ARTICLES[name])
    result = pincite("add", "--library", tmp_path / "far", "--ray", cluster.address, tmp_path / "docs")
    assert (result.exit_code, result.stdout) == (0, "4 added, 0 unchanged, 0 replaced, 0 failed\n")
    assert pincite("add", "--library", tmp_path / "near", tmp_path / "docs").exit_code == 0
    far, near = stored(tmp_path / "far"), stored(tmp_path / "near")
    assert [row[:7] for row in far] == [row[:7] for row in near]
    vectors = [np.array([np.frombuffer(row[8], np.float32) for row in rows]) for rows in (far, near)]
    np.testing.assert_allclose(*vectors, atol=1e-5)
    with Library(tmp_path / "far") as a, Library(tmp_path / "near") as b:
        for question in QUESTIONS[:13]:
            quotes = [(c.quote, c.start, c.source) for c in a.ask(question).citations]
            assert quotes == [(c.quote, c.start, c.source) for c in b.ask(question).citations]
            assert quotes


@pytest.mark.ray
def test_files_are_reported_as_by_a_plain_add(cluster, tmp_path):
    """New, the same again, changed, moved, copied, damaged, of no known type, with a name that is no text."""
    folder = texts(tmp_path / "docs", 4)
    write(folder / "bad.docx", b"nothing")
    write(folder / "odd.xyz", "x")
    (folder / os.fsdecode(b"\xff.txt")).write_text("x")
    given = [folder, tmp_path / "absent", about_bees("m")]
    with (
        Library(tmp_path / "far", encoder=HashedEncoder()) as far,
        Library(tmp_path / "near", encoder=HashedEncoder()) as near,
    ):
        reports = [far.add(given, ray=cluster.address), near.add(given)]
        assert in_order(reports[0]) == in_order(reports[1])
        assert len(reports[0].failed) == 4
        write(folder / "f0.txt", "Ice melts in spring.")
        (folder / "f1.txt").rename(folder / "moved.txt")
        write(folder / "copy.txt", (folder / "f2.txt").read_bytes())
        reports = [far.add(given, ray=cluster.address), near.add(given)]
        assert in_order(reports[0]) == in_order(reports[1])
        assert str(reports[0]) == "0 added, 5 unchanged, 1 replaced, 4 failed"
        assert far.backend.files.all() == near.backend.files.all()
    assert stored(tmp_path / "far") == stored(tmp_path / "near")


def in_order(report):
    names = {kind: sorted(getattr(report, kind)) for kind in ("added", "unchanged", "replaced")}
    return names | {"failed": sorted(map(str, report.failed))}


@pytest.mark.ray
def test_a_library_on_milvus_is_written_by_this_process_too(cluster, engine, tmp_path):
    folder = texts(tmp_path / "docs", 6)
    with Library(engine.address(), patient(), encoder=HashedEncoder()) as library:
        assert str(library.add(folder, ray=cluster.address)) == "6 added, 0 unchanged, 0 replaced, 0 failed"
        write(folder / "f0.txt", "Ice melts in spring.")
        assert str(library.add(folder, ray=cluster.address)) == "0 added, 5 unchanged, 1 replaced, 0 failed"
        assert library.info()["passages"] == 5 * 8 + 1
        assert library.ask("mark word3").citations[0].quote == "The mark is word3."


@pytest.mark.ray
def test_what_the_cluster_loses_is_an_error_and_the_rest_is_stored(cluster, tmp_path):
    folder = texts(tmp_path / "docs", 16)
    write(folder / "f9.txt", "This is unspeakable.")
    with Library(tmp_path / "library", encoder=Wanting()) as library:
        with pytest.raises(
            ClusterError, match=r"nothing for \d files, among them .*docs/f\d+.txt; \d+ added"
        ) as caught:
            library.add(folder, ray=cluster.address)
        lost, kept = map(int, re.findall(r"(\d+) (?:files|added)", str(caught.value)))
        assert (lost + kept, len(library.documents())) == (16, kept)
        write(folder / "f9.txt", "This can be said.")
        report = library.add(folder, ray=cluster.address)
        assert str(report) == f"{lost} added, {kept} unchanged, 0 replaced, 0 failed"


@pytest.mark.ray
def test_an_encoder_that_is_another_elsewhere_is_an_error(cluster, tmp_path):
    with (
        Library(tmp_path / "library", encoder=Wanting("other")) as library,
        pytest.raises(ClusterError, match="has encoder other, the library hashed-words; install the same model"),
    ):
        library.add(texts(tmp_path / "docs", 1), ray=cluster.address)


@pytest.mark.ray
def test_a_local_cluster_stays_on_the_loopback_interface(python, tmp_path):
    out, _ = python(LISTENING, tmp_path / "library", texts(tmp_path / "docs", 1)).communicate()
    assert out == "['127.0.0.1', '::ffff:127.0.0.1'] set()\n1 added, 0 unchanged, 0 replaced, 0 failed\n"


@pytest.mark.ray
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "is no address of a Ray cluster; expected HOST:PORT, auto or local"),
        ("ray://127.0.0.1:10001", "is no address of a Ray cluster"),
        ("127.0.0.1:1", "there is no Ray cluster at 127.0.0.1:1, or this machine is no part of it"),
    ],
)
def test_an_address_where_no_cluster_is(address, said, hashed, tmp_path):
    with pytest.raises(ClusterError, match=said):
        hashed.add(texts(tmp_path / "docs", 1), ray=address)
    assert hashed.documents() == []


@pytest.mark.ray
def test_the_command_says_what_is_wrong(pincite, tmp_path):
    result = pincite("add", "--library", tmp_path / "library", "--ray", "nonsense", texts(tmp_path / "docs", 1))
    assert result.exit_code == 3
    assert "'nonsense' is no address of a Ray cluster" in result.stderr


def test_without_ray(hashed, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install 'pincite\[cluster\]'"):
        hashed.add(texts(tmp_path / "docs", 1), ray="local")


def test_a_library_that_lacks_a_passage_or_a_document_is_an_error(hashed, tmp_path):
    report = hashed.add(texts(tmp_path / "docs", 2))
    job = Job(Work(Settings(), None, "", frozenset()), dict.fromkeys(report.added, 8))
    job.verify(hashed.backend, report)
    with sqlite3.connect(hashed.path / "library.db") as connection:
        connection.execute("DELETE FROM passages WHERE id = 3")
    with pytest.raises(ClusterError, match="holds 15 passages of documents that have 16"):
        job.verify(hashed.backend, report)
    hashed.remove(report.added[0])
    with pytest.raises(ClusterError, match=f"1 documents are not as they were added, among them {report.added[0]}"):
        job.verify(hashed.backend, report)


def test_packing_keeps_every_character_and_number():
    document = about_bees(
        text="Bees 🐝 do not hibernate. They shiver.\n\nA colony eats honey.", metadata={"year": 2018}
    )
    prepared = prepare(document, file=(70, 10**18))
    again = unpack(pack(prepared))
    assert (again.document, again.passages, again.file) == (document, prepared.passages, (70, 10**18))
    for made, vectors in zip(again.vectors, prepared.vectors, strict=True):
        for name in ("vector", "sentences", "token_bits", "token_sentences"):
            assert getattr(made, name).dtype == getattr(vectors, name).dtype
            np.testing.assert_array_equal(getattr(made, name), getattr(vectors, name))
