"""The trial of one submission: its cells are run where they can do no harm, then the tests where they cannot reach."""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import math
import os
import signal
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from types import FrameType
from typing import Any

from ospolab.grading import sandbox, typed, wire
from ospolab.grading.plan import Cell, Plan
from ospolab.grading.shown import cleaned, displayed, failure, printed
from ospolab.grading.values import READABLE, Clock, Functions

__all__ = ["Clock", "Job", "Outcome", "Trial", "Verdict", "execute"]

HIDDEN = "A hidden test did not pass."
UNSTEADY = "This passed when it was asked first, and not when it was asked again."
# Files that count as they were handed in, or not at all, whatever code makes of them.
NEVER = {"answers.yml", "forms.yml", "timestamp.txt"}
SHOWN = 8_000_000  # characters of all outputs of a submission; a picture takes most


@dataclass(frozen=True)
class Job:
    """A submission as the judge needs it. cells: grade_id or None, and source, of each code cell in order.

    files: what was handed in and what is released beside the notebook. judged: the tests to run. shown: whether the
    outputs of all cells are wanted as well.
    """

    cells: tuple[tuple[str | None, str], ...]
    files: dict[str, bytes]
    judged: tuple[str, ...]
    shown: bool


@dataclass
class Verdict:
    """Points for a test and what it said. alarm: why a human should look at it."""

    points: float
    outputs: list[dict] = field(default_factory=list)
    alarm: str | None = None


@dataclass
class Outcome:
    """What became of a job: verdicts by grade_id; outputs by place among the code cells; files that were written."""

    verdicts: dict[str, Verdict]
    outputs: dict[int, list[dict]]
    files: dict[str, bytes]
    alarms: list[str]


# One cell of the course


@dataclass
class Ran:
    printed: str
    result: Any
    error: BaseException | None
    line: int | None  # of the cell, where the error came from


class TestTimeout(TimeoutError):
    """A test ran for too long."""


def execute(source: str, names: dict[str, Any], name: str, seconds: float = 60) -> Ran:
    """Run a cell of the course; its result is the value of its last line."""
    said, file, result, error, line = io.StringIO(), f"<{name}>", None, None, None
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None

    def late(number: int, frame: FrameType | None) -> None:
        raise TestTimeout(f"It ran for longer than {seconds:g} seconds.")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        # Warnings of tests are for whoever wrote them.
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(tree, file, "exec"), names)
            if last is not None:
                result = eval(compile(ast.Expression(last.value), file, "eval"), names)
    except Exception as raised:
        error = raised
        frames = [frame for frame in traceback.extract_tb(raised.__traceback__) if frame.filename == file]
        line = frames[0].lineno if frames else None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return Ran(said.getvalue(), result, error, line)


# One submission


