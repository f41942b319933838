"""How fast a class is graded: `ospolab grade`, strict and sandboxed, beside stock nbgrader, on the same submissions.

    python benchmarks/grading.py [--sizes 10,100] [--stock 4]

Prints figures of this run on this machine; nothing is asserted. No submission is the copy of another, so that nothing
is found in a cache. Stock nbgrader grades a sample: it goes one by one, and grows linearly.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

from ospolab import course
from ospolab.authoring import cases, exercises
from ospolab.cli import put_environment_on_path

ROOT = course.root()


def lay_out(folder: Path, assignment: str, size: int) -> None:
    """A course folder with `size` submissions: the graded cases in turn, each with a cell of its own."""
    folder.mkdir()
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", folder)
    for part in ("source", "release"):
        shutil.copytree(ROOT / "exercises" / part / assignment, folder / part / assignment)
    students = cases.students(assignment)
    for number in range(size):
        place = folder / "submitted" / f"s{number:04}" / assignment
        cases.hand_in(assignment, students[number % len(students)], place)
        path = place / f"{assignment}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        notebook.cells.insert(2, nbformat.v4.new_code_cell(f"my_number = {number}"))
        nbformat.write(notebook, path)


class Peak:
    """The most memory that this process and all below it have held together, in bytes of their own (USS)."""

    def __enter__(self) -> "Peak":
        self.bytes, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(2):
            total = 0
            for one in [me, *me.children(recursive=True)]:
                try:
                    total += one.memory_full_info().uss
                except psutil.Error:  # it has ended meanwhile
                    continue
            self.bytes = max(self.bytes, total)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def timed(*command: str, folder: Path) -> float:
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - started


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sizes", default="10,100")
    options.add_argument("--stock", type=int, default=4)
    chosen = options.parse_args()
    put_environment_on_path()
    print(f"{os.cpu_count()} cores; each figure is one run, start included")
    for assignment in exercises.sources():
        with tempfile.TemporaryDirectory() as scratch:
            stock = Path(scratch) / "stock"
            lay_out(stock, assignment, chosen.stock)
            timed("nbgrader", "generate_assignment", assignment, "--create", "--force", folder=stock)
            rate = 60 * chosen.stock / timed("nbgrader", "autograde", assignment, "--create", folder=stock)
            print(f"{assignment}: stock nbgrader {rate:.1f} a minute ({chosen.stock} graded)", flush=True)
            for size in map(int, chosen.sizes.split(",")):
                folder = Path(scratch) / str(size)
                lay_out(folder, assignment, size)
                command = ("ospolab", "grade", assignment, "--folder", str(folder))
                with Peak() as peak:
                    seconds = timed(*command, folder=ROOT)
                again = timed(*command, folder=ROOT)
                ours = 60 * size / seconds
                print(
                    f"  ospolab grade, {size}: {ours:.0f} a minute ({seconds:.1f} s), {ours / rate:.0f} times stock, "
                    f"at most {peak.bytes / 1e6:.0f} MB; again, unchanged: {again:.1f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main()
