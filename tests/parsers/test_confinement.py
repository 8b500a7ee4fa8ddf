"""What code that a file has taken over could do in the process that reads it: tried one by one, by ctypes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from articles import ROOT

from retrieval.parsers import shared
from retrieval.parsers.sandbox import Sandbox

HELD = shared.confinement()
kernel = pytest.mark.skipif(
    not {"Landlock", "seccomp"} <= {name.split()[0] for name in HELD}, reason="this kernel has no Landlock or seccomp"
)
ACTS = """
import ctypes, json, os, socket, sys
secret, victim, parent = sys.argv[1], sys.argv[2], int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
def failed(code):
    if code == -1:
        raise OSError(ctypes.get_errno(), "refused")
    return code
name = victim.encode()
word = ctypes.create_string_buffer(8)
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
own = Part(ctypes.addressof(word), 8)
acts = {
    "read": lambda: open(secret).read(),
    "read by ctypes": lambda: failed(libc.open(secret.encode(), 0)),
    "list": lambda: os.listdir(os.path.dirname(secret)),
    "read /etc/passwd": lambda: open("/etc/passwd").read(),
    "the parent's environment": lambda: open(f"/proc/{parent}/environ").read(),
    "the parent's memory": lambda: open(f"/proc/{parent}/mem", "rb").read(1),
    "the parent's memory by a call": lambda: failed(libc.process_vm_readv(parent, ctypes.byref(own), 1, ctypes.byref(own), 1, 0)),
    "trace": lambda: failed(libc.ptrace(16, parent, 0, 0)),
    "signal": lambda: os.kill(parent, 0),
    "limits of the parent": lambda: failed(libc.prlimit(parent, 7, 0, word)),
    "truncate": lambda: failed(libc.truncate(name, 0)),
    "open to truncate": lambda: failed(libc.open(name, os.O_WRONLY | os.O_TRUNC)),
    "create": lambda: failed(libc.open(name + b".new", os.O_CREAT | os.O_WRONLY, 0o600)),
    "remove": lambda: failed(libc.unlink(name)),
    "rename": lambda: failed(libc.rename(name, name + b".x")),
    "link": lambda: failed(libc.link(name, name + b".x")),
    "folder": lambda: failed(libc.mkdir(name + b".d", 0o700)),
    "mode": lambda: failed(libc.chmod(name, 0o777)),
    "time": lambda: failed(libc.utimes(name, None)),
    "socket": lambda: failed(libc.socket(2, 1, 0)),
    "unix socket": lambda: failed(libc.socket(1, 1, 0)),
    "program": lambda: failed(libc.execl(b"/bin/true", b"true", None)),
    "program by Python": lambda: os.execv("/bin/true", ["true"]),
}
from retrieval.parsers.confinement import confine
if sys.argv[4] == "confined":
    confine(2**30)
for name_of_act, act in acts.items():
    if name_of_act.startswith("program") and sys.argv[4] != "confined":
        continue
    try:
        act()
        print(name_of_act)
    except OSError:
        pass
"""


@pytest.fixture
def worked(tmp_path):
    """Return which acts work, in a process that is confined or not."""

    def run(how):
        (tmp_path / "secret").write_text("secret")
        (tmp_path / "victim").write_text("precious")
        victim = subprocess.Popen(["sleep", "60"])
        arguments = [str(tmp_path / "secret"), str(tmp_path / "victim"), str(victim.pid), how]
        done = subprocess.run(
            [sys.executable, "-c", ACTS, *arguments], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}
        )
        victim.kill()
        victim.wait()
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines(), sorted(path.name for path in tmp_path.iterdir())

    return run


@pytest.mark.slow
@kernel
def test_nothing_hostile_works(worked, tmp_path):
    assert worked("confined") == ([], ["secret", "victim"])
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.slow
def test_all_of_it_works_without(worked):
    """Else the test above proves nothing."""
    acts, names = worked("free")
    assert len(acts) >= 15, acts
    assert "victim.new" in names or "victim.d" in names


@pytest.mark.slow
def test_a_reader_sees_none_of_the_environment(monkeypatch):
    monkeypatch.setenv("PINCITE_AUTH", "ann:a secret")
    box = Sandbox()
    try:
        box.parse(".csv", b"a,b\n1,2\n")
        environment = Path(f"/proc/{box._process.pid}/environ").read_text()
        names = {each.partition("=")[0] for each in environment.split("\0") if each}
        assert names <= {
            *"PATH LANG LC_ALL LC_CTYPE LD_LIBRARY_PATH PYTHONPATH OPENBLAS_NUM_THREADS OMP_NUM_THREADS MALLOC_ARENA_MAX".split()
        }
    finally:
        box.close()


BUSY = """
import sys
from retrieval.parsers import Sandbox, sandbox
box = Sandbox(seconds=60)
box.parse(".csv", b"a,b\\n1,2\\n")
print(box._process.pid, flush=True)
slow = b"\\n\\n".join(b"Line %d of \\\\emph{a} $x^2$ text." % number for number in range(200_000))
box.parse(".tex", slow)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="by a signal that Linux sends")
def test_a_reader_never_outlives_its_parent(python):
    """Killed while it reads, whichever thread has started it."""
    parent = python(BUSY)
    worker = int(parent.stdout.readline())
    time.sleep(0.5)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5
    while running(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(worker)


def running(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_a_reader_ends_when_it_has_computed_too_long(python):
    code = "from retrieval.parsers.confinement import grant\ngrant(0.2)\nwhile True: pass"
    assert -python(code).wait(timeout=20) == signal.SIGPROF


def test_the_command_says_what_holds_readers(pincite, library):
    assert ", ".join(HELD) in pincite("info", "--library", library).output
