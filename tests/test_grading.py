"""`ospolab grade` on a class with honest, damaged and hostile submissions, all in one run."""

import ast
import contextlib
import ctypes
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbgrader import dbutil
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from ospolab import cli, course
from ospolab.authoring.cases import hand_in
from ospolab.grading import plan, run, sandbox, sanitise, schema
from ospolab.grading.values import Clock

ROOT = course.root()
NAME = "environmentalist-community-engagement"
CODE = {"factor-half", "factor-any-share", "first-alarm-found", "own-figures-right"}
HARMLESS = Clock(cell=3, test=15, call=3, submission=40, grace=1)

pytestmark = [
    pytest.mark.skipif(bool(sandbox.probe()), reason=str(sandbox.probe())),
    pytest.mark.xdist_group("grading"),
]

# What is written into the cell of absence_factor by somebody who has answered every form and no task of code. None of
# it earns a point of code.
ATTACKS = {
    "equal-to-all": """
class Any(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
def absence_factor(commits, share=0.5): return Any(7)
""",
    "end-of-iteration": "def absence_factor(commits, share=0.5): raise StopIteration",
    "leaves": "def absence_factor(commits, share=0.5):\n    raise SystemExit(0)",
    "transformer": """
import ast
class Pass(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Pass())
""",
    "patches": """
import builtins, json, ospolab.checks, ospolab.health
builtins.AssertionError = ValueError
json.loads = json.dumps = lambda *a, **k: {}
ospolab.health.contributor_absence_factor = lambda *a: 1
ospolab.checks.score = lambda points, *parts: points
def absence_factor(commits, share=0.5): return 1
""",
    "exits": "import os\nos._exit(0)",
    "loops": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
    "forged-frames": """
import os, struct
frame = b'{"outputs": [], "value": 2}'
for handle in range(3, 20):
    try: os.write(handle, struct.pack("!I", len(frame)) + frame)
    except OSError: pass
""",
    "many-processes": """
import os, time
for _ in range(40):
    try:
        if os.fork() == 0:
            os.setsid(); time.sleep(300); os._exit(0)
    except OSError: break
""",
    "remembers": """
seen = []
def absence_factor(commits, share=0.5):
    seen.append(commits); open("seen.txt", "a").write(str(commits)); return 0
""",
}
# Extra cells, after the last: what they print would stand in the feedback.
PRINTS = {
    "remembers": "import os\nprint('SEEN', seen, os.path.exists('seen.txt'))",
    "looks-around": """
import os, socket
print("ENV", sorted(os.environ))
for place in ("{folder}", "/work", "/home", "/proc", "{root}/exercises"):
    try: print("PLACE", place, os.listdir(place)[:5])
    except OSError as error: print("PLACE", place, type(error).__name__)
try: socket.create_connection(("127.0.0.1", {port}), 1); print("NET open")
except OSError: print("NET closed")
try:
    import ospolab.grading.judge; print("IMPORT worked")
except ImportError: print("IMPORT failed")
""",
    "reference-printing": "print('<script>alert(1)</script>')",
}


def lay_out(folder: Path, students: dict[str, str]) -> None:
    """A course folder with the exercise; students: name -> the case they hand in."""
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", folder)
    for part in ("source", "release"):
        shutil.copytree(ROOT / "exercises" / part / NAME, folder / part / NAME)
    for student, case in students.items():
        hand_in(NAME, case, folder / "submitted" / student / NAME)


def edit(folder: Path, student: str, change) -> None:
    path = folder / "submitted" / student / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    path.write_text(json.dumps(notebook))


def cell(notebook, name):
    return next(one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == name)


def points(folder: Path, student: str) -> dict[str, float | None]:
    with contextlib.closing(Gradebook(f"sqlite:///{folder}/gradebook.db")) as gradebook:
        return {one.name: one.auto_score for one in gradebook.find_submission_notebook(NAME, NAME, student).grades}


