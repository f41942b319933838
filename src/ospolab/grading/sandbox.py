"""The sandbox around the student process: bubblewrap, without network, with a read-only system and an empty home.

In it are Python, the installed packages and the part of `ospolab` that notebooks use; not the checkout, not the sources
of the exercises, not the environment of whoever grades. `probe` says whether this machine can do it. Trusted side.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import ospolab
from ospolab.grading import wire
from ospolab.grading.walls import Walls

__all__ = ["Sandbox", "Session", "Unavailable", "probe"]

# Parts of our package that a notebook has no use for; the judge is among them.
WITHHELD = ("authoring", "grading", "cli.py", "suite.py")
NEEDED = ("__init__.py", "cells.py", "rehearsal.py", "student.py", "typed.py", "walls.py", "wire.py")
STARTING = 60.0  # seconds that starting may take on a busy machine
CHUNK = 4_000_000


class Unavailable(RuntimeError):
    """This machine cannot isolate student code; the message says why and what to do."""


@cache
def probe() -> str | None:
    """None if student code can be isolated here, otherwise why not and the remedy, in a sentence or two."""
    if not sys.platform.startswith("linux"):
        return (
            "Student code is isolated with Linux namespaces, and this is not Linux. "
            "Grade in a Linux virtual machine or container (on Windows: in WSL 2)."
        )
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed. On Debian or Ubuntu: apt-get install bubblewrap."
    try:
        with Sandbox(None, isolated=True) as sandbox, sandbox.session({}, 0) as session:
            session.ask({"do": "files"}, 20)
    except (Unavailable, wire.Closed, wire.TooSlow, OSError) as error:
        return (
            f"bubblewrap is installed, and cannot isolate here: {error}\n"
            "A container needs to be allowed to make user namespaces (Docker: --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --cap-add SYS_ADMIN); Ubuntu 24.04 needs the profile that its package "
            "apparmor-profiles gives to bwrap; elsewhere: sysctl kernel.unprivileged_userns_clone=1."
        )
    return None


def _command(inside: list[str]) -> list[str]:
    """bubblewrap's command line around `inside`, the arguments of Python."""
    package, site, base = Path(ospolab.__file__).parent, sysconfig.get_path("purelib"), Path(sys.base_prefix)
    command = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--die-with-parent", "--new-session", "--clearenv"]
    if os.getuid() == 0:
        # Root needs no table of users to do all this, and with one of bubblewrap's, processes would not be counted.
        command += ["--cap-add", "ALL"]
    else:
        command += ["--unshare-user", "--disable-userns", "--uid", "0", "--gid", "0", "--cap-add", "CAP_SYS_ADMIN"]
    system = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32") if Path(path).exists()]
    for path in system:
        link = Path(path).is_symlink()
        command += ["--symlink", str(Path(path).readlink()), path] if link else ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives"):
        command += ["--ro-bind-try", path, path]
    # Folders that bubblewrap makes on the way to what it shows can be entered by nobody else, unless one says so.
    outside = [] if base.is_relative_to("/usr") else [base]
    ways = [parent for path in (*outside, Path("/course/ours/ospolab")) for parent in reversed(path.parents)]
    for folder in dict.fromkeys(ways[1:]):
        command += ["--perms", "0755", "--dir", str(folder)] if folder != Path("/") else []
    for path in outside:
        command += ["--ro-bind", str(path), str(path)]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    command += ["--ro-bind", str(site), "/course/packages", "--ro-bind", str(package), "/course/ours/ospolab"]
    for name in WITHHELD:
        if (package / name).is_dir():
            command += ["--perms", "0755", "--tmpfs", f"/course/ours/ospolab/{name}"]
        elif (package / name).is_file():
            command += ["--ro-bind", os.devnull, f"/course/ours/ospolab/{name}"]
    for name in NEEDED:
        command += ["--ro-bind", str(package / "grading" / name), f"/course/ours/ospolab/grading/{name}"]
    for name in WITHHELD:
        if (package / name).is_dir():
            command += ["--remount-ro", f"/course/ours/ospolab/{name}"]
    if Path(site, "ospolab").is_dir():  # installed, not linked: the same, where packages are
        command += ["--tmpfs", "/course/packages/ospolab"]
    python = base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    environment = {
        "PATH": f"{base}/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/course/ours:/course/packages",
        "PYTHONDONTWRITEBYTECODE": "1",
        **_quiet(),
    }
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp", str(python), "-P", "-s", *inside]


