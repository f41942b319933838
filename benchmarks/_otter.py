"""The course's exercises for otter-grader: what `grading.py` measures beside nbgrader and `ospolab grade`.

Each graded cell becomes a test file of otter's whose body is the source of that cell, worth the cell's points. A cell
that gives part of its points passes there only with all of them: otter has points for cases that pass, not shares. In a
submission, the graded cell is empty and carries the name of its test, as otter's own notebooks do. What a human reads
has no test. `otter grade` wants Docker; `otter run` grades one submission without, and without any isolation.
"""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat

from ospolab import course

VERSION = "7.0.0"
ROOT = course.root()
HOME = ROOT / "_build" / "otter"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
UNUSED = ("jupyterlab", "nbgrader")  # of what the course needs: an exercise imports neither

TEST = """\
OK_FORMAT = False

import ast

from otter.test_files import test_case

name = {name!r}
points = {points!r}
CELL = {source!r}


@test_case(points=points)
def whole_cell(env):
    tree = ast.parse(CELL)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), env)
    earned = eval(compile(ast.Expression(last.value), name, "eval"), env) if last else None
    is_number = isinstance(earned, (int, float)) and not isinstance(earned, bool)
    assert not is_number or earned >= points, f"{{earned}} of {{points}} points"
"""

# One Python for several submissions, which the command line does not offer.
LOOP = """
import json, sys
from otter.api import grade_submission

for path in sys.argv[2:]:
    results = grade_submission(path, sys.argv[1], quiet=True)
    print(json.dumps({name: test.score for name, test in results.results.items()}))
"""


class Unavailable(RuntimeError):
    """Otter-grader could not be installed; the message says why."""


def environment() -> dict[str, str]:
    """Variables for otter's own Python: its packages, and the course from where it lies."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON"))}
    return kept | {
        "PATH": f"{BIN}{os.pathsep}{kept['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "VIRTUAL_ENV": str(HOME),
    }


def install() -> None:
    """Make an environment with otter-grader and what the exercises import, in the versions of requirements.txt.

    Does nothing if it is there. Raises Unavailable.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [one for one in project["dependencies"] if not one.startswith(UNUSED)]
    pins = ROOT / "requirements.txt"
    stamp, wanted = HOME / "stamp", hashlib.sha256(repr([VERSION, needed, pins.read_text()]).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    uv = [sys.executable, "-m", "uv"]
    packages = [f"otter-grader[grading]=={VERSION}", *needed, "-c", str(pins)]
    for command in (
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)],
        # As pip leaves them: without this, whoever runs first would pay for the compiling.
        [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(BIN / "python"), *packages],
    ):
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise Unavailable(done.stderr.strip() or done.stdout.strip() or f"uv ended with {done.returncode}")
    stamp.write_text(wanted)


def tests(assignment: str) -> dict[str, tuple[float, str]]:
    """Points and source of each graded cell, by name."""
    source = nbformat.read(ROOT / "exercises" / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    graded = [(cell, cell.metadata.get("nbgrader", {})) for cell in source.cells if cell.cell_type == "code"]
    return {marks["grade_id"]: (float(marks["points"]), cell.source) for cell, marks in graded if marks.get("grade")}


def autograder(assignment: str, folder: Path) -> Path:
    """Write the test files and have otter make its autograder of them."""
    (written := folder / "tests").mkdir(parents=True)
    for name, (points, source) in tests(assignment).items():
        text = TEST.format(name=name, points=points, source=source)
        (written / f"{name}.py").write_text(text, encoding="utf-8")
    made = folder / "autograder.zip"
    command = [BIN / "otter", "generate", "-t", written, "-o", made, "--no-config", "--no-requirements"]
    forms = ROOT / "exercises" / "release" / assignment / "forms.yml"
    subprocess.run(
        [*command, "--no-environment", forms.name], cwd=forms.parent, env=environment(), check=True, capture_output=True
    )
    return made


def submission(assignment: str, handed_in: Path, target: Path) -> Path:
    """A submission as a learner would hand it in to otter: a zip of notebook and answers."""
    notebook = nbformat.read(handed_in / f"{assignment}.ipynb", as_version=4)
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and marks.get("grade"):
            cell.source, cell.metadata["otter"] = "", {"tests": [marks["grade_id"]]}
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"{assignment}.ipynb", nbformat.writes(notebook))
        for path in sorted(handed_in.glob("*.yml")):
            archive.write(path, path.name)
    return target


def run_command(made: Path, handed_in: Path, output: Path) -> list[str]:
    """`otter run` on one submission; `points` reads what it leaves in `output`."""
    output.mkdir()
    return [str(BIN / "otter"), "run", "--no-logo", "-a", str(made), "-o", str(output), str(handed_in)]


def points(output: Path) -> dict[str, float]:
    """What `otter run` gave, by test."""
    given = json.loads((output / "results.json").read_text(encoding="utf-8"))["tests"]
    return {test["name"].split(" - ")[0]: test["score"] for test in given if "score" in test}


def loop_command(made: Path, handed_in: list[Path]) -> list[str]:
    """All submissions in one process; prints the points of each, a line of JSON."""
    return [str(BIN / "python"), "-c", LOOP, str(made), *map(str, handed_in)]
