"""What people do by accident: a clear error names the thing, nothing is lost, the rest goes on."""

import os
import subprocess
from pathlib import Path

import pytest
from articles import SEED
from fakes import HashedEncoder, assert_answers, numbered

from retrieval import Library, Settings
from retrieval.embedding.export import exported
from retrieval.embedding.models import fingerprint
from retrieval.errors import ModelError, QuestionError

pytestmark = pytest.mark.slow  # big files, full disks, processes side by side

COUNT = 60
NOBODY = 65534
PREAMBLE = """
import os, resource, sys
from pathlib import Path
from fakes import HashedEncoder, numbered
from retrieval import Library, PinciteError, Settings
import retrieval.storage.local.faiss_index
def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=HashedEncoder())
"""


@pytest.fixture
def result(python):
    """Run code in a process of its own and return what it printed; it must print nothing to stderr."""

    def run(code, *arguments):
        process = python(PREAMBLE + code, *arguments)
        printed, trouble = process.communicate(timeout=60)
        assert trouble == ""
        return printed

    return run


def opened(folder):
    return Library(folder, Settings(threshold=0.0), encoder=HashedEncoder())


def reasons(report):
    return {Path(failure.source).name: failure.reason for failure in report.failed}


# --- files


def test_files_that_cannot_be_read_stop_nothing(hashed, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "empty.txt").touch()
    (docs / "blank.txt").write_text(" \n\t\n")
    (docs / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (docs / "zeros.txt").write_bytes(bytes(5000))
    (docs / "program.txt").write_bytes(Path("/bin/true").read_bytes())
    (docs / "loop.txt").symlink_to("loop.txt")
    (docs / "gone.txt").symlink_to("nowhere.txt")
    os.mkfifo(docs / "pipe.txt")
    (docs / "good.txt").write_text("Bees shiver.")
    report = hashed.add(docs)
    assert [hashed.document(doc_id).title for doc_id in report.added] == ["good"]
    found = reasons(report)
    assert (found["empty.txt"], found["blank.txt"]) == ("is empty", "holds no text")
    assert found["binary.txt"].startswith("is binary")
    assert found["zeros.txt"].startswith("is binary")
    assert found["program.txt"].startswith("is binary")
    assert "symbolic links" in found["loop.txt"]
    assert found["gone.txt"] == "No such file or directory"
    assert found["pipe.txt"] == "is not a regular file"
    assert str(hashed.coverage()) == "1 of 9 documents searchable; 8 failed"


def test_fifty_megabytes_on_one_line(hashed, tmp_path):
    path = tmp_path / "long.txt"
    with path.open("wb") as file:
        for _ in range(50):
            file.write(b"bees shiver " * (2**20 // 12) + b"bees")
    report = hashed.add([path, SEED])
    assert len(report.added) == 1
    assert reasons(report)["long.txt"].startswith("has 50.0 MB; at most 32.0 MB are read")


def test_two_megabytes_on_one_line_are_read_whole(hashed, tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("bees shiver " * 90_000 + "wordattheveryend" + "x" * 900_000 + " last")
    assert reasons(hashed.add(path)) == {}
    citation = hashed.ask("wordattheveryend").citations[0]
    assert hashed.verify(citation) == "valid"
    assert hashed.search("last", 1)[0].passage.text.endswith(" last")


def test_no_permission(result, tmp_path):
    """As another user, since root may read everything."""
    docs, library = tmp_path / "docs", tmp_path / "library"
    (docs / "closed").mkdir(parents=True)
    library.mkdir()
    for name in ("secret.txt", "good.txt", "closed/inside.txt"):
        (docs / name).write_text(f"Text {name}.")
    (docs / "secret.txt").chmod(0)
    (docs / "closed").chmod(0)
    os.chown(library, NOBODY, NOBODY)
    for folder in (tmp_path, *tmp_path.parents):
        if folder == tmp_path or folder.name.startswith(("popen-", "pytest-")):
            folder.chmod(0o755)
    printed = result(
        """
with opened(sys.argv[3]) as first:  # imports what is imported when needed: that user may not read Python itself
    first.add(numbered(0, 0))
os.seteuid(65534)
library = opened(sys.argv[2])
report = library.add(sys.argv[1])
print(len(report.added), [str(failure) for failure in report.failed], library.coverage(), sep="\\n")
library.close()
os.chmod(sys.argv[2] + "/library.db", 0)
for folder in (sys.argv[2], sys.argv[1] + "/library", sys.argv[1] + "/closed/library"):
    try:
        opened(folder)
    except PinciteError as error:
        print(type(error).__name__, error)
""",
        docs, library, tmp_path / "first",
    ).splitlines()  # fmt: skip
    assert printed[0] == "1", printed
    assert f"{docs}/secret.txt: Permission denied" in printed[1]
    assert f"{docs}/closed: Permission denied" in printed[1]
    assert printed[2] == "1 of 3 documents searchable; 2 failed"
    assert printed[3].startswith(
        f"StorageError {library}/library.db cannot be read or written: unable to open database"
    )
    assert printed[3].endswith("(check the permissions of the file and its folder)")
    assert printed[4:] == [
        f"StorageError {docs}/library cannot be used: Permission denied",
        f"StorageError {docs}/closed/library cannot be used: Permission denied",
    ]


# --- questions


@pytest.mark.parametrize(
    "question",
    [
        "Кто призвал страны СНГ помочь в Сирии?", "哪个国家呼吁独联体国家帮助叙利亚?", "من دعا رابطة الدول المستقلة؟",
        "🐝🐝🐝", "\u202eabc\u200b", "a\x00b", "' OR 1=1; --", '"*) NEAR (', "<script>alert(1)</script>", "?",
         "w" * 4000, "a " * 2000,
    ],
    ids=ascii,
)  # fmt: skip
def test_questions_of_all_kinds_get_an_answer(asked, question):
    answer = asked.ask(question)
    assert len(answer.passages) == (0 if answer.reply else 5)
    for citation in answer.citations:
        assert asked.document(citation.doc_id).text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    "question", ["", "  \n", "word " * 10_000, "a\ud83d"], ids=["empty", "blank", "10,000 words", "half a character"]
)
def test_questions_that_cannot_be_asked_say_why(asked, question):
    with pytest.raises(QuestionError, match=r"the question (is empty|has 50,000 characters|holds half of a surrogate)"):
        asked.ask(question)


# --- several processes


def test_processes_that_add_at_once_lose_nothing(python, tmp_path):
    """Three at once into a folder that none of them has made, with documents in common."""
    code = PREAMBLE + """
first = int(sys.argv[2])
documents = [numbered(number, 0) for number in [*range(first, first + 15), *range(40, 60)]]
print("ready", flush=True); sys.stdin.readline()
with opened(sys.argv[1]) as library:
    report = library.add(documents)
    print(len(report.failed), [str(failure) for failure in report.failed])
"""  # fmt: skip
    processes = [python(code, tmp_path / "library", first) for first in (0, 10, 20)]
    for process in processes:
        process.stdout.readline()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=60) == ("0 []\n", "")
    with opened(tmp_path / "library") as library:
        library.check()
        expected = {f"d{number}" for number in [*range(35), *range(40, 60)]}
        assert {document.doc_id for document in library.documents()} == expected
        assert_answers(library, expected)


def test_one_process_sees_what_another_adds_and_removes(hashed, result):
    hashed.add(numbered(1, 0))
    assert hashed.search("hive")
    code = "library = opened(sys.argv[1]); library.add(numbered(2, 0)); print(library.remove('d1'))"
    assert result(code, hashed.path) == "['d1']\n"
    assert {hit.passage.doc_id for hit in hashed.search("hive", 50)} == {"d2"}


# --- disk full

FILL = """
library = opened(sys.argv[1])
library.add(numbered(0, 0))
if sys.argv[2] != "0":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
acknowledged = []
report = library.add([numbered(number, 0) for number in range(60)], progress=lambda d, t, name: acknowledged.append(name))
failed = {failure.source: failure.reason for failure in report.failed}
print(*[name for name in acknowledged if name not in failed])
print(*failed)
print(*set(failed.values()), sep="|")
library.ask("mark word0v0")
library.close()
"""


def assert_kept(folder, printed):
    """The first ones are there, the others failed with a reason, and with space they can be added."""
    kept, failed, why = (line.split(mark) for line, mark in zip(printed.splitlines(), (" ", " ", "|"), strict=True))
    assert 1 <= len(kept) < 60
    assert sorted([*kept, *failed]) == sorted(f"d{number}" for number in range(60))
    for reason in why:
        assert reason.startswith(f"not stored: {folder}/library.db cannot be read or written: ")
        assert "free some space or choose another folder; what was added before is kept" in reason
    with opened(folder) as library:
        library.check()
        assert {document.doc_id for document in library.documents()} == set(kept)
        assert_answers(library, kept)
    return failed


def test_a_limit_on_file_size(result, tmp_path):
    failed = assert_kept(tmp_path / "library", result(FILL, tmp_path / "library", 600_000))
    with opened(tmp_path / "library") as library:
        assert sorted(library.add(numbered(number, 0) for number in range(60)).added) == sorted(failed)


def test_a_full_disk(result, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"tmpfs cannot be mounted here: {mounted.stderr!r}")
    try:
        failed = assert_kept(disk / "library", result(FILL, disk / "library", 0))
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        with opened(disk / "library") as library:
            assert sorted(library.add(numbered(number, 0) for number in range(60)).added) == sorted(failed)
    finally:
        subprocess.run(["umount", disk], check=True)


# --- the model


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    settings = Settings(cache=tmp_path / "file")
    assert fingerprint(settings) == fingerprint(Settings())
    with pytest.raises(
        ModelError, match=f"cannot be prepared in {tmp_path}/file/models: .*; set PINCITE_CACHE to a folder"
    ):
        exported(settings)