def _quiet() -> dict[str, str]:
    # A process that forks must have no threads, and one core is one submission.
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Sandbox:
    """One preloaded student process, ready to be forked. Raises Unavailable if it cannot be started.

    setup: sources of the exercise's set-up cells, None for a process that can run nothing. rehearsal: cells of the
    course to be run once, and files for them. isolated False: without bubblewrap and its walls (`--unsafe`).
    """

    def __init__(self, setup: list[str] | None, isolated: bool = True, limits: Walls | None = None,
                 rehearsal: tuple[list[str], dict[str, bytes]] = ((), {})):  # fmt: skip
        self.isolated, ours = isolated, socket.socketpair()
        self._control, theirs = ours
        inside = ["-m", "ospolab.grading.student", str(theirs.fileno())]
        if isolated:
            command, environment = _command(inside), {"PATH": os.environ.get("PATH", os.defpath)}
        else:
            command = [sys.executable, "-P", "-s", *inside]
            kept = ("PATH", "HOME", "LANG", "TMPDIR")
            environment = {name: os.environ[name] for name in kept if name in os.environ} | _quiet()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - read and closed with the sandbox
        try:
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=self._errors, env=environment, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Unavailable(f"{command[0]} could not be started: {error}") from error
        finally:
            theirs.close()
        try:
            handle = self._control.fileno()
            order = {"walls": asdict(limits or Walls()), "isolated": isolated, "root": os.getuid() == 0, "setup": setup}
            files = {name: content.decode("utf-8", "replace") for name, content in rehearsal[1].items()}
            order |= {"rehearsed": list(rehearsal[0]), "files": files}
            wire.send(handle, order)
            failed = wire.receive(handle, STARTING)["failed"]
        except (wire.Closed, wire.TooSlow, wire.TooLarge) as error:
            said = self._said()
            self.close()
            raise Unavailable(said or str(error) or "it did not start in time") from None
        if failed:
            self.close()
            raise Unavailable(f"A set-up cell of the exercise fails: {failed}")

    def _said(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    @contextlib.contextmanager
    def session(self, files: Mapping[str, bytes], aside: int) -> Iterator[Session]:
        """A process of its own for one submission; it ends, with all it has started, when the block does.

        files: what lies beside the notebook. aside: how many copies will be set aside, one for each test that asks.
        Raises wire.Closed or wire.TooSlow when it does not come up.
        """
        held, leash = os.pipe()
        pairs = [socket.socketpair() for _ in range(aside + 1)]
        home = None if self.isolated else tempfile.mkdtemp(prefix="ospolab-unsafe-")
        try:
            try:
                theirs = [held, *(pair[1].fileno() for pair in pairs)]
                socket.send_fds(self._control, [b"submission"], theirs)
            except OSError as error:
                raise wire.Closed(f"the student process has ended: {error}") from None
            finally:
                os.close(held)
                for _, other in pairs:
                    other.close()
            for mine, _ in pairs:  # who does not read what is sent must not keep the sender waiting
                mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 10, 0))
            session = Session(*(mine.fileno() for mine, _ in pairs))
            if home:
                session.tell({"home": home})
            if failed := session.listen(STARTING)["failed"]:
                raise wire.Closed(failed)
            session.lay_out(files)
            yield session
        finally:
            os.close(leash)
            for mine, _ in pairs:
                mine.close()
            if home:
                shutil.rmtree(home, ignore_errors=True)

    def close(self) -> None:
        self._control.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._errors.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Session:
    """The process of one submission, from outside. Nothing it says is believed but that it is a value."""

    def __init__(self, channel: int, *copies: int):
        self._channel, self._copies = channel, list(copies)

    def tell(self, order: dict) -> None:
        wire.send(self._channel, order)

    def listen(self, seconds: float) -> Any:
        return wire.receive(self._channel, seconds)

    def ask(self, order: dict, seconds: float) -> Any:
        """Send an order and wait for its answer. Raises wire.Closed, wire.TooSlow, wire.TooLarge."""
        self.tell(order)
        return self.listen(seconds)

    def lay_out(self, files: Mapping[str, bytes]) -> None:
        """Write files into the folder of the notebook."""
        for name, content in files.items():
            for start in range(0, max(len(content), 1), CHUNK):
                data = base64.b64encode(content[start : start + CHUNK]).decode()
                self.tell({"do": "file", "name": name, "data": data, "more": start > 0})

    def set_aside(self, seconds: float) -> int:
        """Set a copy of the process aside as it stands; returns the file descriptor on which it answers."""
        self.ask({"do": "aside"}, seconds)
        return self._copies.pop(0)
