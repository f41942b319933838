"""What goes into the gradebook for one submission, and what that changes of what was given before."""

from __future__ import annotations

from dataclasses import dataclass

from ospolab.grading.gradebook import Graded, Mark
from ospolab.grading.plan import Plan
from ospolab.grading.submission import Submission

__all__ = ["Change", "change", "given"]


@dataclass(frozen=True)
class Change:
    """Points of a submission that was graded before: what they were and what they become, by (notebook, cell)."""

    student: str
    before: float
    after: float
    cells: dict[tuple[str, str], tuple[float | None, float | None]]


def given(made: Submission, plans: dict[str, Plan], points: dict[tuple[str, str], float]) -> list[Mark]:
    """The marks of a submission. points: what the tests gave, by (notebook, test)."""
    marks = []
    for name, notebook in made.notebooks.items():
        released = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in plans[name].frame.cells}
        for cell in notebook.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            part = plans[name].cell(grade_id) if grade_id else None
            if part is None or part.kind in ("setup", "locked"):
                continue
            answered = cell.source != released[grade_id]
            match part.kind:
                case "test":
                    marks.append(Mark(name, grade_id, points[name, grade_id]))
                case "task":
                    marks.append(Mark(name, grade_id, None, True))
                case "written":
                    marks.append(Mark(name, grade_id, None if answered else 0.0, answered))
                case "answer":
                    marks.append(Mark(name, grade_id, None, answered))
    return marks


def change(student: str, before: Graded | None, marks: list[Mark]) -> Change | None:
    """What `marks` change of the points that were given before; None if nothing, or if there were none."""
    if before is None or not before.points:
        return None
    now = {(mark.notebook, mark.cell): mark.points for mark in marks}
    cells = {cell: (old, now[cell]) for cell, old in before.points.items() if cell in now and old != now[cell]}
    if not cells:
        return None
    old, new = (sum(pair[at] or 0 for pair in cells.values()) for at in (0, 1))
    total = sum(points or 0 for points in before.points.values())
    return Change(student, total, round(total - old + new, 4), cells)
