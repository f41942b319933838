"""What a student process puts between itself and the machine before it runs a line that a student wrote.

Runs inside the sandbox that `ospolab.grading.sandbox` opens, in a process forked for one submission, and cannot be
undone by it: namespaces of its own, an empty folder in memory, no capabilities, limits, and Landlock where the kernel
has it. Linux only; everything else can only be told apart by `supported`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HOME", "Walls", "alone", "close_all_but", "enclose", "mapped", "new_namespaces", "own_users"]

HOME = Path("/tmp")  # the only place a submission can write to, in memory and its own

# Constants of the kernel's interface, linux/sched.h, linux/prctl.h, linux/mount.h, linux/landlock.h.
NEW_MOUNTS, NEW_IPC, NEW_USERS, NEW_PROCESSES = 0x20000, 0x8000000, 0x10000000, 0x20000000
KEYS = {"x86_64": 250, "aarch64": 219}  # the number of keyctl; its first order joins a session of keys
SET_DUMPABLE, SET_NO_NEW_PRIVILEGES, DROP_FROM_BOUNDING_SET = 4, 38, 24
NO_SUID, NO_DEVICES, PRIVATE, RECURSIVE = 2, 4, 1 << 18, 1 << 14
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
READING = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, list a folder
OUTSIDERS = 1  # the user of a submission, inside the sandbox's own table of users


@dataclass(frozen=True)
class Walls:
    """What one submission may use: bytes of memory and of files in memory, processes, open files, seconds of CPU."""

    memory: int = 1_000_000_000
    disk: int = 64_000_000
    processes: int = 48
    files: int = 128
    cpu: int = 120


_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> int:
    done = getattr(_libc, name)(*arguments)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return done


def own_users(outsider: int = 60_000) -> None:
    """Give a sandbox that root has opened a table of users of its own, in which 1 is `outsider`, a user of nothing.

    The kernel counts the processes of a user, but never those of root. Without root, the sandbox has such a table.
    """
    me, ready, done = os.getpid(), os.pipe(), os.pipe()
    if not (writer := os.fork()):  # only somebody outside the new table may write more than one line into it
        os.read(ready[0], 1)
        for table in ("uid_map", "gid_map"):
            Path(f"/proc/{me}/{table}").write_text(f"0 0 1\n{OUTSIDERS} {outsider} 1\n")
        os.write(done[1], b"1")
        os._exit(0)
    _call("unshare", NEW_USERS)
    os.write(ready[1], b"1")
    written = os.read(done[0], 1)
    os.waitpid(writer, 0)
    for end in (*ready, *done):
        os.close(end)
    if not written:
        raise OSError("the sandbox's table of users could not be written")
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def new_namespaces() -> None:
    """Let the next child see no process but its own, and mount what nobody else sees."""
    _call("unshare", NEW_PROCESSES | NEW_MOUNTS | NEW_IPC)


def alone(walls: Walls) -> None:
    """In the first process of new namespaces: an empty folder of its own, and an empty /proc."""
    _call("mount", None, b"/", None, PRIVATE | RECURSIVE, None)
    size = f"size={walls.disk},nr_inodes=4000,mode=1777".encode()
    _call("mount", b"tmpfs", bytes(HOME), b"tmpfs", NO_SUID | NO_DEVICES, size)
    # /proc shows the processes of the sandbox, which are nobody's business here.
    _call("mount", b"tmpfs", b"/proc", b"tmpfs", NO_SUID | NO_DEVICES, b"size=4k,mode=555")


def close_all_but(*kept: int) -> None:
    """Close every open file but standard input, output, error and `kept`."""
    low = 3
    for handle in sorted(kept):
        os.closerange(low, handle)
        low = handle + 1
    os.closerange(low, 65_536)


def enclose(walls: Walls, before: int, isolated: bool) -> None:
    """Take from this process whatever it can do beyond computing.

    before: bytes mapped before the submission began, see `mapped`. isolated: it is in namespaces of its own.
    """
    if isolated:
        with contextlib.suppress(OSError):
            os.setgroups([])
        with contextlib.suppress(OSError):  # without root there is only one user in the table, who is nobody already
            os.setresgid(OUTSIDERS, OUTSIDERS, OUTSIDERS)
            os.setresuid(OUTSIDERS, OUTSIDERS, OUTSIDERS)
    _limit(walls, before)
    if not isolated:
        return
    if number := KEYS.get(os.uname().machine):  # an empty one, instead of what whoever grades has unlocked at login
        _libc.syscall(number, 1, None)
    _landlock()
    for capability in range(64):
        if _libc.prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0) < 0:
            break
    header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _call("capset", header, nothing)
    _call("prctl", SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call("prctl", SET_DUMPABLE, 0, 0, 0, 0)


def _limit(walls: Walls, before: int) -> None:
    limits = {
        "RLIMIT_AS": walls.memory + before,
        "RLIMIT_FSIZE": walls.disk,
        "RLIMIT_NOFILE": walls.files,
        "RLIMIT_NPROC": walls.processes,
        "RLIMIT_CPU": walls.cpu,
        "RLIMIT_CORE": 0,
    }
    for name, value in limits.items():
        if kind := getattr(resource, name, None):
            with contextlib.suppress(ValueError, OSError):  # macOS refuses some; --unsafe says what it is
                hard = resource.getrlimit(kind)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.setrlimit(kind, (value, value))


def mapped() -> int:
    """Bytes of address space in use: what libraries have mapped is no fault of a submission. Call it while /proc is."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 2_000_000_000


def _landlock() -> None:
    """A second wall: read anywhere, write below HOME only, whatever the mounts say. Older kernels do without."""
    version = _libc.syscall(LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return
    handled = (1 << 13) - 1  # the first version's rights on files
    handled |= sum(1 << bit for since, bit in ((2, 13), (3, 14), (5, 15)) if version >= since)
    network = 3 if version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    rules = struct.pack("QQQ", handled, network, scoped)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _call("syscall", LANDLOCK_CREATE, rules, len(rules), 0)
    with _folder("/") as root:
        _call("syscall", LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", READING, root), 0)
    with _folder(str(HOME)) as home:
        _call("syscall", LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", handled & ~(1 << 15), home), 0)
    for device in ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"):
        with _folder(device) as handle:
            _call("syscall", LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", 1 << 1 | 1 << 2, handle), 0)
    _call("prctl", SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call("syscall", LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


@contextlib.contextmanager
def _folder(path: str) -> Iterator[int]:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)
