"""Where `ospolab grade` gives other points than stock nbgrader on purpose: the table of the page *How grading works*.

Both grade each submission, each alone. Everything else is the same, cell by cell: see `test_exercises`.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from test_grading import NAME, cell, edit, lay_out, points

from ospolab.grading import run, sandbox

pytestmark = [
    pytest.mark.skipif(bool(sandbox.probe()), reason=str(sandbox.probe())),
    pytest.mark.xdist_group("exercises"),
]
BY_CODE = ("factor-half", "factor-any-share", "first-alarm-found", "own-figures-right")


def warns(notebook):
    factor = cell(notebook, "factor")
    factor.source = factor.source.replace("    counts", "    import warnings; warnings.warn('old')\n    counts", 1)
    assert "warnings" in factor.source


def own(source):
    def change(notebook):
        at = notebook.cells.index(cell(notebook, "setup"))
        notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(source))

    return change


def twice(notebook):
    notebook.cells.append(json.loads(json.dumps(cell(notebook, "factor-half"))) | {"id": "again"})


ANSWERS = "open('answers.yml', 'w').write('curves: {curve-a: spread, curve-b: gathered, curve-c: quiet, curve-d: lag}')"
# name: (what is done to the right solution, points of stock by tests or None where its run stops, ours)
DIFFERENCES = {
    "a warning": (warns, 16, 18),
    "a cell twice": (twice, None, 18),
    "a name of the set-up": (own("re = None"), 17, 18),
    "a cell that ends Python": (own("import os; os._exit(0)"), None, 14),
    "answers by code": (own(ANSWERS), 7, 3),  # three are for code
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """{what: (stock's points or None, ours)}."""
    folder = tmp_path_factory.mktemp("differences")
    lay_out(folder, {f"s{at}": "reference" for at in range(len(DIFFERENCES))})
    for at, (what, (change, *_)) in enumerate(DIFFERENCES.items()):
        edit(folder, f"s{at}", change)
        if what == "answers by code":
            (folder / "submitted" / f"s{at}" / NAME / "answers.yml").unlink()
    run.grade(folder, NAME)
    ours = [total(folder, at) for at in range(len(DIFFERENCES))]
    stock = []
    for at in range(len(DIFFERENCES)):
        command = [sys.executable, "-m", "nbgrader", "autograde", NAME, "--force", f"--student=s{at}"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        stock.append(None if done.returncode else total(folder, at))
    return dict(zip(DIFFERENCES, zip(stock, ours, strict=True), strict=True))


def total(folder, at):
    with contextlib.suppress(Exception):
        return sum(filter(None, points(folder, f"s{at}").values()))
    return None


@pytest.mark.parametrize("what", DIFFERENCES)
def test_a_difference_is_as_it_is_told(both, what):
    _, stock, ours = DIFFERENCES[what]
    assert both[what] == (stock, ours)
