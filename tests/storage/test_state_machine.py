"""Any history of adding, replacing, removing, syncing, uploading, saving and restoring, against a dict."""

import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import HashedEncoder
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from retrieval import Document, Library, Settings
from ui.web import Service

pytestmark = pytest.mark.slow
NUMBERS = st.integers(0, 5)


def text(number, version):
    return f"Hive {number} was weighed.\n\nThe mark is word{number}v{version}. It stays."


class Histories(RuleBasedStateMachine):
    """memory: doc_id -> text of those made in memory; files, uploads: path -> text."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.docs = self.folder / "docs"
        self.docs.mkdir()
        (self.docs / "always.txt").write_text("This stays.")
        self.expected = {"memory": {}, "files": {}, "uploads": {}}
        self.saved = None
        self.open()

    def open(self):
        self.library = Library(self.folder / "library", Settings(threshold=0.0), encoder=HashedEncoder())
        self.service = Service(self.library)
        self.service.readiness._ready.set()

    @rule(number=NUMBERS, version=st.integers(0, 3))
    def add(self, number, version):
        report = self.library.add(Document(f"d{number}", "Hive", text(number, version)))
        assert not report.failed
        self.expected["memory"][f"d{number}"] = text(number, version)

    @rule(number=NUMBERS)
    def remove(self, number):
        assert self.library.remove(f"d{number}") == ([f"d{number}"] if f"d{number}" in self.expected["memory"] else [])
        self.expected["memory"].pop(f"d{number}", None)

    @rule(number=NUMBERS, version=st.integers(0, 3), present=st.booleans())
    def sync(self, number, version, present):
        path = self.docs / f"{number}.txt"
        if present:
            path.write_text(f"file {text(number, version)}{' ' * number}{number}")
        else:
            path.unlink(missing_ok=True)
        assert not self.library.sync(self.docs, sure=True).failed
        self.expected["files"] = {str(each): each.read_text() for each in self.docs.iterdir()}

    @rule(number=NUMBERS)
    def upload(self, number):
        sent = f"upload {text(number, 9)}"
        given = self.service.upload(SimpleNamespace(files=[(f"u{number}.txt", sent.encode())]))
        self.expected["uploads"][given["doc_id"]] = sent

    @precondition(lambda self: self.expected["uploads"])
    @rule()
    def remove_upload(self):
        doc_id, _ = self.expected["uploads"].popitem()
        assert self.service.remove({"doc_id": doc_id}) == {"removed": True}

    @rule()
    def reopen(self):
        self.library.close()
        self.open()

    @rule()
    def backup(self):
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        self.library.backup(self.folder / "copy")
        self.saved = {kind: dict(held) for kind, held in self.expected.items()}

    @precondition(lambda self: self.saved is not None)
    @rule(is_open=st.booleans())
    def restore(self, is_open):
        if not is_open:
            self.library.close()
        Library.restore(self.folder / "copy", self.folder / "library")
        self.library.close()
        self.open()
        self.expected = {kind: dict(held) for kind, held in self.saved.items()}

    @rule(number=NUMBERS)
    def fork(self, number):
        child = os.fork()
        if not child:
            try:
                self.library.add(Document(f"d{number}", "Hive", text(number, 7)))
                os._exit(0)
            except BaseException:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        self.expected["memory"][f"d{number}"] = text(number, 7)

    @invariant()
    def all_that_was_acknowledged_is_there_and_nothing_else(self):
        held = {document.doc_id: document for document in self.library.documents()}
        texts = {doc_id: self.library.document(doc_id).text for doc_id in held}
        expected = [
            *self.expected["memory"].values(),
            *self.expected["files"].values(),
            *self.expected["uploads"].values(),
        ]
        assert sorted(texts.values()) == sorted(set(expected) if len(set(expected)) == len(texts) else expected)
        for doc_id, said in self.expected["memory"].items():
            assert texts[doc_id] == said
            mark = said.split("mark is ")[1].split(".")[0]
            found = self.library.search(f"mark {mark}", k=3)
            assert doc_id in [hit.passage.doc_id for hit in found]

    def teardown(self):
        self.library.check()
        self.library.close()
        shutil.rmtree(self.folder)


Histories.TestCase.settings = settings(
    max_examples=9, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestHistories = Histories.TestCase
