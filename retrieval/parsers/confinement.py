"""What the process that reads files may not do, held by the kernel where it can: whatever code runs in it.

Landlock (Salaün, 2017): which files it may open; nothing by name, but for code and fonts. seccomp: which calls it may
make at all. Limits on memory, time and sizes. Over all that, Python's own hook, which says what it refused.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_FORBIDDEN = tuple(
    "socket. subprocess. os.exec os.fork os.posix_spawn os.system os.spawn os.remove os.rename os.rmdir os.mkdir "
    "os.link os.symlink os.truncate shutil. webbrowser.".split()
)
_CALLS = """
socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom
ptrace process_vm_readv process_vm_writev pidfd_open pidfd_getfd pidfd_send_signal process_madvise kcmp
mount umount2 pivot_root chroot unshare setns fsopen open_tree move_mount open_by_handle_at name_to_handle_at
bpf perf_event_open userfaultfd io_uring_setup keyctl add_key request_key init_module finit_module kexec_load
reboot swapon swapoff syslog acct quotactl sethostname setuid setgid setresuid setresgid setgroups
truncate unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir link linkat symlink symlinkat mknod mknodat
chmod fchmod fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr
prlimit64 setrlimit sched_setaffinity setpriority ioprio_set mq_open shmget semget msgget
"""
_SIGNALS = "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo"
_PROGRAMS = "execve execveat fork vfork"
_WRITE, _READ, _LIST = 2, 4, 8  # rights of Landlock
_READABLE = "/usr /lib /lib64 /nix/store /etc/ld.so.cache /etc/localtime /sys/devices/system/cpu /proc/cpuinfo"
_DEVICES = ("/dev/null", "/dev/urandom")


def confine(memory: int) -> list[str]:
    """Give up what reading needs not, for good; return what holds it. memory: bytes of address space."""
    held = [*_limits(memory), *_kernel(), "audit hook"]
    sys.addaudithook(_refuse)
    return held


def grant(seconds: float) -> None:
    """Let this process compute for so long from now; it is killed then, also where its parent is gone."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def end_with(stream: int, armed: bool) -> None:
    """Have the kernel end this process (SIGIO) when nobody holds the other end of a pipe any more. Linux only.

    PR_SET_PDEATHSIG would do so when the thread that started this process ends, which may be long before the parent.
    """
    with suppress(ImportError, AttributeError, OSError):
        import fcntl
        import select

        fcntl.fcntl(stream, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(stream, fcntl.F_GETFL)
        fcntl.fcntl(stream, fcntl.F_SETFL, flags | os.O_ASYNC if armed else flags & ~os.O_ASYNC)
        waiting = select.poll()
        waiting.register(stream, 0)
        if armed and waiting.poll(0):  # it was gone before
            os._exit(1)


def _limits(memory: int) -> Iterator[str]:
    """Bound memory, and forbid files to be written; Windows has no such limits."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
    ):  # fmt: skip
        resource.setrlimit(kind, (most, most))
    yield "limits"


def _kernel() -> Iterator[str]:
    """Use what this kernel and machine have of Landlock and seccomp."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0):  # PR_SET_NO_NEW_PRIVS
        return
    version = libc.syscall(444, None, 0, 1)
    if version > 0 and _landlock(libc, version):
        yield f"Landlock {version}"
    with suppress(OSError, AttributeError):
        seccomp = ctypes.CDLL("libseccomp.so.2")
        if _seccomp(seccomp, version):
            yield "seccomp"


def _landlock(libc: ctypes.CDLL, version: int) -> bool:
    """Allow to read code and fonts; nothing else that opens a file, a port or sends a signal."""
    files = (1 << (13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16)) - 1
    handled = (ctypes.c_uint64 * 3)(files, 3 if version > 3 else 0, 3 if version > 5 else 0)
    rules = libc.syscall(444, handled, ctypes.sizeof(handled), 0)
    if rules < 0:
        return False
    for path, rights in _allowed():
        with suppress(OSError):
            opened = os.open(path, getattr(os, "O_PATH", 0))
            rights &= ~_LIST if not os.path.isdir(path) else rights  # noqa: PTH112
            packed = rights.to_bytes(8, sys.byteorder) + opened.to_bytes(4, sys.byteorder)
            libc.syscall(445, rules, 1, packed, 0)
            os.close(opened)
    done: int = libc.syscall(446, rules, 0)
    os.close(rules)
    return done == 0


def _allowed() -> Iterator[tuple[str, int]]:
    """Yield each path below which something is allowed, and what."""
    own = Path(__file__).resolve().parents[1]
    code = [path for path in sys.path if Path(path).resolve() != own.parent or own.parent.name.endswith("-packages")]
    for path in {str(own), sys.prefix, sys.base_prefix, *code, *_READABLE.split()}:
        yield path, _READ | _LIST
    yield from ((device, _READ | _WRITE) for device in _DEVICES)


def _seccomp(seccomp: ctypes.CDLL, landlock: int) -> bool:
    """Let the calls that reading does not need fail with EPERM, by libseccomp, which knows their numbers everywhere."""
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(0x7FFF0000)))  # allow
    if not rules:
        return False
    for name in (_CALLS + _PROGRAMS + (_SIGNALS if landlock < 6 else "")).split():
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(rules, ctypes.c_uint32(0x00050001), number, 0)  # EPERM
    done = seccomp.seccomp_load(rules)
    seccomp.seccomp_release(rules)
    return bool(done == 0)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: a file that is only read needs no connection, and no other program."""
    if event.startswith(_FORBIDDEN):
        _forbidden(event)


def _forbidden(event: str) -> NoReturn:
    raise PermissionError(f"a reader may not do this: {event}")
