"""Grade a learner's own exercise with stock nbgrader, on their own machine.

Everything happens in a temporary copy of the course folder, so that a gradebook in `exercises/` is never touched. The
learner's code runs as it does in JupyterLab: with their rights and without isolation. It is their own.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ospolab.learner import MARKER, progress
from ospolab.learner.standing import work

STUDENT = "learner"


class GradeError(RuntimeError):
    """The exercise could not be graded; the message says why and what to do."""


@dataclass(frozen=True)
class Mark:
    """One graded cell: its grade_id, the heading it stands under, its points.

    by_hand: a human gives the points, no test. waits: there is something for the human to read.
    """

    cell: str
    heading: str
    points: float
    out_of: float
    by_hand: bool
    waits: bool


@dataclass(frozen=True)
class Result:
    """The marks of one exercise in the order of the notebook, and where the feedback was written.

    work: the fingerprint of what was graded, see `ospolab.learner.standing.work`. repairs: what had to be put right in
    the notebook before, a sentence each.
    """

    marks: list[Mark]
    feedback: Path | None
    work: str
    repairs: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """What the tests gave, of `out_of`."""
        return round(sum(mark.points for mark in self.marks if not mark.by_hand), 2)

    @property
    def out_of(self) -> float:
        return round(sum(mark.out_of for mark in self.marks if not mark.by_hand), 2)

    @property
    def waiting(self) -> float:
        """The points that a human may give for what is written."""
        return round(sum(mark.out_of for mark in self.marks if mark.waits), 2)


def show(course: Path, home: Path, assignment: str | None) -> int:
    """Grade and print a table. Returns 0: few points are no failure of the command. Raises GradeError."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    name = choose(course, home, assignment)
    with console.status(f"Grading {name}: running your notebook and the tests of the course"):
        result = grade(course, home, name)
    table = Table(title=name)
    table.add_column("task")
    table.add_column("points", justify="right")
    table.add_column("of", justify="right")
    table.add_column("")
    for mark in result.marks:
        what = f"{escape(mark.heading)} [dim]({escape(mark.cell)})[/]" if mark.heading else escape(mark.cell)
        note = "a human reads this" if mark.waits else "a human reads this, once it is written" if mark.by_hand else ""
        table.add_row(what, "-" if mark.by_hand else f"{mark.points:g}", f"{mark.out_of:g}", note)
    table.add_section()
    table.add_row("checked by tests", f"{result.points:g}", f"{result.out_of:g}", "")
    if result.waiting:
        table.add_row("for a human to read", "-", f"{result.waiting:g}", "")
    console.print(table)
    for repair in result.repairs:
        console.print(f"Put right before grading: {repair}.", highlight=False, markup=False, soft_wrap=True)
    readable, problems = answers_read(home / "exercises" / name)
    for problem in problems:
        console.print(problem, style="bold", highlight=False, markup=False, soft_wrap=True)
    if result.feedback:
        console.print(f"What each test said: {result.feedback}", soft_wrap=True)
    if not readable:
        console.print(
            "These points are not kept: those of before stay. Mend the file, and grade again.", soft_wrap=True
        )
    elif remember(home, name, result):
        console.print("Your welcome page shows these points. Nothing is sent anywhere.", soft_wrap=True)
    return 0


def answers_read(folder: Path) -> tuple[bool, list[str]]:
    """Whether the answers in an exercise's folder can be read, and what cannot or does not fit, and earned nothing."""
    from ospolab.forms import AnswersError, FormsError, definition, store

    try:
        saved = [store.read(task, folder) for task in definition.load(folder)]
    except FormsError:  # an exercise without forms
        return True, []
    except AnswersError as error:
        return False, [f"No answer of a form counted. {error}"]
    return True, [problem for one in saved for problem in one.problems.values()]


def remember(home: Path, assignment: str, result: Result) -> bool:
    """Keep the points in the progress of the copy `home`; returns whether that was possible."""
    kept = {"points": result.points, "of": result.out_of, "waiting": result.waiting, "work": result.work}
    return progress.record("points", assignment, kept, folder=home)


