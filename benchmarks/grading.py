"""What grading costs today: nbgrader on copies of the reference solution, and how much of it is running the cells.

Prints figures of this run on this machine; nothing is asserted. Run it with `make bench`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from ospolab import course
from ospolab.authoring import cases, exercises

COPIES = 4


def autograde(assignment: str, folder: Path) -> float:
    """Seconds a submission that `nbgrader autograde` takes, its own start included."""
    shutil.copy(course.root() / "exercises" / "nbgrader_config.py", folder)
    shutil.copytree(course.root() / "exercises" / "source" / assignment, folder / "source" / assignment)
    for number in range(COPIES):
        cases.hand_in(assignment, "reference", folder / "submitted" / f"student-{number}" / assignment)
    run = [sys.executable, "-m", "nbgrader"]
    subprocess.run([*run, "generate_assignment", assignment, "--create"], cwd=folder, check=True, capture_output=True)
    started = time.perf_counter()
    subprocess.run([*run, "autograde", assignment, "--create"], cwd=folder, check=True, capture_output=True)
    return (time.perf_counter() - started) / COPIES


def cells_alone(assignment: str, folder: Path) -> float:
    """Seconds that the cells of one submission run, as the kernel reports them."""
    cases.hand_in(assignment, "reference", folder / "one")
    notebook = nbformat.read(folder / "one" / f"{assignment}.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=60, allow_errors=True, record_timing=True, resources={"metadata": {"path": folder / "one"}}
    ).execute()

    def at(cell, event):
        return datetime.fromisoformat(cell.metadata.execution[event].replace("Z", "+00:00"))

    code = [cell for cell in notebook.cells if "execution" in cell.metadata]
    return sum((at(cell, "shell.execute_reply") - at(cell, "iopub.execute_input")).total_seconds() for cell in code)


def main() -> None:
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for assignment in exercises.sources():
        with tempfile.TemporaryDirectory() as scratch:
            (stock := Path(scratch) / "stock").mkdir()
            whole, cells = autograde(assignment, stock), cells_alone(assignment, Path(scratch))
        print(f"{assignment}: nbgrader {60 / whole:.0f} submissions a minute ({whole:.1f} s each, {COPIES} graded)")
        rest = whole / cells - 1
        print(f"  running the cells is {cells:.1f} s of it ({cells / whole:.0%}); the rest is {rest:.1f} times that")


if __name__ == "__main__":
    main()
