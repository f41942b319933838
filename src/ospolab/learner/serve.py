"""Start JupyterLab on this machine, and say in one line where it is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ospolab.learner import MARKER

CONFIG = Path(__file__).with_name("jupyter")
HOST = "127.0.0.1"
FIRST_PORT = 8888
PORTS_TRIED = 100
PATIENCE = 90  # seconds until JupyterLab must answer; the very first start compiles hundreds of files


class ServeError(RuntimeError):
    """JupyterLab cannot be started; the message says what to do."""


@dataclass(frozen=True)
class Running:
    """A Jupyter server on this machine: its folder and the address that opens it, token included."""

    folder: Path
    port: int
    address: str


# --- what is running already -----------------------------------------------------------------------------------------


def running_on(folder: Path) -> Running | None:
    """The server that shows `folder`, if there is one that answers."""
    folder = folder.resolve()
    return next((server for server in running() if server.folder == folder and answers(server.port)), None)


def running() -> list[Running]:
    """Every server that left a note in Jupyter's runtime folder; it may have died since."""
    from jupyter_core.paths import jupyter_runtime_dir

    found = []
    # Reading the notes takes a millisecond; asking `jupyter server list` takes a second.
    for note in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            info = json.loads(note.read_bytes())
            address = info["url"] + (f"?token={info['token']}" if info.get("token") else "")
            found.append(Running(Path(info["root_dir"]).resolve(), int(info["port"]), address))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # being written, or not one of them
    return found


def answers(port: int) -> bool:
    """Whether something accepts connections on the port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


# --- the port --------------------------------------------------------------------------------------------------------


def is_free(port: int) -> bool:
    """Whether a server could listen there. Raises OverflowError for a number that is no port."""
    with socket.socket() as probe:
        if os.name == "posix":  # a connection closed a moment ago does not make the port a taken one
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(asked: int | None) -> int:
    """The port asked for, or else the first free one from 8888 on. Raises ServeError."""
    if asked is not None:
        if not is_free(asked):
            raise ServeError(
                f"Port {asked} is taken by another program (or not yours to use).\n"
                "Name another one, or leave --port away to get a free one."
            )
        return asked
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if is_free(port):
            return port
    raise ServeError(
        f"No port from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} is free.\n"
        "Close a few servers, or name a port yourself: --port 9500"
    )


# --- the server ------------------------------------------------------------------------------------------------------


def tell(message: str) -> None:
    """Print at once: whoever reads us through a pipe waits for the address."""
    print(message, flush=True)


def serve(
    folder: Path,
    *,
    page: str = "",
    port: int | None = None,
    browser: bool = True,
    configs: tuple[str, ...] = ("learn", "common"),
    scratch: Path | None = None,
    say: Callable[[str], None] = tell,
    farewell: str = "",
) -> int:
    """Serve `folder` until Ctrl-C; returns the exit status. Raises ServeError when it cannot be started.

    page: what to open first, as a path inside the folder. port: this one and no other; None takes a free one.
    configs: the Jupyter settings shipped with this package, the first wins. scratch: where JupyterLab leaves its log
    and what tabs were open, default the marker folder of a learner's copy.
    """
    already = running_on(folder)
    if already:
        say(f"JupyterLab is already open on this folder: {already.address}")
        say("Use that one, or stop it first (Ctrl-C in the terminal it was started from).")
        return 0
    chosen = choose_port(port)
    if port is None and chosen != FIRST_PORT:
        say(f"Port {FIRST_PORT} is taken; using {chosen} instead.")
    try_browser = browser and can_open_browser()
    environment = dict(os.environ)
    ours = [str(CONFIG / name) for name in configs]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join([*ours, environment.get("JUPYTER_CONFIG_PATH", "")]).rstrip(
        os.pathsep
    )
    scratch = scratch or folder / MARKER
    # Tabs belong to a folder; by default JupyterLab opens those of whatever folder it was last used on.
    environment["JUPYTERLAB_WORKSPACES_DIR"] = str(scratch / "workspaces")
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={chosen}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.open_browser={try_browser}",
        "--ServerApp.answer_yes=True",
        f"--LabApp.default_url=/lab/tree/{page}" if page else "--LabApp.default_url=/lab",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--ServerApp.allow_root=True")  # containers; it listens to this machine only
    if os.name == "posix":
        # A login shell, JupyterLab's choice, may set PATH anew, and then knows no `ospolab`.
        shell = os.environ.get("SHELL") or shutil.which("sh") or "/bin/sh"
        command.append(f"--ServerApp.terminado_settings={ {'shell_command': [shell]} }")
    log = scratch / "jupyter.log"
    with log.open("wb") as out:
        # A session of its own: Ctrl-C, once or twice, comes to us alone, and we end the server in the one orderly way.
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        _end_on_signals()
        try:
            address = _wait(process, folder, chosen, log)
            say(f"JupyterLab is open at {address}")
            if browser and not try_browser:
                say("No browser could be opened from here: copy the address into yours.")
            say("To stop: Ctrl-C here.")
            return process.wait()
        except KeyboardInterrupt:
            say(f"\nStopping. {farewell}".rstrip())
            return 0
        finally:
            _end(process)


def _wait(process: subprocess.Popen, folder: Path, port: int, log: Path) -> str:
    """The address, as soon as the server answers there. Raises ServeError if it ends or never answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServeError(f"JupyterLab ended at once. Its last words:\n{_tail(log)}\nAll of them: {log}")
        server = next((s for s in running() if s.port == port and s.folder == folder.resolve()), None)
        if server and answers(port):
            return server.address
        time.sleep(0.1)
    raise ServeError(f"JupyterLab did not answer within {PATIENCE} seconds. Its last words:\n{_tail(log)}")


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-5:])


def _end_on_signals() -> None:
    """Let a closed terminal or a `kill` end the server too, not only the command that watches it."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))


def _end(process: subprocess.Popen) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C must not leave the server behind
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def can_open_browser() -> bool:
    """Whether a graphical browser is likely to open; a text browser would take over the terminal."""
    on_linux = sys.platform.startswith("linux")
    if on_linux and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
