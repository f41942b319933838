"""Submissions whose points are known beforehand, one file each: `tests/exercises/<assignment>/<student>.yml`.

    what: in a sentence
    answers: what differs from the reference solution's answers.yml    (reference.yml holds all of it)
    cells: {<grade_id>: source, or "released" for the cell as the learner gets it}
    loses: {<grade_id>: points lost against full automatic marks} or "everything"
    blank: true for the released notebook as it is
    misconceptions: [{name, answers, cells, loses}, ...]               (several in one, each in another task)

Tests grade them, benchmarks multiply them. `mixed` makes more of them, of which nobody knows the points.
"""

import copy
import random
import shutil
from pathlib import Path

import nbformat
import yaml

from ospolab import course

__all__ = ["case", "hand_in", "mixed", "names", "students", "write"]

ROOT = course.root()
CASES = ROOT / "tests" / "exercises"


def names() -> list[tuple[str, str]]:
    """(assignment, student) of every case."""
    return [(path.parent.name, path.stem) for path in sorted(CASES.glob("*/*.yml"))]


def students(assignment: str) -> list[str]:
    """The cases of one assignment."""
    return [student for name, student in names() if name == assignment]


def _merged(base, change):
    """`base` with the values of `change`, dictionary by dictionary."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return copy.deepcopy(change)
    return {
        key: _merged(base.get(key), change[key]) if key in change else copy.deepcopy(base[key])
        for key in [*base, *(key for key in change if key not in base)]
    }


def case(assignment: str, student: str) -> dict:
    """What a submission answers, which cells it holds, and which points it loses."""
    raw = yaml.safe_load((CASES / assignment / f"{student}.yml").read_text(encoding="utf-8"))
    reference = yaml.safe_load((CASES / assignment / "reference.yml").read_text(encoding="utf-8"))
    answers, cells, loses = reference["answers"], {}, {}
    for part in [raw, *raw.get("misconceptions", [])]:
        answers = _merged(answers, part.get("answers", {}))
        cells |= part.get("cells", {})
        if part.get("loses") == "everything":
            loses = "everything"
        else:
            loses |= part.get("loses", {})
    return {
        "answers": {} if raw.get("blank") else answers,
        "cells": cells,
        "loses": loses,
        "blank": raw.get("blank", False),
    }


def mixed(assignment: str, number: int) -> dict:
    """An honest submission as they come in: each task as in one of the cases, some in part, some open, one cell slow.

    The same number gives the same submission. Like `case`, without `loses`.
    """
    draw = random.Random(f"{assignment}/{number}")
    known = [made for student in students(assignment) if not (made := case(assignment, student))["blank"]]
    answers = {}
    for task in known[0]["answers"]:
        taken = copy.deepcopy(draw.choice(known)["answers"].get(task))
        if isinstance(taken, dict) and len(taken) > 1 and draw.random() < 0.15:
            del taken[draw.choice(sorted(taken))]
        if taken is not None and draw.random() < 0.9:
            answers[task] = taken
    cells = {}
    for name in sorted({name for made in known for name in made["cells"]}):
        written = [made["cells"][name] for made in known if name in made["cells"]]
        chosen = draw.choice([*written, None])  # None: as in the reference
        if chosen is not None:
            cells[name] = chosen
    slow = draw.choice([*cells, None, None, None]) if cells else None
    if slow and cells[slow] != "released":
        cells[slow] = f"import time\ntime.sleep(0.5)\n{cells[slow]}"
    return {"answers": answers, "cells": cells, "blank": False}


def hand_in(assignment: str, student: str, folder: Path) -> None:
    """Write the submission of a case as a learner's folder: notebook and answers.yml."""
    write(assignment, case(assignment, student), folder)


def write(assignment: str, what: dict, folder: Path) -> None:
    """Write what `case` or `mixed` gives as a learner's folder."""
    folder.mkdir(parents=True)
    release = ROOT / "exercises" / "release" / assignment
    notebook = nbformat.read(release / f"{assignment}.ipynb", as_version=4)
    source = nbformat.read(ROOT / "exercises" / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    solved = {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells if "nbgrader" in cell.metadata}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if not marks.get("solution") or what["blank"]:
            continue
        written = what["cells"].get(marks["grade_id"], solved[marks["grade_id"]])
        if written != "released":
            cell.source = written
    nbformat.write(notebook, folder / f"{assignment}.ipynb")
    shutil.copy(release / "forms.yml", folder)
    if what["answers"]:
        (folder / "answers.yml").write_text(yaml.safe_dump(what["answers"], sort_keys=False), encoding="utf-8")
