"""Grade an assignment of a course folder: from `submitted/` to the gradebook and `autograded/`.

Each step has a module: `sanitise` and `submission` read; `judge` has student code run (in `student`, behind `sandbox`
and `walls`) and runs the tests on what comes back; `gradebook` and `submission` write; `cache` keeps what need not be
done twice. This one decides what has to be done, has it done by `station`, and says what became of it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ospolab.grading import cache, gradebook, marks, plan, sandbox, sanitise, station, submission
from ospolab.grading.gradebook import Graded, Mark
from ospolab.grading.marks import Change
from ospolab.grading.trial import Clock, Job

__all__ = ["Change", "GradingError", "Report", "grade"]


KEPT = "What was graded so far is kept; the same command goes on from there."


class GradingError(RuntimeError):
    """Nothing could be graded; the message says why and what to do."""


@dataclass
class Report:
    """What became of a run. humans: student -> why a human should look. remarks: student -> what was put right."""

    assignment: str
    graded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    humans: dict[str, list[str]] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    kept_back: list[str] = field(default_factory=list)
    waiting: int = 0  # submissions with answers for a human to read
    isolated: bool = True
    stopped: bool = False

    @property
    def status(self) -> int:
        """Exit status: 0 all graded, 3 some need a human, 130 stopped before the end."""
        return 130 if self.stopped else 3 if self.humans or self.kept_back else 0


@dataclass
class _Todo:
    """One submission on its way."""

    submission: submission.Submission
    keys: dict[str, cache.Keys]
    jobs: dict[str, Job]
    found: dict[str, dict[str, Any]]
    tries: int = 0


def grade(
    folder: Path,
    assignment: str,
    *,
    student: str | None = None,
    force: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    db: str | None = None,
    unsafe: bool = False,
    clock: Clock | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    agree: Callable[[list[Change]], bool] = lambda changes: True,
) -> Report:
    """Grade the submissions of one assignment in a course folder of nbgrader's.

    student: this one only. force: grade again what has not changed. jobs: processes (default: one a core). scheduler:
    address of a Dask scheduler, or "local" for a cluster of this machine's. db: URL of the gradebook. unsafe: run
    student code without isolation, and mark each grade so. progress: told (done, of). agree: asked before points that
    were given are changed. Raises GradingError; what was graded until then is kept.
    """
    if not unsafe and scheduler is None and (reason := sandbox.probe()):
        raise GradingError(f"{reason}\nWithout isolation, student code runs as you: --unsafe does that, and marks it.")
    if unsafe and not hasattr(os, "fork"):
        raise GradingError("Student code is run by forking, which Windows has not. Grade in WSL 2.")
    try:
        run = _Run(folder, assignment, student, force, db, not unsafe, clock or Clock())
        with station.executor(jobs, scheduler) as executor:
            width = min(jobs or os.cpu_count() or 1, len(run.students))
            if scheduler is None:
                run.warm(executor, width)
            with run:
                run.all(executor, width, progress, agree)
    except (gradebook.GradebookError, plan.PlanError, sandbox.Unavailable, station.StationError) as error:
        raise GradingError(str(error)) from None
    except OSError as error:
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise GradingError(f"{error.filename or folder}: {why}. {KEPT}") from None
    except sqlite3.Error as error:
        raise GradingError(f"{folder / '.ospolab'}: {error}. {KEPT}") from None
    return run.report


# The run


class _Run:
    def __init__(self, folder: Path, assignment: str, student: str | None, force: bool, db: str | None, isolated: bool,
                 clock: Clock):  # fmt: skip
        self.folder, self.assignment, self.force, self.isolated, self.clock = folder, assignment, force, isolated, clock
        self.report = Report(assignment, isolated=isolated)
        source, release = folder / "source" / assignment, folder / "release" / assignment
        if not source.is_dir():
            known = ", ".join(sorted(path.name for path in (folder / "source").glob("*") if path.is_dir()))
            raise GradingError(
                f'There is no exercise "{assignment}" in {folder / "source"}. There is: {known or "none"}.'
            )
        self.plans = {path.stem: plan.read(path, release / path.name) for path in sorted(source.glob("*.ipynb"))}
        self.released = {path.relative_to(source).as_posix(): path.read_bytes() for path in sorted(source.rglob("*"))
                         if path.is_file() and path.suffix != ".ipynb" and "__pycache__" not in path.parts
                         and not any(part.startswith(".") for part in path.relative_to(source).parts)}  # fmt: skip
        self.students = sorted(
            path.parent.name for path in (folder / "submitted").glob(f"*/{assignment}") if path.is_dir()
        )
        if student is not None:
            if student not in self.students:
                raise GradingError(
                    f"{student} has handed in nothing: {folder / 'submitted' / student / assignment} is not there."
                )
            self.students = [student]
        if not self.students:
            raise GradingError(f"Nothing was handed in: {folder / 'submitted'} holds no */{assignment}.")
        self.key = os.environ.get("OSPOLAB_COURSE_KEY")
        self.held: list[tuple[Change, _Todo, Path, list[Mark]]] = []
        self._db = db

    def __enter__(self) -> _Run:
        kept = self.folder / ".ospolab"
        kept.mkdir(exist_ok=True)
        cells = [
            (name, cell.name, cell.points)
            for name, one in self.plans.items()
            for cell in one.of("test", "written", "task")
        ]
        with contextlib.ExitStack() as stack:
            lock = stack.enter_context((kept / f"{self.assignment}.lock").open("w"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise GradingError(
                    f"Somebody is grading {self.assignment} in this folder at this moment. "
                    "Wait until that run has ended."
                ) from None
            self.cache = stack.enter_context(contextlib.closing(cache.Cache(kept / "cache.db")))
            self.gradebook = stack.enter_context(contextlib.closing(gradebook.Gradebook(self.folder, self._db)))
            self.gradebook.claim(self.assignment)
            if not self.gradebook.registered(self.assignment, cells):
                self.gradebook.register(self.assignment)
            self.before: dict[str, Graded] = self.gradebook.graded(self.assignment)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def warm(self, executor: Executor, width: int) -> None:
        """Have the judges start while the gradebook is opened; for less than that there may be nothing to judge."""
        if self.force or not (self.folder / ".ospolab" / "cache.db").exists():
            first = next(iter(self.plans.values()))
            for _ in range(width):
                executor.submit(station.ready, first, self.isolated, self.clock, self.key, self.released)

    def all(self, executor: Executor, width: int, progress: Callable, agree: Callable) -> None:
        """Read, judge and write all submissions, a few at a time: memory does not grow with the class."""
        todo, running, done = list(reversed(self.students)), {}, 0
        try:
            while todo or running:
                while todo and len(running) < 2 * width:
                    if (one := self._read(todo.pop())) is None:
                        done += 1
                    elif one.jobs:
                        for future in self._submit(executor, one):
                            running[future] = one
                    else:
                        self._finish(one)
                        done += 1
                    progress(done, len(self.students))
                if not running:
                    continue
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    one = running.pop(future)
                    self._take(one, future)
                    if one not in running.values():
                        again = self._finish(one)
                        todo += [one.submission.student] if again else []
                        done += not again
                        progress(done, len(self.students))
        except KeyboardInterrupt:
            self.report.stopped = True
            for future in running:
                future.cancel()
            station.close_all()
            return
        self._settle(agree)

    def _submit(self, executor: Executor, one: _Todo) -> Iterator[Future]:
        for name, job in one.jobs.items():
            future = executor.submit(
                station.judged, self.plans[name], self.isolated, self.clock, self.key, self.released, job
            )
            future.notebook = name
            yield future

    def _read(self, student: str) -> _Todo | None:
        """A submission, and what of it has not been judged before; None if nothing is to be done."""
        try:
            made = submission.read(
                self.folder / "submitted" / student / self.assignment, student, self.plans, self.released
            )
        except (sanitise.Refused, OSError) as error:
            self.report.humans[student] = [f"not graded: {error}"]
            return None
        todo = _Todo(made, {}, {}, {})
        for name, notebook in made.notebooks.items():
            cells = tuple((cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
                          for cell in notebook.cells if cell.cell_type == "code")  # fmt: skip
            keys = todo.keys[name] = cache.keys(self.plans[name], cells, made.files, self.isolated)
            found = {} if self.force else {key: self.cache.get(key) for key in (*keys.tests.values(), keys.shown)}
            todo.found[name] = {key: value for key, value in found.items() if value is not None}
            tests = tuple(test for test, key in keys.tests.items() if key not in todo.found[name])
            if tests or keys.shown not in todo.found[name]:
                todo.jobs[name] = Job(cells, made.files, tests, keys.shown not in todo.found[name])
        if not self.force and not todo.jobs and self._unchanged(todo):
            self.report.unchanged.append(student)
            self._tell(todo)
            return None
        return todo

    def _unchanged(self, todo: _Todo) -> bool:
        there = self.before.get(todo.submission.student)
        place = self.folder / "autograded" / todo.submission.student / self.assignment
        return there is not None and there.fingerprint == self._fingerprint(todo) and place.is_dir()

    def _fingerprint(self, todo: _Todo) -> str:
        written = [
            cell.source for name in sorted(todo.submission.notebooks) for cell in todo.submission.notebooks[name].cells
        ]
        return cache.digest(*written, *(todo.keys[name].whole for name in sorted(todo.keys)), todo.submission.handed_in)

    def _take(self, todo: _Todo, future: Future) -> None:
        """Keep what a judge has found; points that it could not give are no points."""
        name = future.notebook
        done = future.result()
        if isinstance(done, str):
            todo.submission.alarms.append(f"not graded: {done}")
            return
        keys, found = todo.keys[name], todo.found[name]
        new = {keys.tests[test]: {"points": verdict.points, "outputs": verdict.outputs, "alarm": verdict.alarm}
               for test, verdict in done.verdicts.items()}  # fmt: skip
        if todo.jobs[name].shown:
            written = {path: content.hex() for path, content in done.files.items()}
            new[keys.shown] = {"outputs": done.outputs, "files": written, "alarms": done.alarms}
        found |= new
        # What ran out of time on a busy machine may run through on the next day.
        if not done.alarms and not any(verdict.alarm for verdict in done.verdicts.values()):
            self.cache.put(new)

    def _finish(self, todo: _Todo) -> bool:
        """Write a submission that is judged, or hold it back if it changes points. True if it has to be done again."""
        made, place = todo.submission, self.folder / "submitted" / todo.submission.student / self.assignment
        with contextlib.suppress(sanitise.Refused, OSError):
            if submission.signature(place) != made.signature and todo.tries == 0:
                return True  # handed in again meanwhile
        self._tell(todo)
        if any(alarm.startswith("not graded") for alarm in made.alarms):
            return False
        outputs: dict[str, dict[int, list]] = {}
        written: dict[str, bytes] = {}
        points: dict[tuple[str, str], float] = {}
        for name, keys in todo.keys.items():
            shown = todo.found[name][keys.shown]
            codes = [cell.metadata.get("nbgrader", {}).get("grade_id")
                     for cell in made.notebooks[name].cells if cell.cell_type == "code"]  # fmt: skip
            outputs[name] = {int(at): one for at, one in shown["outputs"].items()}
            outputs[name] |= {codes.index(test): todo.found[name][key]["outputs"] for test, key in keys.tests.items()}
            written |= {path: bytes.fromhex(content) for path, content in shown["files"].items()}
            points |= {(name, test): todo.found[name][key]["points"] for test, key in keys.tests.items()}
        target, given = (
            self.folder / "autograded" / made.student / self.assignment,
            marks.given(made, self.plans, points),
        )
        stage = submission.autograded(target, made, self.plans, outputs, written, self.isolated)
        if change := marks.change(made.student, self.before.get(made.student), given):
            self.held.append((change, todo, stage, given))
        else:
            self._write(todo, stage, given)
        return False

    def _write(self, todo: _Todo, stage: Path, given: list[Mark]) -> None:
        made = todo.submission
        submission.put_in_place(stage, self.folder / "autograded" / made.student / self.assignment)
        self.gradebook.write(
            self.assignment, made.student, given, self._fingerprint(todo), self.isolated, made.handed_in
        )
        self.report.graded.append(made.student)
        self.report.waiting += any(mark.points is None and mark.response and self._by_hand(mark) for mark in given)

    def _by_hand(self, mark: Mark) -> bool:
        cell = self.plans[mark.notebook].cell(mark.cell)
        return cell is not None and cell.kind in ("written", "task")

    def _settle(self, agree: Callable[[list[Change]], bool]) -> None:
        """Write the submissions whose points change, if that is agreed to."""
        self.report.changes = [change for change, *_ in self.held]
        agreed = not self.held or agree(self.report.changes)
        for change, todo, stage, given in self.held:
            if agreed:
                self._write(todo, stage, given)
            else:
                shutil.rmtree(stage, ignore_errors=True)
                self.report.kept_back.append(change.student)

    def _tell(self, todo: _Todo) -> None:
        made = todo.submission
        alarms = list(made.alarms)
        for name, keys in todo.keys.items():
            alarms += todo.found[name].get(keys.shown, {}).get("alarms", [])
            alarms += filter(None, (todo.found[name].get(key, {}).get("alarm") for key in keys.tests.values()))
        if alarms:
            self.report.humans[made.student] = alarms
        if made.remarks:
            self.report.remarks[made.student] = made.remarks