def shown(folder: Path, student: str) -> str:
    return (folder / "autograded" / student / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of all kinds, graded once: (folder, report, listener's connections)."""
    import socket

    folder = tmp_path_factory.mktemp("class")
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # orphans become children of this process, and can be seen
    others = {"reference": "reference", "blank": "blank", "wrong": "wrong-more-than-half", "printing": "reference"}
    damaged = dict.fromkeys(("twice", "no-test", "more-points", "windows", "warns"), "reference")
    broken = dict.fromkeys(("no-notebook", "no-json", "link"), "reference")
    hostile = dict.fromkeys([*ATTACKS, "looks-around"], "forms-only")
    lay_out(folder, {**others, **damaged, **broken, **hostile})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for student, source in ATTACKS.items():
            edit(folder, student, lambda nb, source=source: cell(nb, "factor").update(source=source))
        for student, source in PRINTS.items():
            filled = source.replace("{folder}", str(folder)).replace("{root}", str(ROOT)).replace("{port}", str(port))
            own = nbformat.v4.new_code_cell(filled)
            edit(folder, student.replace("reference-", ""), lambda nb, own=own: nb.cells.append(own))
        edit(folder, "printing", lambda nb: cell(nb, "letter").update(source="<img src=x onerror=alert(1)> 2 < 3"))
        edit(folder, "twice", lambda nb: nb.cells.append(dict(cell(nb, "factor-half"))))
        edit(folder, "no-test", lambda nb: nb.cells.remove(cell(nb, "factor-half")))
        edit(folder, "more-points", lambda nb: cell(nb, "factor-half").metadata.nbgrader.update(points=100))
        edit(
            folder,
            "warns",
            lambda nb: cell(nb, "factor").update(
                source=cell(nb, "factor").source.replace(
                    "    counts", "    import warnings; warnings.warn('old')\n    counts"
                )
            ),
        )
        home = folder / "submitted"
        windows = home / "windows" / NAME / f"{NAME}.ipynb"
        windows.write_bytes(b"\xef\xbb\xbf" + windows.read_bytes().replace(b"\n", b"\r\n"))
        (home / "no-notebook" / NAME / f"{NAME}.ipynb").unlink()
        (home / "no-json" / NAME / f"{NAME}.ipynb").write_text("{")
        (home / "link" / NAME / "answers.yml").unlink()
        (home / "link" / NAME / "answers.yml").symlink_to(home / "reference" / NAME / "answers.yml")
        os.environ["OSPOLAB_SECRET_FOR_TEST"] = "not-for-students"
        report = run.grade(folder, NAME, clock=HARMLESS)
        server.setblocking(False)
        try:
            server.accept()
            reached = True
        except BlockingIOError:
            reached = False
    return folder, report, reached


def test_honest_work_gets_its_points(graded):
    folder, _, _ = graded
    assert sum(filter(None, points(folder, "reference").values())) == 18
    assert sum(filter(None, points(folder, "blank").values())) == 0
    assert points(folder, "reference")["letter"] is None and points(folder, "blank")["letter"] == 0


@pytest.mark.parametrize("student", [*ATTACKS, "looks-around"])
def test_an_attack_earns_nothing_and_costs_only_itself(graded, student):
    folder, _, _ = graded
    got = points(folder, student)
    assert {name: got[name] for name in CODE} == dict.fromkeys(CODE, 0)
    assert sum(filter(None, got.values())) == 14, "the forms are honest work, and count"


@pytest.mark.parametrize("student", ["twice", "no-test", "more-points", "windows", "warns", "printing"])
def test_damage_and_warnings_cost_nothing(graded, student):
    folder, report, _ = graded
    assert sum(filter(None, points(folder, student).values())) == 18
    assert (student in report.remarks) == (student not in ("warns", "printing"))


@pytest.mark.parametrize(("student", "why"), [
    ("no-notebook", "There is no"), ("no-json", "not a notebook"), ("link", "is a link"), ("loops", "did not stop"),
    ("exits", "ended Python"),
])  # fmt: skip
def test_who_needs_a_human_is_named_with_the_reason(graded, student, why):
    _, report, _ = graded
    assert report.status == 3
    assert why in " ".join(report.humans[student])


def test_student_code_sees_nothing_of_this_machine(graded):
    folder, _, reached = graded
    page = shown(folder, "looks-around")
    assert "IMPORT failed" in page and "NET closed" in page and not reached
    assert "OSPOLAB_SECRET" not in page
    for place in (folder, f"{ROOT}/exercises"):
        assert f"PLACE {place} FileNotFoundError" in page
    assert "PLACE /home FileNotFoundError" in page
    assert "PLACE /proc PermissionError" in page or "PLACE /proc []" in page


def test_what_a_function_learns_from_hidden_cases_is_not_shown(graded):
    assert "SEEN [] False" in shown(graded[0], "remembers")


def test_no_process_outlives_its_run(graded):
    time.sleep(0.5)
    ours = [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
    assert not [one for one in ours if any("ospolab.grading" in part for part in one.cmdline())]


def test_pages_of_the_grader_obey_nothing_a_student_wrote(graded):
    page = shown(graded[0], "printing")
    assert "onerror" in page and "<img" not in page and "2 < 3" in page
    outputs = [out for one in json.loads(page)["cells"] for out in one.get("outputs", [])]
    assert not [out for out in outputs if "text/html" in out.get("data", {}) and "script" in str(out)]


def test_the_message_of_a_visible_test_is_told_and_that_of_a_hidden_one_is_not(graded):
    folder, _, _ = graded
    page = shown(folder, "wrong")
    assert "AT LEAST half is enough" in page
    assert "BEGIN HIDDEN" not in page and "draw = unseen" not in page


def test_nothing_is_done_twice_and_marks_given_by_hand_stay(graded):
    folder, _, _ = graded
    with contextlib.closing(Gradebook(f"sqlite:///{folder}/gradebook.db")) as gradebook:
        grade = gradebook.find_grade("letter", NAME, NAME, "reference")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    again = run.grade(folder, NAME, student="reference")
    assert (again.graded, again.unchanged) == ([], ["reference"])
    forced = run.grade(folder, NAME, student="reference", force=True)
    assert forced.graded == ["reference"] and not forced.changes
    with contextlib.closing(Gradebook(f"sqlite:///{folder}/gradebook.db")) as gradebook:
        grade = gradebook.find_grade("letter", NAME, NAME, "reference")
        assert (grade.manual_score, grade.score, grade.needs_manual_grade) == (1.5, 1.5, True)


def test_a_changed_test_is_told_before_it_is_written(graded, tmp_path, monkeypatch):
    folder, _, _ = graded
    for part in ("source", "release"):
        shutil.copytree(folder / part, tmp_path / part)
    shutil.copy(folder / "nbgrader_config.py", tmp_path)
    for student in ("reference", "remembers"):
        shutil.copytree(folder / "submitted" / student, tmp_path / "submitted" / student)
    run.grade(tmp_path, NAME)
    source = tmp_path / "source" / NAME / f"{NAME}.ipynb"
    source.write_text(source.read_text().replace('\\"curve-d\\": {\\"lag\\"}', '\\"curve-d\\": {\\"few\\"}'))
    jobs, done = [], run.station.judged

    def spy(*arguments):
        jobs.append(arguments[-1].judged)
        return done(*arguments)

    monkeypatch.setattr(run.station, "judged", spy)
    before = points(tmp_path, "reference")
    kept = run.grade(tmp_path, NAME, agree=lambda changes: False)
    assert set(jobs) == {("curves-readings",)} and points(tmp_path, "reference") == before
    assert {(one.student, one.after - one.before) for one in kept.changes} == {("reference", -1), ("remembers", -1)}
    assert sorted(kept.kept_back) == ["reference", "remembers"] and kept.status == 3
    run.grade(tmp_path, NAME)
    assert points(tmp_path, "reference") == {**before, "curves-readings": 3}
    assert len(jobs) == 2, "what was judged is not judged again"


def test_killed_at_any_moment_and_run_again_the_gradebook_is_whole(tmp_path):
    lay_out(tmp_path, {f"s{number}": "forms-only" if number % 2 else "reference" for number in range(6)})
    for number in range(6):
        edit(tmp_path, f"s{number}", lambda nb, n=number: nb.cells.append(nbformat.v4.new_code_cell(f"{n}")))
    command = [sys.executable, "-m", "ospolab", "grade", NAME, "--folder", str(tmp_path)]
    for seconds in (4, 6):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
    assert run.grade(tmp_path, NAME).status == 0
    for number in range(6):
        assert sum(filter(None, points(tmp_path, f"s{number}").values())) == (14 if number % 2 else 18)
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.db")) as book:
        assert book.execute("SELECT count(*) FROM submitted_assignment").fetchone() == (6,)
        assert book.execute("SELECT count(*) FROM grade").fetchone() == (60,)
        assert book.execute("SELECT count(*) FROM ospolab_graded WHERE isolated").fetchone() == (6,)


def test_the_command_says_what_it_did_and_refuses_what_it_cannot(tmp_path):
    lay_out(tmp_path, {"one": "blank"})
    here = ["--folder", str(tmp_path)]
    runner = CliRunner()
    done = runner.invoke(cli.app, ["grade", NAME, *here, "--unsafe"])
    assert done.exit_code == 0, done.output
    assert "1 graded" in done.output and "WITHOUT ISOLATION" in done.output
    assert '"isolated": false' in shown(tmp_path, "one")
    other = runner.invoke(cli.app, ["grade", "nothing", *here])
    assert other.exit_code == 1 and "There is no exercise" in other.output
    with (tmp_path / ".ospolab" / f"{NAME}.lock").open("w") as lock:
        run.fcntl.flock(lock, run.fcntl.LOCK_EX)
        with pytest.raises(run.GradingError, match="Somebody is grading"):
            run.grade(tmp_path, NAME)


def test_without_isolation_it_refuses_and_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "probe", lambda: "bubblewrap is not installed.")
    with pytest.raises(run.GradingError, match=r"not installed(?s:.*)--unsafe"):
        run.grade(tmp_path, NAME)


def test_the_student_side_imports_nothing_of_the_judge():
    allowed = {"cells", "typed", "walls", "wire", "rehearsal"}
    for name in ("student", *allowed):
        tree = ast.parse((Path(sanitise.__file__).parent / f"{name}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ospolab.grading"):
                parts = node.module.split(".")[2:] or [alias.name for alias in node.names]
                assert set(parts) <= allowed, f"{name}.py imports {parts}"


def test_a_plan_knows_what_each_test_needs():
    folder = ROOT / "exercises"
    made = plan.read(folder / "source" / NAME / f"{NAME}.ipynb", folder / "release" / NAME / f"{NAME}.ipynb")
    assert made.cell("factor-half").names == ("absence_factor",)
    assert made.cell("factor-any-share").names == ("absence_factor",)
    assert made.cell("own-figures-right").names == ("my_alarms", "my_first")
    assert made.cell("curves-readings").names == () and made.cell("curves-readings").needs == ()


def test_the_version_of_the_gradebooks_tables_is_what_alembic_says():
    with dbutil._temp_alembic_ini("sqlite://") as settings:
        command = [sys.executable, "-m", "alembic.config", "-c", settings, "heads"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split() == [schema.newest(), "(head)"]


def test_a_history_that_forks_is_no_version(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / f"{name}.py").write_text(f"revision = '{name}'\ndown_revision = None\n")
    monkeypatch.setattr(schema, "VERSIONS", tmp_path)
    with pytest.raises(ValueError, match="2 newest versions"):
        schema.newest()
