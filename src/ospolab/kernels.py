"""Kernels that start at once: each is forked from a process that has imported what lessons import.

A kernel provisioner of Jupyter's, by the name `ospolab-preloaded`. nbval and `make notebooks` ask for it with
JUPYTER_DEFAULT_PROVISIONER_NAME; JupyterLab starts ordinary kernels. A kernel knows nothing of the one before it: both
are copies of a process in which no cell has ever run. Linux and macOS; elsewhere, and for kernels of other languages,
this starts an ordinary one.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

__all__ = ["ASKED_FOR", "PreloadedProvisioner"]

ASKED_FOR = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "ospolab-preloaded"}  # what a process needs in its environment
# What is slow to import and does not start a thread, with which a process cannot be forked. Not our own modules: who
# changes one while a server runs would not see the change.
PRELOADED = ("ipykernel.kernelapp", "ipywidgets", "pandas", "matplotlib.figure", "yaml", "pydantic", "jinja2")
LAUNCHER = "ipykernel_launcher"
INLINE = "module://matplotlib_inline.backend_inline"  # what ipykernel sets, too late for a matplotlib that is there


class PreloadedProvisioner(LocalProvisioner):
    """Starts a Python kernel of this environment by forking; everything else as Jupyter does."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel that `cmd` describes; returns its connection information."""
        if not hasattr(os, "fork") or cmd[1:3] != ["-m", LAUNCHER] or not _same_python(cmd[0]):
            return await super().launch_kernel(cmd, **kwargs)
        # kwargs are those of subprocess.Popen; what a fork cannot do, such as another stdout, is not asked for here.
        environment = kwargs.get("env") or dict(os.environ)
        self.process = _server().fork([LAUNCHER, *cmd[3:]], environment, str(kwargs.get("cwd") or Path.cwd()))
        self.pid, self.pgid = self.process.pid, self.process.pid  # each kernel leads a group of its own
        return self.connection_info


def _same_python(program: str) -> bool:
    return os.path.realpath(program) == os.path.realpath(sys.executable) or program in ("python", "python3")


class _Forked:
    """The process of a kernel, as subprocess.Popen shows one. It is a child of the server, who sees to its end."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid, self._handle = pid, None
        if hasattr(os, "pidfd_open"):  # Linux: a number that no other process can come to bear
            with contextlib.suppress(ProcessLookupError):
                self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """0 once it has ended, with whatever status; None before."""
        if self._handle is not None:
            return 0 if select.select([self._handle], [], [], 0)[0] else None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(LAUNCHER, timeout or 0)
            time.sleep(0.02)
        return 0

    def __del__(self):
        if self._handle is not None:
            os.close(self._handle)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class _Server:
    """One process of this process's that has everything imported and forks when told to."""

    def __init__(self):
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        command = [sys.executable, "-m", "ospolab.kernels", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        self._answers = self._channel.makefile("r")

    def fork(self, arguments: list[str], environment: dict[str, str], folder: str) -> _Forked:
        order = json.dumps({"argv": arguments, "env": environment, "cwd": folder}) + "\n"
        with self._lock:
            self._channel.sendall(order.encode())
            answer = self._answers.readline()
        if not answer:
            raise RuntimeError("The process that starts kernels has ended; its last words are above.")
        return _Forked(int(answer))


_servers: dict[int, _Server] = {}


def _server() -> _Server:
    """The server of this process, started when it is first needed; not that of a parent that was forked."""
    if os.getpid() not in _servers:
        _servers[os.getpid()] = _Server()
    return _servers[os.getpid()]


# The server's side


def main() -> None:
    """Import, then fork a kernel for each line on the socket whose number is the first argument, until it closes."""
    # ipykernel reads the first when it is imported: a kernel ends when this process does. matplotlib reads the second.
    os.environ |= {"JPY_PARENT_PID": str(os.getpid()), "MPLBACKEND": INLINE}
    # pandas asks when it is imported whether it is in a notebook, and folds wide tables otherwise.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    del builtins.get_ipython
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for kernels here: their ends are seen by pidfd
    channel = socket.socket(fileno=int(sys.argv[1]))
    orders = channel.makefile("r")
    while line := orders.readline():
        if not (pid := os.fork()):
            channel.detach()
            orders.detach()
            _become(json.loads(line), int(sys.argv[1]))
        channel.sendall(f"{pid}\n".encode())


def _become(order: dict[str, Any], channel: int) -> None:
    """Be the kernel that was asked for. Does not return."""
    status = 1
    try:
        os.close(channel)
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(order["env"] | {"JPY_PARENT_PID": str(os.getppid())})
        os.environ.setdefault("MPLBACKEND", INLINE)
        os.chdir(order["cwd"])
        sys.argv = order["argv"]
        sys.path[:] = [path for path in sys.path if path]
        from ipykernel import kernelapp

        kernelapp.launch_new_instance()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