def choose(course: Path, home: Path, assignment: str | None) -> str:
    """The name of the exercise meant. Raises GradeError when it is not clear or not there."""
    known = [path.name for path in sorted((course / "exercises" / "source").glob("*")) if path.is_dir()]
    if assignment is None and len(known) == 1:
        assignment = known[0]
    if assignment is None:
        if not known:
            raise GradeError("This course has no exercise yet.")
        listed = "".join(f"\n    ospolab check {name}" for name in known)
        raise GradeError(
            f"Which exercise? In a terminal of JupyterLab (File > New > Terminal):{listed}\n"
            f"In the folder you cloned:\n    make check ASSIGNMENT={known[0]}"
        )
    if assignment not in known:
        near = difflib.get_close_matches(assignment, known, 1)
        hint = f" Did you mean {near[0]}?" if near else f" There is: {', '.join(known) or 'none yet'}."
        raise GradeError(f'There is no exercise "{assignment}".{hint}')
    notebook = home / "exercises" / assignment / f"{assignment}.ipynb"
    if not notebook.is_file():
        raise GradeError(f"Your notebook was expected at {notebook}, and is not there.\n`make learn` brings it.")
    return assignment


def grade(course: Path, home: Path, assignment: str) -> Result:
    """Run nbgrader on one exercise of the copy `home`; writes `home/feedback/<assignment>.html`. Raises GradeError."""
    with tempfile.TemporaryDirectory(prefix="ospolab-grade-") as place:
        root = Path(place).resolve()
        handed_in = _lay_out(course / "exercises", home / "exercises" / assignment, root, assignment)
        graded = work(handed_in)
        repairs = _put_right(handed_in / f"{assignment}.ipynb", course / "exercises" / "release" / assignment)
        with chdir(root):  # nbgrader reads its configuration from where it runs
            try:
                marks = _run(root, assignment, home / MARKER / "grade.log")
            except OSError as error:
                raise GradeError(f"nbgrader could not write or start something: {error}") from error
        feedback = root / "feedback" / STUDENT / assignment / f"{assignment}.html"
        if not feedback.is_file():
            return Result(marks, None, graded, repairs)
        kept = home / "feedback" / f"{assignment}.html"
        try:
            kept.parent.mkdir(exist_ok=True)
            shutil.copyfile(feedback, kept)
        except OSError as error:
            raise GradeError(f"{kept} cannot be written: {error.strerror}.") from error
        return Result(marks, kept, graded, repairs)


def _lay_out(exercises: Path, mine: Path, root: Path, assignment: str) -> Path:
    """The part of a course folder that grading one submission needs; returns the folder of what is handed in."""
    ignore = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(exercises / "source" / assignment, root / "source" / assignment, ignore=ignore)
    _show_nothing(root / "source" / assignment / f"{assignment}.ipynb")
    if (exercises / "nbgrader_config.py").is_file():
        shutil.copyfile(exercises / "nbgrader_config.py", root / "nbgrader_config.py")
    # Of notebooks only the one that is handed in: not a newer version laid beside it, nor a scratch pad.
    handed_in = root / "submitted" / STUDENT / assignment
    shutil.copytree(mine, handed_in, ignore=ignore)
    for path in handed_in.rglob("*.ipynb"):
        if path != handed_in / f"{assignment}.ipynb":
            path.unlink()
    return handed_in


def _put_right(notebook: Path, release: Path) -> tuple[str, ...]:
    """Put a notebook back into the frame of the released one: a cell copied twice would stop nbgrader altogether."""
    import nbformat

    from ospolab.grading import sanitise

    if not (release / notebook.name).is_file():
        return ()
    try:
        mended = sanitise.notebook(notebook.read_bytes(), nbformat.read(release / notebook.name, as_version=4))
    except sanitise.Refused as error:
        raise GradeError(f"Your notebook could not be graded. {error}") from error
    nbformat.write(mended.notebook, notebook)
    twice = [f"{name} had two different answers, and the last one was graded" for name in mended.competing]
    return (*mended.repairs, *twice)


