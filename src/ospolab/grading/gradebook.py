"""nbgrader's gradebook, written in bulk: one transaction a submission, SQLite or PostgreSQL.

The tables are nbgrader's own, so that formgrader, `generate_feedback` and `export` go on as before. One table is added,
`ospolab_graded`: what exactly was graded, and whether student code was isolated. It is written in the same transaction
as the points, so that after a crash it tells what is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from nbgrader import api
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import OperationalError
from traitlets.config import Config, PyFileConfigLoader

from ospolab.grading import schema

__all__ = ["Gradebook", "GradebookError", "Graded", "Mark"]

PATIENCE = 60.0  # seconds that a database may be away
T = TypeVar("T")

_own = sa.MetaData()
_graded = sa.Table(
    "ospolab_graded",
    _own,
    sa.Column("assignment", sa.String(128), primary_key=True),
    sa.Column("student", sa.String(128), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("isolated", sa.Boolean, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)


class GradebookError(RuntimeError):
    """The gradebook cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Mark:
    """What the gradebook keeps of one graded cell. points: None where a human gives them. response: something was
    written where something was asked; None for a test."""

    notebook: str
    cell: str
    points: float | None
    response: bool | None = None


@dataclass(frozen=True)
class Graded:
    """What is already there for a student: the fingerprint of what was graded, and points by (notebook, cell)."""

    fingerprint: str
    isolated: bool
    points: dict[tuple[str, str], float | None]


