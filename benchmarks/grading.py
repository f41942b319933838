"""How fast a class is graded: `ospolab grade`, stock nbgrader and otter-grader on the same submissions, in one run.

Prints figures of this run on this machine and writes them to `book/_grading-speed.md`; nothing is asserted. Run it
with `make bench` on a machine that does nothing else: a busy one is said so, in the table too. `--quick` only prints.
"""

import argparse
import contextlib
import json
import mmap
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import _otter as otter

from ospolab import course
from ospolab.authoring import cases, exercises

ROOT = course.root()
TABLE = ROOT / "book" / "_grading-speed.md"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
# One with code and one with many forms: a thousand submissions of each exercise would take hours.
EXERCISES = ["environmentalist-community-engagement", "foundations"]
BUSY = 0.3  # load for each core, before anything is started, from which on a machine is busy


# Measuring


class Memory(threading.Thread):
    """Looks at a process and all below it. In MB: `first` and `largest` are peaks of one process, as the kernel keeps
    them; `together` is the most seen at once of all, shared pages counted once."""

    def __init__(self, root: int):
        super().__init__(daemon=True)
        self.root, self.first, self.largest, self.together = root, 0.0, 0.0, 0.0
        self._over = threading.Event()

    def run(self) -> None:
        pause = 0.1
        while not self._over.wait(pause):
            began = time.perf_counter()
            self._look()
            pause = max(0.1, 30 * (time.perf_counter() - began))  # a thirtieth of one core, for each tool alike

    def _look(self) -> None:
        below: dict[int, list[int]] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                below.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
        family, together = [self.root], 0.0
        for pid in family:
            family += below.get(pid, [])
            with contextlib.suppress(OSError):
                peak = _megabytes(pid, "status", "VmHWM:")
                self.first = max(self.first, peak) if pid == self.root else self.first
                self.largest = max(self.largest, peak)
                together += _megabytes(pid, "smaps_rollup", "Pss:")
        self.together = max(self.together, together)

    def stop(self) -> None:
        self._over.set()
        self.join()


def _megabytes(pid: int, file: str, name: str) -> float:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def measured(command: list, folder: Path, allowed: tuple = (0,), **options: Any) -> tuple[float, Memory, str]:
    """Seconds of a command from its start to its end, its memory, and what it printed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), cwd=folder, stdout=out, stderr=err,
                                   stdin=subprocess.DEVNULL, **options)  # fmt: skip
        memory = Memory(process.pid)
        memory.start()
        try:
            status = process.wait()
            seconds = time.perf_counter() - began
        finally:
            process.kill()
            memory.stop()
        out.seek(0)
        err.seek(0)
        if status not in allowed:
            raise RuntimeError(f"{' '.join(map(str, command[:4]))} ended with {status}:\n{err.read()[-1000:]}")
        return seconds, memory, out.read()


@dataclass
class Row:
    """One measurement. start: seconds that do not depend on the number of submissions, if known."""

    exercise: str
    what: str
    number: int
    seconds: float
    memory: Memory
    start: float | None = None
    wrong: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return 60 * self.number / self.seconds

    def expected(self, number: int) -> float:
        """Seconds for another number, from the fixed start and what each further one takes."""
        start = self.start or 0.0
        return start + number * (self.seconds - start) / self.number


# The submissions


def rotation(assignment: str, number: int) -> list[str]:
    """The case of each submission: all cases in turn, or as many spread over them as are asked for."""
    known = cases.students(assignment)
    return [known[at % len(known) if number >= len(known) else at * len(known) // number] for at in range(number)]


def hand_in(assignment: str, number: int, folder: Path) -> None:
    """`submitted/<case>-<number>`: no two alike but the blank ones, so that no result is of use for another."""
    with tempfile.TemporaryDirectory() as scratch:
        for student in set(rotation(assignment, number)):
            cases.hand_in(assignment, student, Path(scratch, student))
        for at, student in enumerate(rotation(assignment, number)):
            target = folder / "submitted" / f"{student}-{at:05}" / assignment
            shutil.copytree(Path(scratch, student), target)
            if cases.case(assignment, student)["blank"]:
                continue
            path = target / f"{assignment}.ipynb"
            notebook = json.loads(path.read_text(encoding="utf-8"))
            cell = next(one for one in notebook["cells"] if one["cell_type"] == "code"
                        and one["metadata"].get("nbgrader", {}).get("solution"))  # fmt: skip
            cell["source"] = [*cell["source"], f"\n# copy {at}"]
            path.write_text(json.dumps(notebook), encoding="utf-8")
            with contextlib.suppress(FileNotFoundError):
                answers = (target / "answers.yml").read_text(encoding="utf-8")
                (target / "answers.yml").write_text(f"{answers}# copy {at}\n", encoding="utf-8")


@contextlib.contextmanager
def class_of(assignment: str, number: int) -> Iterator[Path]:
    """A course folder of nbgrader's with that many submissions, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="ospolab-bench-") as scratch:
        folder = Path(scratch)
        shutil.copy(ROOT / "exercises" / "nbgrader_config.py", folder)
        for part in ("source", "release"):
            shutil.copytree(ROOT / "exercises" / part / assignment, folder / part / assignment)
        hand_in(assignment, number, folder)
        # As an instructor does before handing out: the gradebook is there for whoever grades.
        subprocess.run([sys.executable, "-m", "nbgrader", "generate_assignment", assignment, "--create", "--force"],
                       cwd=folder, check=True, capture_output=True)  # fmt: skip
        yield folder


