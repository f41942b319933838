"""The student process: runs what a student wrote, and knows nothing that a student should not.

Started by `ospolab.grading.sandbox` inside its walls. It imports what notebooks need and runs the set-up cells of the
exercise once; then, for each submission, forks a process that puts up walls of its own (`ospolab.grading.walls`), runs
the cells, and answers for the names that tests ask for. No test, no other submission and no key is ever in here.

At each test a copy of the process is set aside by forking, and asked only after the last cell has run: what a function
learns from the cases it is called with can reach neither a later cell nor what is shown.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from ospolab.grading import cells, typed, walls, wire
from ospolab.grading.rehearsal import rehearse

PRELOADED = ("pandas", "numpy", "matplotlib.pyplot", "IPython.display", "ipywidgets", "ospolab.forms", "ospolab.data")
WORK = "exercise"
HANDED_BACK = 5_000_000  # bytes of a file that the notebook wrote


# The process that forks


def main() -> None:
    """Serve submissions on the socket whose number is the first argument, until it is closed."""
    control = socket.socket(fileno=int(sys.argv[1]))
    order = wire.receive(control.fileno())
    limits, isolated = walls.Walls(**order["walls"]), order["isolated"]
    if isolated and order["root"]:
        walls.own_users()
    shell = _shell() if order["setup"] is not None else None  # None: somebody only asks whether the walls hold
    failed = _prepare(shell, order["setup"] or [])
    files = {name: content.encode() for name, content in order["files"].items()}
    if shell:
        rehearse(order["rehearsed"], shell.user_ns, files)
    wire.send(control.fileno(), {"failed": failed})
    before = walls.mapped()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    while True:
        _, handles, *_ = socket.recv_fds(control, 16, 64)
        if not handles:
            return
        if not os.fork():
            _keep(shell, limits, before, isolated, handles)
        for handle in handles:
            os.close(handle)


def _shell() -> Any:
    import importlib

    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    os.environ["MPLBACKEND"] = "agg"
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # Without history, configuration and start-up files: a shell that is the same for everyone.
    InteractiveShell.history_manager = None
    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    shell.displayhook.__class__.write_output_prompt = lambda self: None
    shell.displayhook.__class__.write_format_data = lambda self, data, metadata=None: shell.display_pub.outputs.append(
        {"data": data, "metadata": metadata or {}, "result": True}
    )
    shell.enable_gui = lambda gui=None: None
    return shell


def _prepare(shell: Any, cells: list[str]) -> str | None:
    """Run the set-up cells of the exercise; returns what went wrong."""
    for source in cells:
        done = shell.run_cell(source, store_history=False, silent=True)
        if not done.success:
            return repr(done.error_in_exec or done.error_before_exec)
    return None


def _keep(shell: Any, limits: walls.Walls, before: int, isolated: bool, handles: list[int]) -> None:
    """Fork the process of one submission and end it, with all it has started, when the other side lets go."""
    leash, *channels = handles
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if isolated:
        walls.new_namespaces()
    if not (inner := os.fork()):
        os.close(leash)
        try:
            _serve(shell, limits, before, isolated, channels)
        except BaseException:
            import traceback

            wire.send(channels[0], {"outputs": traceback.format_exc()})
        os._exit(0)
    for channel in channels:
        os.close(channel)
    # Linux: in a namespace of its own the inner process is the first, and all others end with it.
    ended = os.pidfd_open(inner) if hasattr(os, "pidfd_open") else None
    select.select([leash, *([ended] if ended is not None else [])], [], [])
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(inner, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(inner, 0)
    os._exit(0)


# The process of one submission


def _serve(shell: Any, limits: walls.Walls, before: int, isolated: bool, channels: list[int]) -> None:
    channel, *aside = channels
    try:
        folder = _enter(channel, channels, limits, before, isolated)
    except Exception as error:
        wire.send(channel, {"failed": f"{type(error).__name__}: {error}"})
        return
    wire.send(channel, {"failed": None})
    released: dict[str, int] = {}
    while True:
        order = wire.receive(channel)
        match order["do"]:
            case "file":
                _write(order, released)
            case "run":
                wire.send(channel, {"outputs": cells.run(shell, order["source"], order["seconds"])})
            case "aside":
                mine = aside.pop(0)
                if not os.fork():
                    walls.close_all_but(mine)
                    _answer(shell, mine)
                os.close(mine)
                wire.send(channel, {})
            case "files":
                wire.send(channel, {"files": _changed(folder, released)})


def _enter(channel: int, channels: list[int], limits: walls.Walls, before: int, isolated: bool) -> Path:
    """Put up the walls; returns the folder of the notebook, in which the process then is."""
    walls.close_all_but(*channels)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nothing, handle)
    os.close(nothing)
    if isolated:
        walls.alone(limits)
    home = walls.HOME if isolated else Path(wire.receive(channel)["home"])
    folder = home / WORK
    folder.mkdir()
    folder.chmod(0o777)
    os.environ |= {"HOME": str(home), "TMPDIR": str(home), "MPLCONFIGDIR": str(home), "IPYTHONDIR": str(home)}
    os.chdir(folder)
    walls.enclose(limits, before, isolated)
    signal.signal(signal.SIGALRM, cells.stop)
    sys.path.insert(0, str(folder))  # as in a notebook; what is loaded already is not looked for again
    return folder


def _write(order: dict, released: dict[str, int]) -> None:
    path = Path(order["name"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if order["more"] else "wb") as file:
        file.write(base64.b64decode(order["data"]))
    released[order["name"]] = path.stat().st_mtime_ns


def _changed(folder: Path, released: dict[str, int]) -> dict[str, str]:
    """The files below `folder` that the notebook has written, as base64."""
    found = {}
    for path in sorted(folder.rglob("*"))[:200]:
        name = path.relative_to(folder).as_posix()
        with contextlib.suppress(OSError):
            if path.is_symlink() or not path.is_file() or path.stat().st_mtime_ns == released.get(name):
                continue
            if path.stat().st_size <= HANDED_BACK and "__pycache__" not in path.parts:
                found[name] = base64.b64encode(path.read_bytes()).decode()
    return found


# Answering for names, in a process set aside


def _answer(shell: Any, channel: int) -> None:
    """Serve the names of the notebook as they stand now, until the other side lets go."""
    functions: list[Any] = []
    kept: dict[int, Any] = {}

    def function(value: Any) -> dict:
        functions.append(value)
        return {"t": "function", "v": len(functions) - 1}

    with contextlib.suppress(BaseException):
        while True:
            order = wire.receive(channel)
            silent = io.StringIO()
            with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
                if order["do"] == "fetch":
                    reply = {name: _value(shell.user_ns[name], function)
                             for name in order["names"] if name in shell.user_ns}  # fmt: skip
                else:
                    reply = _called(order, functions, kept, function)
            try:
                wire.send(channel, reply)
            except wire.TooLarge:
                wire.send(channel, {"untyped": "more bytes than can cross"})
    os._exit(0)


def _value(value: Any, function: Any) -> Any:
    try:
        return {"value": typed.encode(value, function)}
    except typed.Untyped as error:
        return {"untyped": error.kind}
    except BaseException as error:
        return {"untyped": f"{type(value).__name__}, reading which raised {type(error).__name__}"}


def _called(order: dict, functions: list, kept: dict[int, Any], function: Any) -> dict:
    """Call a function of the notebook. A table that was sent before is named by its number, and copied."""

    def argument(content: Any) -> Any:
        if isinstance(content, dict) and content.get("t") == "again":
            return kept[content["v"]].copy()
        value = typed.decode(content)
        if isinstance(content, dict) and "keep" in content:
            kept[content["keep"]] = value.copy()
        return value

    arguments = [argument(content) for content in order["args"]]
    named = {name: argument(content) for name, content in order["kwargs"].items()}
    try:
        with cells.within(order["seconds"]):
            value = functions[order["function"]](*arguments, **named)
    except BaseException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        with contextlib.suppress(BaseException):
            return {"raised": kinds, "message": str(error)[:2_000]}
        return {"raised": kinds, "message": ""}
    return _value(value, function)


if __name__ == "__main__":
    main()
