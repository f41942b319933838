"""The judge: a process on the trusted side, in which no student code runs.

It imports the course and runs the set-up cells once; then, for each submission, forks a process that has the student's
cells run in the sandbox, fetches the names that tests ask for as plain values, or as functions to be called over there,
and runs the tests on them. Nothing that a student prints or returns is a verdict.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from typing import Any

from ospolab.grading import rehearsal, sandbox, walls
from ospolab.grading.plan import Plan
from ospolab.grading.shown import Answered
from ospolab.grading.trial import Clock, Job, Outcome, Trial, execute

__all__ = ["Work", "main"]

MEMORY = 600_000_000  # bytes that judging one submission may take


class Work:
    """A judge that serves jobs of one plan, each in a process of its own. Raises sandbox.Unavailable.

    files: what is released beside the notebook.
    """

    def __init__(self, plan: Plan, isolated: bool = True, clock: Clock | None = None, files: dict | None = None):
        self.plan, self.clock, files = plan, clock or Clock(), dict(files or {})
        self.names, self.shell = _ready(plan)
        with contextlib.suppress(Exception):  # an exercise without forms, or with forms of another kind
            files["answers.yml"] = rehearsal.answers(files["forms.yml"]).encode()
        rehearsal.rehearse([cell.source for cell in plan.cells if cell.told or cell.kind == "test"], self.names, files)
        self.student = None
        if plan.of("answer"):
            setup = [cell.source for cell in plan.of("setup")]
            told = [cell.source for cell in plan.cells if cell.told and "form(" not in cell.source]
            self.student = sandbox.Sandbox(setup, isolated, rehearsal=(told, files))

    def do(self, job: Job) -> Outcome:
        """Judge one submission. Raises TimeoutError, or RuntimeError if the process that judged it was lost."""
        read, write = os.pipe()
        folder = tempfile.mkdtemp(prefix="ospolab-judge-")
        if not (child := os.fork()):
            os.close(read)
            with contextlib.suppress(BaseException):
                os.chdir(folder)
                # What a test makes of a student's value may be large; it is that student's test that fails.
                most = walls.mapped() + MEMORY
                resource.setrlimit(resource.RLIMIT_AS, (most, most))
                with os.fdopen(write, "wb") as pipe:
                    try:
                        pickle.dump(Trial(self.plan, job, self.clock, self.student, self.names, self.shell).run(), pipe)
                    except BaseException as error:
                        pickle.dump(f"{type(error).__name__}: {error}", pipe)
            os._exit(0)
        os.close(write)
        try:
            with os.fdopen(read, "rb") as pipe:
                data = _read(pipe, self.clock.submission + 30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            shutil.rmtree(folder, ignore_errors=True)
        try:
            outcome = pickle.loads(data)  # written by our own code, from values made here
        except (EOFError, pickle.UnpicklingError):
            raise RuntimeError("the process that judged it ended before it was done") from None
        if isinstance(outcome, str):
            raise RuntimeError(outcome)
        return outcome

    def close(self) -> None:
        if self.student:
            self.student.close()


def _read(pipe: io.BufferedReader, seconds: float) -> bytes:
    parts, until = [], time.monotonic() + seconds
    while True:
        if not select.select([pipe], [], [], max(0, until - time.monotonic()))[0]:
            raise TimeoutError(f"judging took longer than {seconds:g} seconds")
        if not (part := os.read(pipe.fileno(), 1 << 20)):
            return b"".join(parts)
        parts.append(part)


def _ready(plan: Plan) -> tuple[dict[str, Any], Any]:
    """The namespace of the tests after the set-up cells, and what shows values as a notebook does."""
    import matplotlib

    matplotlib.use("agg")
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    import ospolab.forms

    ospolab.forms.form = Answered
    InteractiveShell.history_manager = None
    shell = InteractiveShell.instance()
    shell.display_pub = CapturingDisplayPublisher()
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in plan.of("setup"):
        done = execute(cell.source, names, cell.name)
        if done.error:
            raise sandbox.Unavailable(f"The set-up cell {cell.name} of the exercise fails: {done.error!r}")
    return names, shell


def main() -> None:
    """Serve jobs of one plan on the pipe whose number is the first argument; started by `ospolab.grading.station`."""
    with os.fdopen(int(sys.argv[1]), "rb") as orders, os.fdopen(int(sys.argv[2]), "wb") as answers:
        plan, isolated, clock, key, files = pickle.load(orders)
        if key is not None:
            os.environ["OSPOLAB_COURSE_KEY"] = key
        try:
            work = Work(plan, isolated, clock, files)
        except Exception as error:
            pickle.dump(str(error) or repr(error), answers)
            return
        with contextlib.closing(work):
            pickle.dump(None, answers)
            answers.flush()
            with contextlib.suppress(EOFError):
                while True:
                    job = pickle.load(orders)
                    try:
                        done: Any = work.do(job)
                    except Exception as error:
                        done = error if isinstance(error, TimeoutError) else RuntimeError(str(error))
                    pickle.dump(done, answers)
                    answers.flush()
