"""What goes wrong while a class is graded: a full disk, a stop, a lost process, another upload. Nothing is lost by it.

A killed run, a database that is away and a second grader are in `test_grading` and `test_grading_postgresql`.
"""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from test_grading import NAME, edit, hand_in, lay_out, points

from ospolab.grading import run, sandbox

pytestmark = [
    pytest.mark.skipif(bool(sandbox.probe()), reason=str(sandbox.probe())),
    pytest.mark.xdist_group("grading"),
]
FULL = {"reference": 18, "forms-only": 14}


def a_class(folder: Path, number: int, pause: float = 0.0) -> dict[str, str]:
    """Lay out a class; returns {student: case}. pause: seconds that a cell of each one sleeps."""
    students = {f"s{at:02}": "forms-only" if at % 2 else "reference" for at in range(number)}
    lay_out(folder, students)
    for student in students:  # no two alike: what was judged for one is of no use for another
        own = nbformat.v4.new_code_cell(f"import time\ntime.sleep({pause})  # {student}")
        edit(folder, student, lambda notebook, own=own: notebook.cells.append(own))
    return students


def assert_whole(folder: Path, students: dict[str, str]) -> None:
    """The gradebook is that of an undisturbed run: everybody once, with the points of their case."""
    for student, case in students.items():
        assert sum(filter(None, points(folder, student).values())) == FULL[case], student
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as book:
        assert book.execute("SELECT count(*) FROM submitted_assignment").fetchone() == (len(students),)
        assert book.execute("SELECT count(*) FROM ospolab_graded").fetchone() == (len(students),)
        assert book.execute("SELECT count(*) FROM grade").fetchone() == (10 * len(students),)
    assert {path.parent.name for path in (folder / "autograded").glob(f"*/{NAME}")} == set(students)
    assert not list((folder / "autograded").glob("*/.*")), "something half written was left behind"


def graded(folder: Path) -> int:
    """How many submissions are in the gradebook already."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as book:
        return book.execute("SELECT count(*) FROM ospolab_graded").fetchone()[0]
    return 0


@contextlib.contextmanager
def grading(folder: Path, *options: str):
    """`ospolab grade` as a process, with what it says on standard output."""
    command = [sys.executable, "-m", "ospolab", "grade", NAME, "--folder", str(folder), *options]

    def listen():  # a shell has what it starts in the background ignore Ctrl+C, and that is inherited
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=listen
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)


def test_a_stop_keeps_what_is_graded_and_the_same_command_goes_on(tmp_path):
    students = a_class(tmp_path, 8, pause=1)
    with grading(tmp_path, "--jobs", "2") as process:
        until(lambda: graded(tmp_path) >= 2)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Stopped. What was graded is kept" in said
    there = graded(tmp_path)
    assert 2 <= there < 8
    again = run.grade(tmp_path, NAME)
    assert (len(again.graded), len(again.unchanged)) == (8 - there, there)
    assert_whole(tmp_path, students)


@pytest.mark.parametrize("who", ["judge.main", "grading.student"])
def test_a_process_that_is_lost_is_replaced(tmp_path, who):
    """The judge, and the student process that is forked for each submission, killed as by a machine out of memory."""
    students = a_class(tmp_path, 6, pause=0.7)
    killed = []
    with grading(tmp_path, "--jobs", "1") as process:
        until(lambda: graded(tmp_path) >= 1)
        for one in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if any(who in part for part in one.cmdline()) and not killed:
                    one.kill()
                    killed.append(one.pid)
        said, _ = process.communicate(timeout=120)
    assert killed, "nobody was there to be killed"
    # The process of one submission: that may have been the student's own doing, so a human is told, and it is asked
    # again at the next run.
    assert process.returncode == 0 or (process.returncode == 3 and "ended Python" in said), said
    assert run.grade(tmp_path, NAME).status == 0
    assert_whole(tmp_path, students)


def test_a_submission_that_is_replaced_meanwhile_is_graded_as_it_is_in_the_end(tmp_path, monkeypatch):
    students = {"early": "reference", "late": "blank"}
    lay_out(tmp_path, students)
    judged, asked = run.station.judged, []

    def first_replace(*arguments):
        asked.append(True)
        if len(asked) == 2:  # one judge, and it is the turn of the second submission: it has been read
            for path in (tmp_path / "submitted" / "late" / NAME).iterdir():
                path.unlink()
            (tmp_path / "submitted" / "late" / NAME).rmdir()
            hand_in(NAME, "forms-only", tmp_path / "submitted" / "late" / NAME)
        return judged(*arguments)

    monkeypatch.setattr(run.station, "judged", first_replace)
    report = run.grade(tmp_path, NAME, jobs=1)
    assert sorted(report.graded) == ["early", "late"]
    assert_whole(tmp_path, {"early": "reference", "late": "forms-only"})


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own, and a function that changes the size of that disk."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", place]).returncode:
        pytest.skip("a disk of a size of one's own needs root and the right to mount")
    try:
        yield place, lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", place], check=True)
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_said_and_costs_nothing(small_disk):
    folder, resize = small_disk
    students = a_class(folder, 6)
    run.grade(folder, NAME, student="s00")  # the gradebook, and one submission, fit
    used = sum(path.stat().st_blocks * 512 for path in folder.rglob("*"))
    resize(used + 150_000)
    with pytest.raises(run.GradingError, match=r"(disk is|disk is full|full)(?s:.*)What was graded so far is kept"):
        run.grade(folder, NAME, jobs=2)
    assert graded(folder) < 6
    resize("40m")
    assert run.grade(folder, NAME).status == 0
    assert_whole(folder, students)


# A cluster of machines


@contextlib.contextmanager
def cluster(folder: Path, workers: int):
    """A Dask scheduler and workers of one thread each, as processes; yields the address and the workers."""
    place = folder / "scheduler.json"
    python = [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    start = [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    with contextlib.ExitStack() as stack:
        scheduler = stack.enter_context(subprocess.Popen([*start, "--scheduler-file", str(place)], **quiet))
        stack.callback(scheduler.kill)
        until(place.exists)
        worker = [*python, "distributed.cli.dask_worker", "--scheduler-file", str(place), "--nworkers", "1"]
        worker += ["--nthreads", "1", "--no-dashboard", "--local-directory", str(folder / "dask")]
        made = []
        for _ in range(workers):
            made.append(stack.enter_context(subprocess.Popen(worker, start_new_session=True, **quiet)))
            stack.callback(lambda one=made[-1]: _end(one))
        import json

        yield json.loads(place.read_text())["address"], made


def _end(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def test_a_cluster_gives_the_same_points_though_a_worker_dies(tmp_path):
    (course := tmp_path / "course").mkdir()
    students = a_class(course, 8, pause=0.7)
    with cluster(tmp_path, 2) as (address, workers), grading(course, "--scheduler", address) as process:
        until(lambda: graded(course) >= 2)
        _end(workers[0])
        said, _ = process.communicate(timeout=180)
    assert process.returncode == 0, said
    assert_whole(course, students)


def test_a_scheduler_that_is_not_there_is_said(tmp_path):
    lay_out(tmp_path, {"one": "blank"})
    with pytest.raises(run.GradingError, match="does not answer"):
        run.grade(tmp_path, NAME, scheduler="tcp://127.0.0.1:1")