def _show_nothing(notebook: Path) -> None:
    """Release runs the cells marked `show` to store what they show; for points that is ten seconds of waiting."""
    content = json.loads(notebook.read_bytes())
    for cell in content["cells"]:
        cell["metadata"].get("ospolab", {}).pop("show", None)
    notebook.write_text(json.dumps(content), encoding="utf-8")


@contextmanager
def _words_kept_in(log: Path) -> Iterator[None]:
    """Send what kernels write to the terminal, past any Python, into `log`."""
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 2)
            yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


def _run(root: Path, assignment: str, log: Path) -> list[Mark]:
    # Imported here: it takes more than a second, and most commands do without.
    from nbgrader.apps import NbGrader, NbGraderAPI

    from ospolab.grading import schema
    from ospolab.learner import feedback

    schema.read_from_files()
    app = NbGrader()
    app.load_config_file()
    config = app.config
    feedback.configure(config)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    app.log.handlers.clear()  # its words are in what each step returns, and shown when they matter
    api = NbGraderAPI(config=config)
    steps = (
        (
            "The exercise could not be prepared; that is a mistake of the course",
            lambda: api.generate_assignment(assignment),
        ),
        ("Your notebook could not be graded", lambda: api.autograde(assignment, STUDENT)),
        ("The feedback could not be written", lambda: api.generate_feedback(assignment, STUDENT)),
    )
    said = []
    for complaint, step in steps:
        with _words_kept_in(root / "kernel.log"):
            result = step()
        said += [result.get("log", ""), result.get("error", "")]
        if not result["success"]:
            raise GradeError(_complain(complaint, "\n".join(said), log))
    cells = _cells(root / "source" / assignment / f"{assignment}.ipynb")
    with api.gradebook as gradebook:
        notebook = gradebook.find_submission_notebook(assignment, assignment, STUDENT)
        marks = [_mark(one, *cells.get(one.name, ("", False))) for one in notebook.grades]
    order = list(cells)
    return sorted(marks, key=lambda mark: order.index(mark.cell) if mark.cell in cells else len(order))


def _mark(grade, heading: str, by_hand: bool) -> Mark:
    """A grade of nbgrader's gradebook. It gives 0 for a text that is not written yet, as if a test had read it."""
    waits = bool(grade.needs_manual_grade)
    return Mark(grade.name, heading, grade.score, grade.max_score, by_hand=by_hand or waits, waits=waits)


def _complain(complaint: str, said: str, log: Path) -> str:
    # Of a traceback, the line that names the error; nbgrader's own sentences say only that there was one.
    named = re.findall(r"^ *((?!nbgrader\.)[\w.]+(?:Error|Exception|Entry): .+)$", said, re.MULTILINE)
    shown = f"\n    {named[-1][:300]}" if named else ""
    try:
        log.write_text(said, encoding="utf-8")
        where = f"\nAll that nbgrader said: {log}"
    except OSError:
        where = ""
    return (
        f"{complaint}. nbgrader says:{shown}\n"
        f"Does the notebook run from the top (Restart Kernel and Run All Cells)? What does Validate say?{where}"
    )


def _plain(heading: str) -> str:
    """A heading without its signs, and without the "*(4 points, form)*" that may end it: the table has the points."""
    return re.sub(r"\s*\*\([^)]*\)\*$", "", heading.lstrip("#").strip())


def headed(cells: Iterable[dict]) -> Iterator[tuple[dict, str]]:
    """Each cell of a notebook and the heading it stands under, "" before the first."""
    heading = ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            lines = "".join(cell["source"]).splitlines()
            heading = next((_plain(line) for line in reversed(lines) if line.startswith("#")), heading)
        yield cell, heading


def _cells(notebook: Path) -> dict[str, tuple[str, bool]]:
    """grade_id -> (the heading its cell stands under, whether a human gives its points), in the notebook's order."""
    found = {}
    for cell, heading in headed(json.loads(notebook.read_bytes())["cells"]):
        guarded = cell.get("metadata", {}).get("nbgrader", {})
        if "grade_id" in guarded:
            by_hand = guarded.get("task") or (guarded.get("grade") and guarded.get("solution"))
            found[guarded["grade_id"]] = heading, bool(by_hand)
    return found
