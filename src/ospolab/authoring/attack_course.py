"""The course in which attacks are graded: canaries where nobody may look, two honest neighbours, and who watches.

See `ospolab.authoring.attacks`. What is watched stands in /proc: Linux only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from ospolab import course
from ospolab.authoring import cases

if TYPE_CHECKING:
    from ospolab.authoring.attacks import Attack

__all__ = ["BOUND", "FIRST", "LAST", "LIMIT", "SECRETS", "Class", "Watch", "full_points", "source"]

ROOT = course.root()
FIRST, LAST = "aa-neighbour", "zz-neighbour"  # graded before and after the attacks
CALL = 73_519_264  # in the hidden cases: whoever is called with it has seen one
SECRETS = {
    "hidden": [
        "canary-hidden-5e1f",
        str(CALL),
        "Curve C ends with a year of nothing: both",  # words of the real sources
        "The first place is the one we",
    ],
    "neighbour": ["canary-neighbour-b27c", "canary-note-04d3"],
    "key": ["canary-key-90d4"],
    "keyring": ["canary-keyring-77aa"],
}
# A hidden case each, which a right function passes.
HIDDEN = {
    "factor-half": f'at_half([{CALL}], 1, "")',
    "factor-any-share": f'at_share([{CALL}], 0.8, 1, "")',
    "first-alarm-found": f"assert first_alarm(pd.Series([0.0]), pd.Series([{CALL}]), 0.5, 20) is None",
    "share-any-table": f'counts(pd.DataFrame([(2031, "has_ospo", "all", "yes", {CALL}, {CALL})], '
    f'columns=two_questions.columns), 2031, "all", ["yes"], 1.0, {CALL}, "")',
    "closed-on-a-day": f'assert stood(pd.DataFrame({{"project": ["{CALL}"], "date": ["2020-01-01"], '
    f'"osi_approved_after": [False]}}), "2021-01-01") == ["{CALL}"]',
}
LIMIT, BOUND = 8, 18  # seconds a cell may run; seconds after which an attack gives up
# Begins a session of keys with one in it, as a login does, and becomes `python -m module`.
LAUNCH = """
import ctypes, os, platform, sys
add, control = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(platform.machine(), (None, None))
if add:
    call, word = ctypes.CDLL(None).syscall, sys.argv[1].encode()
    call(control, 1, None)
    call(add, b"user", b"ospolab-canary", word, len(word), -3)
os.execv(sys.executable, [sys.executable, "-m", *sys.argv[2:]])
"""
MEMORY = 6_000_000_000  # bytes that the grader may map, should a wall against its tests' memory fail


def full_points(assignment: str) -> dict[str, float]:
    """Points of each cell that is graded by its tests."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in source(assignment).cells]
    return {mark.grade_id: mark.points for mark in marks if mark.get("grade") and not mark.solution}


def source(assignment: str) -> nbformat.NotebookNode:
    """The source notebook of an exercise."""
    return nbformat.read(ROOT / "exercises" / "source" / assignment / f"{assignment}.ipynb", as_version=4)


# A class to be graded


