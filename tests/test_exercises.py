"""Every exercise is graded with nbgrader as an instructor would, on the submissions of `ospolab.authoring.cases`."""

import contextlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
import yaml
from nbgrader.api import Gradebook

from ospolab import course, kernels, portfolio
from ospolab.authoring import cases, exercises
from ospolab.authoring.cases import CASES, case, students
from ospolab.grading import plan, run, sandbox

ROOT = course.root()
STUDENTS = cases.names()

pytestmark = pytest.mark.xdist_group("exercises")


def python(folder: Path, *arguments: object) -> str:
    """Run Python in a folder, with kernels that start at once; what it printed."""
    environment = os.environ | kernels.ASKED_FOR
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def nbgrader(folder: Path, *arguments: str) -> str:
    """Run nbgrader in a course folder, as the command an instructor types."""
    return python(folder, "-m", "nbgrader", *arguments)


STOCK = 60  # honest submissions that stock nbgrader grades as well, of all exercises together: it takes long for each


def stock_class(assignment: str) -> list[str]:
    """Who of an exercise is graded by both: its cases, as far as its share goes, then mixed ones by number."""
    share = max(-(-STOCK // len(exercises.sources())), 4)
    first = ("reference", "blank", "forms-only")
    known = sorted(students(assignment), key=lambda name: (name not in first, not name.startswith("wrong-"), name))
    return [*known[:share], *(f"mixed-{number:02}" for number in range(share - len(known)))]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Every case graded by nbgrader, by ours, or by both.

    {assignment: its course folder with stock's results}, the same with ours, and, of whoever has graded it, ours
    first, {(assignment, student): {grade_id: points}}.
    """
    stock = {name: tmp_path_factory.mktemp(f"stock-{name}") for name in exercises.sources()}
    mine = {name: tmp_path_factory.mktemp(f"ours-{name}") for name in exercises.sources()}
    for assignment, folder in stock.items():
        # Where ours cannot grade, nbgrader grades every case.
        known = students(assignment) if sandbox.probe() else ()
        lay_out(assignment, folder, sorted({*stock_class(assignment), *known}))
    # Each assignment has a course folder and a gradebook of its own, so that two can be graded at a time: nbgrader
    # grades one submission after the other, and most of this suite's time is spent here.
    folders = list(stock.values())
    with ThreadPoolExecutor(2) as two:
        list(
            two.map(
                lambda half: python(ROOT, Path(__file__).with_name("stock.py"), *half), (folders[::2], folders[1::2])
            )
        )
    for assignment, folder in mine.items() if not sandbox.probe() else ():
        lay_out(assignment, folder, sorted({*students(assignment), *stock_class(assignment)}))
        shutil.copytree(ROOT / "exercises" / "release" / assignment, folder / "release" / assignment)
        run.grade(folder, assignment)
    points = {}
    for folders in (stock, mine) if not sandbox.probe() else (stock,):
        for assignment, folder in folders.items():
            for (student, name), (auto, *_) in marks(folder, assignment).items():
                points.setdefault((assignment, student), {})[name] = auto
    return stock, mine, points


def lay_out(assignment: str, folder: Path, class_: list[str]) -> None:
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", folder)
    shutil.copytree(ROOT / "exercises" / "source" / assignment, folder / "source" / assignment)
    for student in class_:
        number = student.removeprefix("mixed-")
        what = case(assignment, student) if number == student else cases.mixed(assignment, int(number))
        cases.write(assignment, what, folder / "submitted" / student / assignment)


def marks(folder: Path, assignment: str) -> dict:
    """{(student, grade_id): (points by tests, most points, whether a human is waited for, comment)} of a gradebook."""
    found = {}
    with contextlib.closing(Gradebook(f"sqlite:///{folder}/gradebook.db")) as gradebook:
        for student in sorted(path.name for path in (folder / "submitted").iterdir()):
            notebook = gradebook.find_submission_notebook(assignment, assignment, student)
            comments = {one.name: one.comment for one in notebook.comments}
            for one in notebook.grades:
                found[student, one.name] = (one.auto_score, one.max_score, one.needs_manual_grade)
            found |= {(student, name): (*found.get((student, name), ()), said) for name, said in comments.items()}
    return found


def automatic(assignment: str) -> dict[str, float]:
    """Points of each cell that nbgrader grades by itself."""
    notebook = nbformat.read(ROOT / "exercises" / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    marks = [cell.metadata.nbgrader for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    return {mark.grade_id: mark.points for mark in marks if not mark.solution}


def test_every_exercise_has_the_submissions_it_needs():
    assert exercises.sources(), "no exercise has a source"
    for assignment in exercises.sources():
        assert {"reference", "blank"} <= set(students(assignment))
        assert sum(student.startswith("right-") for student in students(assignment)) >= 3
        assert (
            sum(
                len(yaml.safe_load(path.read_text())["misconceptions"])
                for path in (CASES / assignment).glob("wrong-*.yml")
            )
            >= 6
        )


@pytest.mark.parametrize("path", sorted(CASES.glob("*/wrong-*.yml")), ids=lambda path: path.stem)
def test_each_misconception_of_a_submission_costs_other_cells(path):
    cells = [cell for m in yaml.safe_load(path.read_text(encoding="utf-8"))["misconceptions"] for cell in m["loses"]]
    assert len(cells) == len(set(cells)), "two misconceptions about one task: the second would hide the first"


@pytest.mark.parametrize(("assignment", "student"), STUDENTS)
def test_a_submission_gets_the_points_it_should(graded, assignment, student):
    got, full, loses = graded[2][assignment, student], automatic(assignment), case(assignment, student)["loses"]
    expected = (
        dict.fromkeys(full, 0.0)
        if loses == "everything"
        else {grade_id: points - loses.get(grade_id, 0) for grade_id, points in full.items()}
    )
    assert {grade_id: got[grade_id] for grade_id in full} == pytest.approx(expected)


needs_sandbox = pytest.mark.skipif(bool(sandbox.probe()), reason=str(sandbox.probe()))


@needs_sandbox
@pytest.mark.parametrize("assignment", exercises.sources())
def test_our_grader_gives_the_points_of_stock_nbgrader(graded, assignment):
    """Cell by cell: points, what waits for a human, and what was left without a response."""
    stock, ours = marks(graded[0][assignment], assignment), marks(graded[1][assignment], assignment)
    assert {key: ours[key] for key in stock} == stock


def test_the_class_that_both_grade_is_of_all_kinds():
    """Right, wrong, blank, forms only, in part, slow; sixty in all, and no two alike."""
    classes = {assignment: stock_class(assignment) for assignment in exercises.sources()}
    assert sum(map(len, classes.values())) >= STOCK
    for assignment, class_ in classes.items():
        assert {"reference", "blank", "forms-only"} <= set(class_) and any(one.startswith("wrong-") for one in class_)
        numbers = [int(one.removeprefix("mixed-")) for one in class_ if one.startswith("mixed-")]
        made = [repr(cases.mixed(assignment, number)) for number in numbers]
        assert len(set(made)) == len(made)


def test_the_letter_waits_for_a_human_unless_it_is_blank(graded):
    for assignment, folder in graded[0].items():
        with contextlib.closing(Gradebook(f"sqlite:///{folder}/gradebook.db")) as gradebook:
            for student in stock_class(assignment):
                waits = gradebook.find_submission(assignment, student).needs_manual_grade
                assert waits == (student != "blank"), student


def test_the_paper_is_written_from_the_answers(graded):
    for folders in graded[:2] if not sandbox.probe() else graded[:1]:
        for assignment, folder in folders.items():
            for student in [one for one in stock_class(assignment) if not one.startswith("mixed-")]:
                there = {path.name for path in (folder / "autograded" / student / assignment / "portfolio").glob("*")}
                if student == "blank":
                    assert not there
                elif student.startswith("wrong-"):  # one of two papers may lack an answer
                    assert there & {f"{kind.NAME}{kind.ENDING}" for kind in portfolio.kinds()}, student
                else:
                    assert any(name.endswith(".md") for name in there), student


def test_feedback_says_what_was_open_and_export_works(graded):
    assignment, folder = next(iter(graded[0].items()))
    nbgrader(folder, "generate_feedback", assignment, "--student=blank")
    nbgrader(folder, "export")
    page = (folder / "feedback" / "blank" / assignment / f"{assignment}.html").read_text(encoding="utf-8")
    assert "still missing in this form" in page
    assert assignment in (folder / "grades.csv").read_text(encoding="utf-8")


def test_validate_tells_a_learner_what_is_missing(tmp_path):
    shutil.copytree(ROOT / "exercises" / "release", tmp_path, dirs_exist_ok=True)
    said = nbgrader(tmp_path, "validate", *(f"{name}/{name}.ipynb" for name in exercises.sources()))
    assert said.count("VALIDATION FAILED ON") == len(exercises.sources())
    for words in ("still missing in this form", "write your answer in this cell"):
        assert said.count(words) >= len(exercises.sources()), words


def test_release_is_what_the_source_gives(graded):
    """`make exercises` and nbgrader in a course folder make the same files."""
    for assignment, folder in graded[0].items():
        made, committed = (files(place / "release" / assignment) for place in (folder, ROOT / "exercises"))
        assert made.keys() == committed.keys()
        differ = [str(name) for name in made if made[name] != committed[name]]
        assert not differ, f"run `make exercises`; these of {assignment} are not what the source gives: {differ}"


def files(folder: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }


@pytest.mark.parametrize("assignment", exercises.sources())
def test_no_solution_is_released(assignment):
    source = nbformat.read(ROOT / "exercises" / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    released = (ROOT / "exercises" / "release" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in released and "HIDDEN TESTS" not in released
    seen = 0
    for cell in source.cells:
        secret = False
        for line in cell.source.splitlines():
            if "### BEGIN" in line or "### END" in line:
                secret = "BEGIN" in line
            elif secret and len(line.strip()) > 25:
                seen += 1
                assert line.strip().replace('"', '\\"') not in released, line
    assert seen > 5, "found nothing to look for: have the markers changed?"


@pytest.mark.parametrize("assignment", exercises.sources())
def test_hidden_cases_come_last_where_a_learners_function_is_asked(assignment):
    """What comes after them would never be told: a function may have learnt something by then. See grading.trial."""
    folder = ROOT / "exercises"
    paths = (folder / part / assignment / f"{assignment}.ipynb" for part in ("source", "release"))
    for cell in plan.read(*paths).of("test"):
        if cell.names and cell.hidden:
            after = cell.source.rpartition("### END HIDDEN TESTS")[2]
            assert not after.strip(), f"{cell.name}: nothing may stand after its hidden cases"


def test_every_source_runs_with_the_reference_answers(tmp_path):
    """Sources with their solutions and hidden tests, under nbval in its lax form: every cell runs without an error."""
    for assignment in exercises.sources():
        shutil.copytree(ROOT / "exercises" / "source" / assignment, tmp_path / assignment)
        answers = case(assignment, "reference")["answers"]
        path = tmp_path / assignment / f"{assignment}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            # For learners, so that Run All goes on after an open task; nbval would insist on the exception.
            cell.metadata.pop("tags", None)
        nbformat.write(notebook, path)
        (tmp_path / assignment / "answers.yml").write_text(yaml.safe_dump(answers, sort_keys=False), encoding="utf-8")
    alone = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", tmp_path)
    python(tmp_path, "-m", "pytest", *alone, "--nbval-lax", "--nbval-cell-timeout", "60", tmp_path)