def wrong_points(assignment: str, folder: Path, number: int) -> list[str]:
    """Submissions whose automatic points in the gradebook are not those of their case: a fast wrong grade is none."""
    full = sum(points for points, _ in otter.tests(assignment).values())
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as gradebook:
        given = dict(gradebook.execute(
            "select work.student_id, sum(grade.auto_score) from grade"
            " join submitted_notebook paper on grade.notebook_id = paper.id"
            " join submitted_assignment work on work.id = paper.assignment_id group by 1"
        ))  # fmt: skip
    wrong = []
    for at, student in enumerate(rotation(assignment, number)):
        loses = cases.case(assignment, student)["loses"]
        points = 0 if loses == "everything" else full - sum(loses.values())
        got = given.get(f"{student}-{at:05}")
        if got is None or abs(got - points) > 0.005:
            wrong.append(f"{student}-{at:05}: {got} instead of {points:g}")
    return wrong


# The three


def stock(assignment: str, number: int) -> Row:
    run = [sys.executable, "-m", "nbgrader"]
    with class_of(assignment, number) as folder:
        seconds, memory, _ = measured([*run, "autograde", assignment, "--create"], folder)
        wrong = wrong_points(assignment, folder, number)
        start, _, _ = measured([*run, "autograde", assignment, "--create"], folder)  # there is nothing left to grade
    return Row(assignment, "nbgrader autograde", number, seconds, memory, start, wrong)


def with_otter(assignment: str, number: int) -> list[Row]:
    """As the command, once for each submission, and all in one Python, which only its library offers."""
    with class_of(assignment, number) as folder:
        made = otter.autograder(assignment, folder / "otter")
        handed_in = [otter.submission(assignment, path / assignment, folder / f"{path.name}.zip")
                     for path in sorted((folder / "submitted").iterdir())]  # fmt: skip
        options = {"folder": folder, "env": otter.environment()}
        measured(otter.run_command(made, handed_in[0], folder / "before"), **options)  # files are read once before
        each, given = [], {}
        for path in handed_in:
            each.append(measured(otter.run_command(made, path, folder / path.stem), **options))
            given[path.stem] = otter.points(folder / path.stem)
        seconds, memory, said = measured(otter.loop_command(made, handed_in), **options)
    largest = max((one for _, one, _ in each), key=lambda memory: memory.together)
    wrong = []
    full = {name: points for name, (points, _) in otter.tests(assignment).items()}
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    for path, again in zip(handed_in, lines, strict=True):
        loses = cases.case(assignment, path.stem.rpartition("-")[0])["loses"]
        missed = full if loses == "everything" else {name for name, points in loses.items() if points}
        wanted = {name: 0 if name in missed else points for name, points in full.items()}
        wrong += [f"{path.stem}: {one} instead of {wanted}" for one in (given[path.stem], again) if one != wanted]
    command = Row(assignment, "otter run", number, sum(one for one, _, _ in each), largest, 0.0, wrong)
    return [command, Row(assignment, "otter, one Python", number, seconds, memory)]