class Gradebook:
    """The gradebook at `url` of the course folder `folder`. Raises GradebookError."""

    def __init__(self, folder: Path, url: str | None = None):
        self.folder, self.config = folder, _config(folder)
        url = url or self.config.CourseDirectory.get("db_url") or f"sqlite:///{folder.resolve() / 'gradebook.db'}"
        # The driver that comes with the course; nbgrader's own pages read the same words in nbgrader_config.py.
        self.url = url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
            "postgres://", "postgresql+psycopg://", 1
        )
        self.course = self.config.CourseDirectory.get("course_id") or "default_course"
        schema.read_from_files()
        try:
            with api.Gradebook(self.url, self.course):  # makes what is not there
                pass
            wait = {"timeout": PATIENCE} if self.url.startswith("sqlite") else {}
            self.engine = sa.create_engine(self.url, connect_args=wait, pool_pre_ping=True)
            _own.create_all(self.engine)
        except (sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
            raise GradebookError(f"The gradebook {_shown(self.url)} cannot be opened: {_first(error)}") from None
        self._ids: dict[str, dict] = {}
        self._claim: sa.Connection | None = None

    # The assignment

    def claim(self, assignment: str) -> None:
        """Keep other graders away from an assignment until `close`, from whatever folder or machine they come.

        On a server only: a gradebook in a file has the lock of its folder. Raises GradebookError.
        """
        if not self.url.startswith("postgresql"):
            return
        name = hashlib.sha256(f"ospolab/{self.course}/{assignment}".encode()).digest()
        self._claim = self.engine.connect()
        mine = sa.func.pg_try_advisory_lock(int.from_bytes(name[:8], signed=True))
        if not self._claim.scalar(sa.select(mine)):
            raise GradebookError(
                f"Somebody is grading {assignment} into {_shown(self.url)} at this moment. "
                "Wait until that run has ended."
            )
        self._claim.commit()  # the lock is the connection's; no transaction stays open meanwhile

    def register(self, assignment: str) -> None:
        """Bring the cells of the assignment into the gradebook, as `nbgrader generate_assignment` does."""
        config = Config(self.config)
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copytree(self.folder / "source" / assignment, Path(scratch) / "source" / assignment)
            config.CourseDirectory.root, config.CourseDirectory.db_url = scratch, self.url
            config.CourseDirectory.assignment_id = assignment
            converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
            # What is shown to readers of the book is made by running cells, and is nothing to a gradebook.
            converter.preprocessors = [one for one in converter.preprocessors if "ShowCells" not in str(one)]
            converter.log = logging.getLogger("ospolab.nbgrader")
            converter.log.setLevel(logging.CRITICAL)
            try:
                converter.start()
            except RuntimeError as error:
                raise GradebookError(
                    f"{assignment} cannot be brought into the gradebook: {error}\nnbgrader allows no cell to be added "
                    "to or taken from an exercise for which there are grades. Give the changed exercise a new name."
                ) from None
            except Exception as error:
                raise GradebookError(f"{assignment} cannot be brought into the gradebook: {_first(error)}") from error
        self._ids.pop(assignment, None)

    def registered(self, assignment: str, cells: Iterable[tuple[str, str, float]]) -> bool:
        """Whether the gradebook knows exactly these cells: (notebook, cell, most points)."""
        grade, task = api.GradeCell.__table__, api.TaskCell.__table__
        ids = self._known(assignment)
        if not ids:
            return False
        with self.engine.connect() as connection:
            most = dict(connection.execute(sa.select(grade.c.id, grade.c.max_score)).all())
            most |= dict(connection.execute(sa.select(task.c.id, task.c.max_score)).all())
        there = {(notebook, name, most[id_]) for (notebook, name), id_ in ids["graded"].items()}
        return there == set(cells)

    def _known(self, assignment: str) -> dict:
        """Ids of the assignment, its notebooks, its graded cells and the cells that can be commented on."""
        if assignment in self._ids:
            return self._ids[assignment]
        a, n, c = (model.__table__ for model in (api.Assignment, api.Notebook, api.BaseCell))
        with self.engine.connect() as connection:
            id_ = connection.scalar(sa.select(a.c.id).where(a.c.name == assignment))
            notebooks = dict(connection.execute(sa.select(n.c.name, n.c.id).where(n.c.assignment_id == id_)).all())
            rows = connection.execute(
                sa.select(n.c.name, c.c.name, c.c.id, c.c.type)
                .join(c, c.c.notebook_id == n.c.id)
                .where(n.c.assignment_id == id_)
            ).all()
        if not notebooks:
            return {}
        self._ids[assignment] = {
            "id": id_,
            "notebooks": notebooks,
            "graded": {(nb, name): cell for nb, name, cell, kind in rows if kind in ("GradeCell", "TaskCell")},
            "commented": {(nb, name): cell for nb, name, cell, kind in rows if kind in ("SolutionCell", "TaskCell")},
        }
        return self._ids[assignment]

    # Submissions

    def graded(self, assignment: str) -> dict[str, Graded]:
        """What is there, by student."""
        s, n, g = (model.__table__ for model in (api.SubmittedAssignment, api.SubmittedNotebook, api.Grade))
        ids = self._known(assignment)
        names = {cell: key for key, cell in ids["graded"].items()} if ids else {}
        points: dict[str, dict] = {}
        with self.engine.connect() as connection:
            done = connection.execute(sa.select(_graded).where(_graded.c.assignment == assignment)).all()
            rows = connection.execute(
                sa.select(s.c.student_id, g.c.cell_id, g.c.auto_score)
                .join(n, n.c.assignment_id == s.c.id).join(g, g.c.notebook_id == n.c.id)
                .where(s.c.assignment_id == (ids["id"] if ids else ""))
            )  # fmt: skip
            for student, cell, score in rows:
                points.setdefault(student, {})[names.get(cell, ("", cell))] = score
        marks = {row.student: (row.fingerprint, row.isolated) for row in done}
        return {student: Graded(*marks.get(student, ("", True)), points.get(student, {}))
                for student in {*points, *marks}}  # fmt: skip

    def write(
        self,
        assignment: str,
        student: str,
        marks: list[Mark],
        fingerprint: str,
        isolated: bool,
        handed_in: datetime | None,
    ) -> None:
        """Write all points of a submission, or none. What a human gave stays. Waits for a database that is away."""
        self._patiently(
            lambda connection: self._write(connection, assignment, student, marks, fingerprint, isolated, handed_in)
        )

    def _write(self, connection, assignment, student, marks, fingerprint, isolated, handed_in) -> None:
        ids = self._known(assignment)
        students, submitted, notebooks, grades, comments = (
            model.__table__
            for model in (api.Student, api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
        )
        if connection.scalar(sa.select(students.c.id).where(students.c.id == student)) is None:
            connection.execute(students.insert().values(id=student))
        submission = _row(connection, submitted, assignment_id=ids["id"], student_id=student)
        connection.execute(submitted.update().where(submitted.c.id == submission).values(timestamp=handed_in))
        for name, notebook in ids["notebooks"].items():
            work = _row(connection, notebooks, {"flagged": False}, notebook_id=notebook, assignment_id=submission)
            given = {mark.cell: mark for mark in marks if mark.notebook == name}
            cells = {cell: id_ for (nb, cell), id_ in ids["graded"].items() if nb == name}
            there = {
                row.cell_id: row for row in connection.execute(sa.select(grades).where(grades.c.notebook_id == work))
            }
            new, changed = [], []
            for cell, id_ in cells.items():
                # A cell nobody judged is one of a notebook that was not handed in.
                points = given[cell].points if cell in given else 0.0
                by_hand = points is None or (id_ in there and there[id_].manual_score is not None)
                if id_ in there:
                    changed.append({"row": there[id_].id, "points": points, "waits": by_hand})
                else:
                    new.append({"id": _id(), "notebook_id": work, "cell_id": id_, "auto_score": points,
                                "needs_manual_grade": by_hand})  # fmt: skip
            if new:
                connection.execute(grades.insert(), new)
            if changed:
                values = {"auto_score": sa.bindparam("points"), "needs_manual_grade": sa.bindparam("waits")}
                connection.execute(grades.update().where(grades.c.id == sa.bindparam("row")).values(values), changed)
            there = {
                row.cell_id: row.id
                for row in connection.execute(sa.select(comments).where(comments.c.notebook_id == work))
            }
            new, changed = [], []
            for (nb, cell), id_ in ids["commented"].items():
                if nb == name:
                    silent = cell in given and given[cell].response is False
                    words = "No response." if silent or cell not in given else None
                    if id_ in there:
                        changed.append({"row": there[id_], "words": words})
                    else:
                        new.append({"id": _id(), "notebook_id": work, "cell_id": id_, "auto_comment": words})
            if new:
                connection.execute(comments.insert(), new)
            if changed:
                connection.execute(
                    comments.update()
                    .where(comments.c.id == sa.bindparam("row"))
                    .values(auto_comment=sa.bindparam("words")),
                    changed,
                )
            self._penalty(connection, assignment, student, submission, work, handed_in)
        connection.execute(
            _graded.delete().where((_graded.c.assignment == assignment) & (_graded.c.student == student))
        )
        connection.execute(_graded.insert().values(assignment=assignment, student=student, fingerprint=fingerprint,
                                                   isolated=isolated, at=datetime.now()))  # fmt: skip

    def _penalty(self, connection, assignment, student, submission, work, handed_in) -> None:
        """The penalty for lateness, as the plugin of nbgrader_config.py gives it."""
        a, s, n, g = (m.__table__ for m in (api.Assignment, api.SubmittedAssignment, api.SubmittedNotebook, api.Grade))
        due = connection.scalar(sa.select(a.c.duedate).where(a.c.name == assignment))
        more = connection.scalar(sa.select(s.c.extension).where(s.c.id == submission))
        penalty, late = None, 0.0
        if due and handed_in:
            late = (handed_in - due - more).total_seconds() if more else (handed_in - due).total_seconds()
        if late > 0:
            score = sum((row.auto_score or 0) if row.manual_score is None else row.manual_score
                        for row in connection.execute(sa.select(g).where(g.c.notebook_id == work)))  # fmt: skip
            assigning = AssignLatePenalties(config=self.config)
            assigning.init_plugin()
            penalty = assigning.plugin_inst.late_submission_penalty(student, score, late)
            penalty = None if penalty is None else min(max(penalty, 0), score)
        connection.execute(n.update().where(n.c.id == work).values(late_submission_penalty=penalty))

    def _patiently(self, task: Callable[[sa.Connection], T]) -> T:
        until, pause = time.monotonic() + PATIENCE, 0.2
        while True:
            try:
                with self.engine.begin() as connection:
                    return task(connection)
            except (OperationalError, sa.exc.InterfaceError, sa.exc.IntegrityError) as error:
                # Locked, restarted, or another grader made the same row a moment ago: it passes. A full disk does not.
                if time.monotonic() > until or "full" in str(error):
                    raise GradebookError(
                        f"The gradebook {_shown(self.url)} could not be written: {_first(error)}\n"
                        "What was graded so far is kept; run the same command again."
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, 5)

    def close(self) -> None:
        if self._claim is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):  # the server may have gone
                self._claim.close()
        self.engine.dispose()


def _row(connection: sa.Connection, table: sa.Table, more: dict | None = None, **key: Any) -> str:
    """The id of the row with `key`, made if it is not there."""
    where = sa.and_(*(table.c[name] == value for name, value in key.items()))
    id_ = connection.scalar(sa.select(table.c.id).where(where))
    if id_ is None:
        id_ = _id()
        connection.execute(table.insert().values(id=id_, **key, **(more or {})))
    return id_


def _id() -> str:
    return uuid.uuid4().hex


def _config(folder: Path) -> Config:
    if not (folder / "nbgrader_config.py").is_file():
        return Config()
    with contextlib.chdir(folder):
        return Config(PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config())


def _shown(url: str) -> str:
    return sa.make_url(url).render_as_string(hide_password=True)


def _first(error: BaseException) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
