"""The gradebook on a real PostgreSQL server: the same points as on SQLite, read by nbgrader itself."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from test_grading import NAME, lay_out, points

from ospolab.grading import run, sandbox

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []

pytestmark = [
    pytest.mark.skipif(bool(sandbox.probe()), reason=str(sandbox.probe())),
    pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL's server is not installed (apt-get install postgresql)"),
    pytest.mark.xdist_group("grading"),
]


@pytest.fixture(scope="module")
def server():
    """The URL of a database of its own, on a socket in a temporary folder; the server refuses to run as root."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as place:
        Path(place).chmod(0o777)
        user = {"user": "nobody"} if os.getuid() == 0 else {}

        def tell(program, *arguments):
            subprocess.run([PROGRAMS[-1] / program, *arguments], check=True, capture_output=True, cwd=place, **user)

        data = f"{place}/data"
        tell("initdb", "-D", data, "-U", "teacher", "-A", "trust", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{place}' -c fsync=off"
        tell("pg_ctl", "-D", data, "-w", "-l", f"{place}/log", "-o", settings, "start")
        try:
            tell("createdb", "-h", place, "-U", "teacher", "grades")
            yield f"postgresql://teacher@/grades?host={place}", lambda *words: tell("pg_ctl", "-D", data, "-w", *words)
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                tell("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def test_points_are_the_same_as_on_sqlite_and_survive_a_second_run(server, tmp_path):
    url, _ = server
    (here := tmp_path / "sqlite").mkdir()
    lay_out(here, {"one": "reference", "two": "wrong-not-sorted", "three": "blank"})
    shutil.copytree(here, there := tmp_path / "postgresql")
    run.grade(here, NAME, jobs=1)
    assert run.grade(there, NAME, db=url, jobs=1).status == 0
    assert len(run.grade(there, NAME, db=url, jobs=1).unchanged) == 3
    assert len(run.grade(there, NAME, db=url, jobs=1, force=True).graded) == 3
    assert not (there / "gradebook.db").exists()
    with contextlib.closing(Gradebook(url.replace("postgresql:", "postgresql+psycopg:"))) as gradebook:
        for student in ("one", "two", "three"):
            grades = gradebook.find_submission_notebook(NAME, NAME, student).grades
            assert {grade.name: grade.auto_score for grade in grades} == points(here, student)


def test_a_database_that_is_away_for_a_while_is_waited_for(server, tmp_path, monkeypatch):
    url, tell = server
    lay_out(tmp_path, {"four": "blank", "five": "reference"})
    write, away = run.gradebook.Gradebook.write, []

    def stopped_once(self, *arguments):
        if not away:
            away.append(True)
            tell("-m", "immediate", "stop")
            subprocess.Popen(["sh", "-c", "sleep 2"]).wait()
            tell(
                "-l",
                "/dev/null",
                "-o",
                f"-c listen_addresses='' -c unix_socket_directories='{url.split('=')[-1]}'",
                "start",
            )
        return write(self, *arguments)

    monkeypatch.setattr(run.gradebook.Gradebook, "write", stopped_once)
    assert sorted(run.grade(tmp_path, NAME, db=url, jobs=1).graded) == ["five", "four"]


def test_two_folders_cannot_grade_into_one_gradebook_at_once(server, tmp_path):
    url, _ = server
    (first := tmp_path / "first").mkdir()
    lay_out(first, {"six": "blank"})
    shutil.copytree(first, second := tmp_path / "second")
    with contextlib.closing(run.gradebook.Gradebook(first, url)) as held:
        held.claim(NAME)
        with pytest.raises(run.GradingError, match="Somebody is grading"):
            run.grade(second, NAME, db=url, jobs=1)
    assert run.grade(second, NAME, db=url, jobs=1).graded == ["six"]


def test_a_database_that_is_not_there_is_said_without_its_password(tmp_path):
    lay_out(tmp_path, {"one": "blank"})
    with pytest.raises(run.GradingError, match="cannot be opened") as error:
        run.grade(tmp_path, NAME, db="postgresql://teacher:secret@127.0.0.1:1/grades", jobs=1)
    assert "secret" not in str(error.value)