def ours(assignment: str, number: int, jobs: int = CORES, again: bool = False) -> list[Row]:
    """From nothing, everything judged; if `again`, once more with nothing changed, and with one hidden test changed."""
    options = [assignment, "--folder", "."]
    command = [sys.executable, "-m", "ospolab", "grade", *options, "--jobs", jobs]
    name = f"ospolab grade{'' if jobs == CORES else f' --jobs {jobs}'}"
    rows = []
    with class_of(assignment, number) as folder:
        passes: list[tuple[str, list, Callable]] = [(name, ["--force"], lambda: None)]
        if again:
            passes += [(f"{name}, nothing changed", [], lambda: None)]
            passes += [(f"{name}, a hidden test changed", [], lambda: change_a_test(assignment, folder))]
        for what, more, before in passes:
            before()
            seconds, memory, _ = measured([*command, *more], folder, allowed=(0, 3))
            wrong = wrong_points(assignment, folder, number)
            rows.append(Row(assignment, what, number, seconds, memory, None, wrong))
    return rows


def change_a_test(assignment: str, folder: Path) -> None:
    """A line more in the hidden part of the first test that asks for code: the points stay, the test is another."""
    path = folder / "source" / assignment / f"{assignment}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["metadata"].get("ospolab", {}).get("by") == "code" and "### END HIDDEN TESTS" in source:
            cell["source"] = source.replace("### END HIDDEN TESTS", "assert draw.random() < 1\n### END HIDDEN TESTS")
            break
    else:
        raise RuntimeError(f"{assignment} has no hidden test that asks for code")
    path.write_text(json.dumps(notebook), encoding="utf-8")


# Where the time goes


class Stages:
    """Seconds by stage, without those of the stages inside; kept where forked processes count too."""

    def __init__(self, *names: str):
        self.names, self._inside = names, [0.0]
        self._seconds = memoryview(mmap.mmap(-1, 8 * len(names))).cast("d")

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        self._inside.append(0.0)
        try:
            yield
        finally:
            took = time.perf_counter() - began
            self._seconds[self.names.index(name)] += took - self._inside.pop()
            self._inside[-1] += took

    def wrap(self, name: str, owner: Any, *functions: str) -> None:
        for one in functions:
            setattr(owner, one, self._timed(name, getattr(owner, one)))

    def _timed(self, name: str, function: Callable) -> Callable:
        def timed(*args: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*args, **named)

        return timed

    def shares(self, whole: float) -> dict[str, float]:
        found = dict(zip(self.names, self._seconds, strict=True))
        return found | {"the rest": whole - sum(found.values())}


def controller(assignment: str, number: int) -> dict[str, float]:
    """Seconds of the process that reads and writes, by stage. It waits for the judges, which work meanwhile."""
    from ospolab.grading import run

    stages = Stages("reading and repairing", "names for the cache", "the cache", "waiting for judges",
                    "writing autograded/", "the gradebook")  # fmt: skip
    stages.wrap("reading and repairing", run.submission, "read", "signature")
    stages.wrap("names for the cache", run.cache, "keys")
    stages.wrap("the cache", run.cache.Cache, "get", "put")
    stages.wrap("waiting for judges", run, "wait")
    stages.wrap("writing autograded/", run.submission, "autograded", "put_in_place")
    stages.wrap("the gradebook", run.gradebook.Gradebook, "__init__", "register", "registered", "graded", "write")
    with class_of(assignment, number) as folder:
        began = time.perf_counter()
        run.grade(folder, assignment, force=True)
        return stages.shares(time.perf_counter() - began)


