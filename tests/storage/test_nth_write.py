"""Every write, flush, rename and removal of a small history fails once, or is the last thing that a process does.

A shim between Python and libc counts them in one folder; what was acknowledged before is there whole afterwards.
"""

import os
import shutil
import subprocess
import sys

import pytest
from articles import ROOT
from fakes import HashedEncoder, assert_answers, numbered

from retrieval import Library, Settings

pytestmark = pytest.mark.slow
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
static long count = 0;
static int fails(const char *path) {
    const char *within = getenv("SHIM_WITHIN"), *at = getenv("SHIM_AT");
    if (!within || !path || !strstr(path, within)) return 0;
    count++;
    if (!at || atol(at) != count) return 0;
    if (!strcmp(getenv("SHIM_HOW"), "dies")) _exit(77);
    errno = !strcmp(getenv("SHIM_HOW"), "full") ? ENOSPC : EIO;
    return 1;
}
static int fails_on(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return fails(path);
}
long shim_count(void) { return count; }
#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = dlsym(RTLD_NEXT, #name)
ssize_t write(int f, const void *b, size_t n) { REAL(ssize_t, write, int, const void *, size_t); return fails_on(f) ? -1 : real(f, b, n); }
ssize_t pwrite(int f, const void *b, size_t n, off_t o) { REAL(ssize_t, pwrite, int, const void *, size_t, off_t); return fails_on(f) ? -1 : real(f, b, n, o); }
ssize_t pwrite64(int f, const void *b, size_t n, off_t o) { REAL(ssize_t, pwrite64, int, const void *, size_t, off_t); return fails_on(f) ? -1 : real(f, b, n, o); }
int fsync(int f) { REAL(int, fsync, int); return fails_on(f) ? -1 : real(f); }
int fdatasync(int f) { REAL(int, fdatasync, int); return fails_on(f) ? -1 : real(f); }
int ftruncate64(int f, off_t n) { REAL(int, ftruncate64, int, off_t); return fails_on(f) ? -1 : real(f, n); }
int rename(const char *a, const char *b) { REAL(int, rename, const char *, const char *); return fails(b) ? -1 : real(a, b); }
int unlink(const char *a) { REAL(int, unlink, const char *); return fails(a) ? -1 : real(a); }
"""
WORK = """
import ctypes, sys
from fakes import HashedEncoder, numbered
from retrieval import Library, PinciteError, Settings
folder = sys.argv[1]
def step(name, call):
    try:
        report = call()
        print(name, len(getattr(report, "failed", ())), flush=True)
    except (PinciteError, OSError) as error:
        print("failed", name, type(error).__name__, str(error)[:80].replace(chr(10), " "), flush=True)
try:
    library = Library(folder + "/library", Settings(threshold=0.0), encoder=HashedEncoder())
    step("d0", lambda: library.add(numbered(0, 0)))
    step("d1", lambda: library.add(numbered(1, 0)))
    step("d2", lambda: library.add(numbered(2, 0)))
    step("removed", lambda: library.remove("d1"))
    step("copy", lambda: library.backup(folder + "/copy"))
    step("closed", library.close)
except PinciteError as error:
    print("failed", type(error).__name__)
print("count", ctypes.CDLL(None).shim_count())
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "shim.c").write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "shim.so", folder / "shim.c", "-ldl"], check=True)
    return folder / "shim.so"


def worked(shim, folder, at=0, how="fails"):
    """Return (exit code, lines) of the history in a new folder, in which one call goes wrong."""
    paths = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests" / "support"), os.environ.get("PYTHONPATH")]))
    given = {"LD_PRELOAD": str(shim), "SHIM_WITHIN": str(folder), "SHIM_AT": str(at), "SHIM_HOW": how}
    process = subprocess.run(
        [sys.executable, "-c", WORK, folder], env=os.environ | given | {"PYTHONPATH": paths}, text=True,
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in process.stderr, process.stderr
    return process.returncode, process.stdout.splitlines()


@pytest.mark.parametrize("how", ["fails", "full", "dies"])
def test_any_one_write_may_go_wrong(shim, tmp_path, how):
    """All of them where EVERY_WRITE is set (minutes); else one in 80, beginning elsewhere each way."""
    *done, last = worked(shim, tmp_path / "counted")[1]
    assert done == ["d0 0", "d1 0", "d2 0", "removed 0", "copy 0", "closed 0"]
    total = int(last.removeprefix("count "))
    assert total > 60
    first, by = (1, 1) if os.environ.get("EVERY_WRITE") else (("fails", "full", "dies").index(how) * 27 + 1, 80)
    for at in range(first, total + 1, by):
        folder = tmp_path / f"{how}{at}"
        code, lines = worked(shim, folder, at, how)
        assert code == (77 if how == "dies" else 0), (at, lines)
        check(folder, {line for line in lines if line.endswith(" 0") and not line.startswith("failed")}, at)
        shutil.rmtree(folder, ignore_errors=True)


def check(folder, done, at):
    if not (folder / "library").exists():
        assert done == set()
        return
    with Library(folder / "library", Settings(threshold=0.0), encoder=HashedEncoder()) as library:
        library.check()
        there = {document.doc_id for document in library.documents()}
        wanted = {name for name in ("d0", "d1", "d2") if f"{name} 0" in done}
        assert wanted - {"d1"} <= there, (at, done)
        assert "removed 0" not in done or "d1" not in there, (at, done)
        assert "d1" in there or done != {"d0 0", "d1 0"}, (at, done)
        assert_answers(library, sorted(there))
        assert library.add(numbered(9, 0)).added == ["d9"]
    if (folder / "copy").exists():
        with Library(folder / "copy", Settings(threshold=0.0), encoder=HashedEncoder(), create=False) as copied:
            copied.check()