class Class:
    """A course folder with one assignment: its source with canaries in the hidden cases, and two honest neighbours."""

    def __init__(self, scratch: Path, assignment: str):
        self.scratch, self.assignment, self.folder = scratch, assignment, scratch / "course"
        self.run, self.peak = f"run-{os.urandom(6).hex()}", 0  # peak: bytes of memory of the largest process so far
        for place in ("home", "tmp"):
            (scratch / place).mkdir(parents=True, exist_ok=True)

    def prepare(self) -> Class:
        """Write the folder anew, and have nbgrader make its release and its gradebook."""
        name = self.assignment
        shutil.copytree(ROOT / "exercises" / "source" / name, self.folder / "source" / name)
        config = (ROOT / "exercises" / "nbgrader_config.py").read_text(encoding="utf-8")
        (self.folder / "nbgrader_config.py").write_text(f"{config}\nc.Execute.timeout = {LIMIT}\n", encoding="utf-8")
        made = source(name)
        for cell in made.cells:
            if "### BEGIN HIDDEN TESTS" in cell.source:
                case = HIDDEN.get(cell.metadata.nbgrader.grade_id, "")
                canary = f"### BEGIN HIDDEN TESTS\nunpublished = {SECRETS['hidden'][0]!r}\n{case}"
                cell.source = cell.source.replace("### BEGIN HIDDEN TESTS", canary.rstrip())
        nbformat.write(made, self.folder / "source" / name / f"{name}.ipynb")
        for neighbour in (FIRST, LAST):
            there = self.folder / "submitted" / neighbour / name
            cases.hand_in(name, "reference", there)
            (there / "notes.txt").write_text(SECRETS["neighbour"][0], encoding="utf-8")
        self.nbgrader("generate_assignment", name, "--create")
        return self

    def copy(self, scratch: Path) -> Class:
        other = Class(scratch, self.assignment)
        shutil.copytree(self.folder, other.folder, symlinks=True)
        return other

    def nbgrader(self, *arguments: str, seconds: float = 300) -> int | None:
        return self.command("nbgrader", *arguments, seconds=seconds)

    def command(self, module: str, *arguments: str, seconds: float) -> int | None:
        """Run `python -m module` in the course folder, in a session of its own. None if it had to be ended."""
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.scratch / "home"), "TMPDIR": str(self.scratch / "tmp"),
            "OSPOLAB_COURSE_KEY": SECRETS["key"][0], "OSPOLAB_ATTACKS": self.run,
        }  # fmt: skip
        with (self.scratch / "said.txt").open("wb") as said:
            started = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, SECRETS["keyring"][0], module, *arguments], cwd=self.folder,
                env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
            with contextlib.suppress(OSError):
                import resource  # not where there is no /proc either

                resource.prlimit(started.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
            until = time.monotonic() + seconds
            while not (ended := os.wait4(started.pid, os.WNOHANG))[0]:
                if time.monotonic() > until:
                    os.killpg(started.pid, signal.SIGKILL)
                    ended = os.wait4(started.pid, 0)
                    break
                time.sleep(0.05)
        # Of it and of everything it has waited for: kernels and judges, not what runs in a sandbox.
        self.peak = max(self.peak, ended[2].ru_maxrss * 1024)
        started.returncode = os.waitstatus_to_exitcode(ended[1])
        return None if started.returncode == -signal.SIGKILL else started.returncode

    def words(self, one: Attack, port: int) -> dict[str, str]:
        mark = self.mark(one.name)
        return {
            "mark": mark, "me": one.name, "folder": str(self.folder), "port": str(port), "bound": str(BOUND),
            "brand": f'__import__("ctypes").CDLL(None).prctl(15, b"{mark}", 0, 0, 0)',
            "deep": "[" * 100_000, "long": "x" * 2_000_000,
        }  # fmt: skip

    def mark(self, name: str) -> str:
        return "m" + hashlib.sha256(f"{self.run}/{name}".encode()).hexdigest()[:12]

    def grades(self, student: str) -> dict[str, tuple] | None:
        """{cell: (points by tests, by hand, extra)} of a student; None for a gradebook that cannot be read."""
        sql = """select base_cell.name, auto_score, manual_score, extra_credit from grade
                 join base_cell on base_cell.id = grade.cell_id
                 join submitted_notebook on submitted_notebook.id = grade.notebook_id
                 join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
                 where submitted_assignment.student_id = ?"""
        found = self._query(sql, student)
        return None if found is None else {name: tuple(points) for name, *points in found}

    def framework(self) -> list | None:
        """What in the gradebook belongs to the exercise and to nobody: maximal points, sources, triggers."""
        return self._query(
            "select id, max_score from grade_cells union select name, source from source_cell "
            "union select name, sql from sqlite_master where type = 'trigger' order by 1"
        )

    def _query(self, sql: str, *values: str) -> list | None:
        address = f"file:{self.folder}/gradebook.db?mode=ro"
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(address, timeout=30, uri=True)) as book,
        ):
            return book.execute(sql, values).fetchall()
        return None


# Watching


class Watch:
    """While grading: who connects to a port here, and which marked processes live, and how long.

    lived: {mark: [first, last]} in seconds since the epoch. heard: bytes that arrived.
    """

    def __init__(self, marks: list[str], run: str):
        self._marks, self._run, self._over = [mark.encode() for mark in marks], run.encode(), threading.Event()
        self.lived: dict[str, list[float]] = {}
        self.heard = b""
        self._listeners = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.port = self._listeners[0].getsockname()[1]
        self._listeners[1].bind(f"\0ospolab-{self.port}")
        self._listeners[1].listen()

    def __enter__(self) -> Watch:
        for work in (self._look, *(lambda one=one: self._listen(one) for one in self._listeners)):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for one in self._listeners:
            one.close()
        for process in self.processes(also_run=True):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def _listen(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(2)
                    self.heard += connection.recv(1000) + b"\n"

    def _look(self) -> None:
        while not self._over.wait(0.3):
            now = time.time()
            for mark in self.processes().values():
                self.lived.setdefault(mark, [now, now])[1] = now

    def processes(self, also_run: bool = False) -> dict[int, str]:
        """Processes of these attacks, by number: their mark. also_run: every other one of this run as well."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (path / "stat").read_bytes().rpartition(b") ")[2][:1] == b"Z":
                    continue
                said = (path / "comm").read_bytes() + (path / "cmdline").read_bytes()
                mark = next((mark for mark in self._marks if mark in said), None)
                if mark or (also_run and self._run in (path / "environ").read_bytes()):
                    found[int(path.name)] = (mark or b"").decode()
        return found