class Trial:
    """student: the sandbox, or None if the exercise has no code. names: those of the set-up. shell: shows values."""

    def __init__(self, plan: Plan, job: Job, clock: Clock, student: sandbox.Sandbox | None, names: dict, shell: Any):
        self.plan, self.job, self.clock, self.student, self.shell = plan, job, clock, student, shell
        self.names, self.until = dict(names), time.monotonic() + clock.submission
        self.alarms: list[str] = []
        self.outputs: dict[int, list[dict]] = {}
        self.lost: str | None = None  # why the student process is no more
        self.aside: dict[str, int] = {}  # the copy that answers for the names of a test
        self.unread: dict[str, str] = {}  # names that cannot cross, and what they are
        self.theirs: dict[Path, bytes] = {}  # files that the student's cells have written
        self.room = SHOWN

    def run(self) -> Outcome:
        """Run cells and tests in the present folder, which is empty and the trial's own."""
        for name, content in self.job.files.items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        wanted = self._wanted()
        asking = [cell for cell in self.plan.of("test") if cell.name in wanted and cell.names]
        if (asking or (self.job.shown and self.plan.of("answer"))) and self.student:
            try:
                with self.student.session(self.job.files, len(asking)) as session:
                    self._students(session, {cell.name for cell in asking})
                    return self._outcome(wanted)
            except (wire.Closed, wire.TooSlow, wire.TooLarge) as error:
                raise RuntimeError(f"the student process could not be used: {error}") from None
        return self._outcome(wanted)

    def _wanted(self) -> set[str]:
        """The cells of the course to be run: the tests judged, what shows answers, and what these need."""
        told = {cell.name for cell in self.plan.cells if cell.told and self.job.shown}
        named = {*self.job.judged, *told}
        return named | {need for name in named if (cell := self.plan.cell(name)) for need in cell.needs}

    # The student's cells

    def _students(self, session: sandbox.Session, asking: set[str]) -> None:
        for place, (name, source) in enumerate(self.job.cells):
            cell = self.plan.cell(name) if name else None
            try:
                if name in asking:
                    self.aside[name] = session.set_aside(self.clock.cell)
                elif cell is None or cell.kind == "answer" or cell.shared:
                    outputs = self._student_cell(session, name, cell.shared if cell and cell.shared else source)
                    if cell is None or cell.kind == "answer" or cell.names:
                        self.outputs[place] = outputs
            except (wire.Closed, wire.TooSlow, wire.TooLarge, TypeError, KeyError) as error:
                why = {wire.Closed: "ended Python", wire.TooSlow: "did not stop when its time was over"}
                where = name or "a cell of the student's own"
                self.lost = f"{where} {why.get(type(error), 'answered with something that is no answer')}"
                self.alarms.append(f"{self.lost}; what came after it was not run")
                self.outputs[place] = [failure("Stopped", f"The notebook was stopped here: this cell {self.lost}.")]
                return
        with contextlib.suppress(wire.Closed, wire.TooSlow, wire.TooLarge, TypeError, ValueError):
            for name, data in session.ask({"do": "files"}, self.clock.call)["files"].items():
                path = Path(os.path.normpath(name))
                if not (path.is_absolute() or ".." in path.parts or path.as_posix() in NEVER):
                    self.theirs[path] = base64.b64decode(data)

    @contextlib.contextmanager
    def _their_files(self, cell: Cell) -> Iterator[None]:
        """Have the files that the student's cells have written, for a cell that may see what these cells do.

        No other may: what it finds would depend on more than its name in the cache says, and on more than was handed
        in. A file that was handed in, or that the course has written since, stays as it is.
        """
        placed = []
        for path, content in self.theirs.items() if cell.names else ():
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as file:
                    file.write(content)
                placed.append(path)
        try:
            yield
        finally:
            for path in placed:
                path.unlink(missing_ok=True)

    def _student_cell(self, session: sandbox.Session, name: str | None, source: str) -> list[dict]:
        seconds = min(self.clock.cell, self.until - time.monotonic())
        if seconds <= 0:
            raise wire.TooSlow
        said = session.ask({"do": "run", "source": source, "seconds": seconds}, seconds + self.clock.grace)
        kept = [cleaned(output) for output in said["outputs"][:60]]
        self.room -= sum(len(str(output)) for output in kept)
        return kept if self.room > 0 else printed("... more was shown than is kept ...")

    # The tests

    def _outcome(self, wanted: set[str]) -> Outcome:
        verdicts, again = {}, []
        places = {name: place for place, (name, _) in enumerate(self.job.cells) if name}
        for cell in self.plan.cells:
            if cell.name not in wanted or cell.kind in ("setup", "answer", "written"):
                continue
            for name in cell.names:
                self.names.pop(name, None)
            if cell.names:
                self.names |= self._fetch(cell)
            # Tests that ask a student's function: first the visible cases of all of them, then the hidden ones of all.
            # Else a function could tell, in an answer that is shown, what it was asked in the test before.
            twice = bool(cell.names and cell.hidden)
            if twice:
                names = dict(self.names)
            done = self._execute(cell, cell.visible if twice else cell.source, self.names)
            if cell.kind == "test":
                if twice and done.error is None:
                    again.append((cell, names, done))
                elif cell.name in self.job.judged:
                    verdicts[cell.name] = self._verdict(cell, done)
            elif cell.told:
                failed = [failure(type(done.error).__name__, str(done.error)[:2_000])] if done.error else []
                self.outputs[places[cell.name]] = [*displayed(self.shell, done.printed, done.result), *failed]
        for cell, names, first in again:
            if cell.name in self.job.judged:
                verdicts[cell.name] = self._unseen(cell, first, self._execute(cell, cell.source, names))
        written = {path.as_posix(): content for path, content in self.theirs.items()}
        for path in sorted(Path().rglob("*")):
            if path.is_file() and not path.is_symlink():
                written[path.as_posix()] = path.read_bytes()
        files = self.job.files
        written = {name: content for name, content in written.items() if content != files.get(name)}
        return Outcome(verdicts, self.outputs, written, self.alarms)

    def _execute(self, cell: Cell, source: str, names: dict[str, Any]) -> Ran:
        with self._their_files(cell):
            return execute(source, names, cell.name, max(1, min(self.clock.test, self.until - time.monotonic())))

    def _unseen(self, cell: Cell, first: Ran, done: Ran) -> Verdict:
        """The verdict of a test with its hidden cases: nothing that a student's function says from then on is shown."""
        done.printed = first.printed
        if done.error is not None and not isinstance(done.error, (TestTimeout, NameError)):
            asked_before = done.line is not None and done.line < cell.hidden[0]
            done.error = AssertionError(UNSTEADY if asked_before else HIDDEN)
        return self._verdict(cell, done)

    def _fetch(self, cell: Cell) -> dict[str, Any]:
        handle = self.aside.get(cell.name)
        if handle is None:
            return {}
        functions, found = Functions(handle, self.clock), {}
        try:
            reply = functions.ask({"do": "fetch", "names": list(cell.names)})
        except RuntimeError as error:
            self.unread |= dict.fromkeys(cell.names, f"unknown: {error}")
            return {}
        for name in cell.names:
            part = reply.get(name) if isinstance(reply, dict) else None
            try:
                if isinstance(part, dict) and "value" in part:
                    found[name] = typed.decode(part["value"], functions.proxy(name))
                elif isinstance(part, dict):
                    self.unread[name] = str(part.get("untyped"))[:200]
            except typed.Untyped as error:
                self.unread[name] = error.kind[:200]
        return found

    def _verdict(self, cell: Cell, done: Ran) -> Verdict:
        said = printed(done.printed)
        if done.error is None:
            if done.result is not None:
                data = {"text/plain": repr(done.result)[:500]}
                said.append({"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": data})
            return Verdict(_points(done.result, cell.points), said)
        kind, message = type(done.error).__name__, str(done.error)[:2_000]
        if isinstance(done.error, TestTimeout):
            return Verdict(0, [*said, failure(kind, message)], f"{cell.name}: the test did not end in time")
        if isinstance(done.error, NameError) and done.error.name in self.unread:
            message = f"{done.error.name} is a value of type {self.unread[done.error.name]}. {READABLE}"
        elif isinstance(done.error, NameError) and self.lost:
            message = f"{message}; the notebook was stopped before: {self.lost}."
        elif done.line in cell.hidden and not _about_files(done.error):
            kind, message = "AssertionError", HIDDEN
        return Verdict(0, [*said, failure(kind, message)])


def _points(result: Any, most: float) -> float:
    """As nbgrader reads it: a number is the points, anything else all of them. Kept between 0 and what there is."""
    if not isinstance(result, Real) or isinstance(result, bool):
        return most
    return 0.0 if math.isnan(result) else min(max(float(result), 0.0), most)


def _about_files(error: BaseException) -> bool:
    """Whether an error is about a file of the student's, which is no secret of the test."""
    return type(error).__module__.startswith("ospolab.forms")