def judge(assignment: str, number: int) -> dict[str, float]:
    """Seconds of one judge for its submissions, by stage, after its start, which is a stage of its own."""
    from ospolab.grading import plan, sandbox, submission, trial, values
    from ospolab.grading.judge import Work

    stages = Stages("starting the judge", "starting the student process", "the student's cells", "setting copies aside",
                    "values and calls", "the tests")  # fmt: skip
    stages.wrap("the student's cells", trial.Trial, "_student_cell")
    stages.wrap("setting copies aside", sandbox.Session, "set_aside")
    stages.wrap("values and calls", values.Functions, "ask")
    stages.wrap("the tests", trial, "execute")
    session = sandbox.Sandbox.session

    @contextlib.contextmanager
    def timed(*args: Any) -> Iterator[sandbox.Session]:
        opened = session(*args)
        with stages.stage("starting the student process"):
            inside = opened.__enter__()
        try:
            yield inside
        finally:
            opened.__exit__(None, None, None)

    sandbox.Sandbox.session = timed
    with class_of(assignment, number) as folder:
        source, release = folder / "source" / assignment, folder / "release" / assignment
        one = plan.read(source / f"{assignment}.ipynb", release / f"{assignment}.ipynb")
        released = {"forms.yml": (source / "forms.yml").read_bytes()}
        began = time.perf_counter()
        with stages.stage("starting the judge"):
            work = Work(one, files=released)
        with contextlib.closing(work):
            for path in sorted((folder / "submitted").glob(f"*/{assignment}")):
                made = submission.read(path, path.parent.name, {assignment: one}, released)
                cells = tuple((cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
                              for cell in made.notebooks[assignment].cells if cell.cell_type == "code")  # fmt: skip
                work.do(trial.Job(cells, made.files, tuple(cell.name for cell in one.of("test")), True))
        return stages.shares(time.perf_counter() - began)


def apart(work: Callable, *args: Any) -> Any:
    """In a process of its own: a judge changes what its process has imported."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


# The table


def growth(rows: list[Row], rivals: list[Row]) -> Iterator[str]:
    """Ours by size, and how many times as fast as each rival it is at that size."""
    yield f"**{rows[0].exercise}**\n"
    yield "| Submissions | Seconds | A minute | " + " | ".join(f"× {one.what}" for one in rivals) + " |"
    yield "|--:" * (3 + len(rivals)) + "|"
    for row in rows:
        ratios = (f"{one.expected(row.number) / row.seconds:.1f}" for one in rivals)
        yield f"| {row.number} | {row.seconds:.1f} | {row.rate:.0f} | {' | '.join(ratios)} |"


def plain(rows: list[Row]) -> Iterator[str]:
    yield "| Exercise | What | Number | Seconds | A minute | Start, s | First process, MB | Largest, MB | All, MB |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in rows:
        start = "" if row.start is None else f"{row.start:.1f}"
        memory = f"{row.memory.first:.0f} | {row.memory.largest:.0f} | {row.memory.together:.0f}"
        figures = f"{row.number} | {row.seconds:.1f} | {row.rate:.0f} | {start} | {memory}"
        yield f"| {row.exercise} | {row.what} | {figures} |"


def profile(title: str, found: dict[str, dict[str, float]], number: int) -> Iterator[str]:
    yield f"| {title}: ms for a submission, of {number} | " + " | ".join(found) + " |"
    yield "|---" * (1 + len(found)) + "|"
    for stage in next(iter(found.values())):
        spent = (f"{1000 * one[stage] / number:.1f} ({one[stage] / sum(one.values()):.0%})" for one in found.values())
        yield f"| {stage} | {' | '.join(spent)} |"


def notes(rows: list[Row], load: float, missing: str) -> Iterator[str]:
    """What a reader must know to believe the figures or not."""
    yield (f"Measured on {date.today()}: {CORES} cores, Python {sys.version.split()[0]}, nbgrader "
           f"{version('nbgrader')}, otter-grader {otter.VERSION}. Whole commands, from start to end.")  # fmt: skip
    if load > BUSY * CORES:
        yield f"**The machine was busy when this began (load {load:.1f} of {CORES}): do not rely on these figures.**"
    yield (
        "nbgrader and otter were measured on a sample; they take one submission after the other, so a ratio compares "
        "ours with their start and the sample's seconds for each submission, multiplied. nbgrader's start is a run "
        "that finds nothing to grade; `otter run` starts anew for each submission. `otter grade` needs Docker and was "
        "not run. Neither isolates student code here, and each uses one process; ours isolates it, and uses "
        f"{CORES} unless `--jobs` says otherwise."
    )
    yield (
        "Submissions are the test cases of the exercise in turn, each made distinct by a comment (blank ones are "
        "alike); the first run of ours uses `--force`, which uses nothing judged before. In otter's translation a "
        "cell with part of its points counts none."
    )
    if missing:
        yield f"otter-grader could not be installed and was left out: {missing.splitlines()[0]}"
    wrong = [f"{row.exercise}, {row.what}: {one}" for row in rows for one in row.wrong]
    yield ("Points were compared with the known ones of each case: all as expected." if not wrong else
           f"**Points that are not as expected, {len(wrong)}:** " + "; ".join(wrong[:5]))  # fmt: skip


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exercises", nargs="+", default=EXERCISES, choices=exercises.sources(), metavar="NAME")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="submissions graded by ours")
    parser.add_argument("--stock", type=int, default=9, help="submissions graded by nbgrader; 0 for none")
    parser.add_argument("--otter", type=int, default=5, help="submissions graded by otter; 0 for none")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, and no file is written")
    asked = parser.parse_args()
    if asked.quick:
        asked.sizes, asked.stock, asked.otter = [2, 4], 2, 1
    return asked


def main() -> None:
    asked, load = options(), os.getloadavg()[0]
    # Judges have one thread each when started by `ospolab grade`; the profiled one too.
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    missing, rows, text = "", [], []
    if asked.otter:
        print("otter-grader: installing it, if it is not there", flush=True)
        try:
            otter.install()
        except otter.Unavailable as error:
            missing, asked.otter = str(error), 0

    def told(found: list[Row]) -> list[Row]:
        for row in found:
            wrong = f"; {len(row.wrong)} with other points than expected" if row.wrong else ""
            print(f"{row.exercise}, {row.what}: {row.number} in {row.seconds:.1f} s, {row.rate:.0f} a minute{wrong}",
                  flush=True)  # fmt: skip
        rows.extend(found)
        return found

    summary = []
    largest, middle = max(asked.sizes), sorted(asked.sizes)[(len(asked.sizes) - 1) // 2]
    for assignment in asked.exercises:
        rivals = told([stock(assignment, asked.stock)]) if asked.stock else []
        rivals += told(with_otter(assignment, asked.otter)) if asked.otter else []
        sizes = [told(ours(assignment, number, again=number == largest))[0] for number in sorted(asked.sizes)]
        told(ours(assignment, middle, jobs=1))
        summary += [*growth(sizes, rivals), ""]
    found = {}
    for title, stages in (("The controller", controller), ("One judge", judge)):
        print(f"Profile: {title.lower()}", flush=True)
        found = {one: apart(stages, one, middle) for one in asked.exercises}
        text += [*profile(title, found, middle), ""]
    first = "<!-- Written by benchmarks/grading.py (`make bench`); do not edit. -->\n"
    noted = [f"{note}\n" for note in notes(rows, load, missing)]
    more = [":::{dropdown} Memory, start, and where the time goes", "", *plain(rows), "", *text, ":::"]
    whole = "\n".join([first, noted[0], *summary, *noted[1:], *more])
    print(f"\n{whole}")
    if not asked.quick:
        TABLE.write_text(f"{whole.strip()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
