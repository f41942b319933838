"""A learner's own work, graded by stock nbgrader beside their copy of the course."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import fakecourse
import pytest
from fakecourse import EXERCISE, NAME

from ospolab import cli
from ospolab import course as the_course
from ospolab.learner import check, copy, progress
from ospolab.learner.standing import standings

pytestmark = pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")  # nbgrader's own


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    cli.put_environment_on_path()


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = fakecourse.make(tmp_path / "course")
    monkeypatch.setattr(the_course, "root", lambda: made)
    fakecourse.write(made / "exercises" / "nbgrader_config.py", "")
    return made


@pytest.fixture
def home(course: Path) -> Path:
    copy.sync(course, course / "my-course")
    return course / "my-course"


def answer(home: Path, solution: str, words: str) -> None:
    notebook = json.loads((home / EXERCISE).read_text())
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = {"double": solution, "words": words}.get(name, cell["source"])
    (home / EXERCISE).write_text(json.dumps(notebook))


def test_points_feedback_and_nothing_else(course, home, capsys):
    answer(home, "def double(x):\n    return x + x", "Twice as much, in my words.")
    fakecourse.write(home / EXERCISE.replace(".ipynb", ".new.ipynb"), fakecourse.exercise(solved=False))
    before = {path for path in course.rglob("*") if "my-course" not in path.parts}
    assert check.show(course, home, None) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Twice as much (double-tests) │ 3 │ 3" in out
    assert "In your words (words) │ - │ 2 │ a human reads this" in out
    assert "checked by tests │ 3 │ 3" in out and "for a human to read │ - │ 2" in out
    feedback = (home / "feedback" / f"{NAME}.html").read_text()
    # The hidden tests have run, which the learner's copy does not hold.
    shown = html.unescape(re.sub(r"<[^>]+>", "", feedback))
    assert "assert double(-4) == -8" in shown
    # It needs no network, cuts no line, names what was graded, and says what nobody has read.
    loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=[\"']?([^\"' >]+)", feedback)
    loaded += re.findall(r"(?:url\(|@import|\bfrom)\s*[\"']?([^\"') ]+)", feedback)
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    assert "white-space: pre-wrap" in feedback
    assert "3 of 3 points; 2 more wait for a human" in shown
    assert '<a href="#double-tests">Twice as much</a> <code>double-tests</code>: 3 of 3' in " ".join(feedback.split())
    assert shown.count("A human reads this: up to 2 points") == 1 and "Score: 0.0 / 2.0" not in shown
    assert {path for path in course.rglob("*") if "my-course" not in path.parts} == before
    assert sorted(path.name for path in home.iterdir()) == [
        ".ospolab",
        "exercises",
        "feedback",
        "glossary.md",
        "notebooks",
        "portfolio",
        "welcome.md",
    ]
    # The welcome page knows it at once, and knows when the work has gone on.
    assert "Your welcome page shows these points" in out
    assert "3 of 3 points by checks; 2 more for a human to read" in (home / "welcome.md").read_text()
    answer(home, "def double(x):\n    return 0", "Twice as much, in my words.")
    points = next(one.exercise.points for one in standings(home, course) if one.exercise)
    assert (points.earned, points.of, points.waiting, points.current) == (3, 3, 2, False)


def test_a_text_not_written_yet_is_not_counted_as_checked_by_tests(course, home, capsys, monkeypatch):
    answer(home, "def double(x):\n    return 0", "YOUR ANSWER HERE")  # nbgrader's own words: nothing written
    monkeypatch.setattr(progress, "record", lambda *_, **__: False)  # a disk that cannot be written
    assert check.show(course, home, NAME) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "In your words (words) │ - │ 2 │ a human reads this, once" in out
    assert "checked by tests │ 0 │ 3" in out and "for a human to read │" not in out
    assert "welcome page" not in out


def test_the_course_folders_settings_make_the_same_page():
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config, PyFileConfigLoader

    root = Path(__file__).parents[1] / "exercises"
    config = Config(PyFileConfigLoader("nbgrader_config.py", str(root)).load_config())
    config.HTMLExporter.template_name = "feedback"  # as nbgrader's pages in JupyterLab set it
    converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
    exporter = converter.exporter_class(config=converter.config)
    assert exporter.environment.get_template("index.html.j2").filename.startswith(str(Path(check.__file__).parent))


def test_what_is_saved_while_the_tests_run_is_not_taken_for_graded(course, home, monkeypatch):
    def saved_meanwhile(*_):
        answer(home, "def double(x):\n    return 0", "Something else.")
        return [check.Mark("double-tests", "", 3, 3, by_hand=False, waits=False)]

    monkeypatch.setattr(check, "_run", saved_meanwhile)
    result = check.grade(course, home, NAME)
    assert check.remember(home, NAME, result)
    points = next(one.exercise.points for one in standings(home, course) if one.exercise)
    assert points.earned == 3 and not points.current


def test_what_stops_nbgrader_is_a_message(course, home):
    answer(home, "import os\nos._exit(1)", "In my words.")
    with pytest.raises(check.GradeError, match="could not be graded") as error:
        check.grade(course, home, NAME)
    assert "Kernel died" in str(error.value) and "Traceback" not in str(error.value)
    assert str(home / ".ospolab" / "grade.log") in str(error.value)
    assert (home / ".ospolab" / "grade.log").stat().st_size


def test_what_is_not_there_is_said(course, home):
    with pytest.raises(check.GradeError, match=f"Did you mean {NAME}"):
        check.choose(course, home, NAME[:-3])
    with pytest.raises(check.GradeError, match="There is: environ"):
        check.choose(course, home, "xyz")
    (home / EXERCISE).unlink()
    with pytest.raises(check.GradeError, match="make learn"):
        check.choose(course, home, None)
    fakecourse.write(course / "exercises/source/other/other.ipynb", fakecourse.exercise())
    with pytest.raises(check.GradeError, match=r"ospolab check other\n(?s:.*)make check ASSIGNMENT="):
        check.choose(course, home, None)


def test_answers_that_cannot_be_read_are_named_and_cost_no_points_of_before(course, home, capsys, monkeypatch):
    answers = home / "exercises" / NAME / "answers.yml"
    assert check.answers_read(answers.parent) == (True, [])
    marks = [check.Mark("double-tests", "", 3, 3, by_hand=False, waits=False)]
    monkeypatch.setattr(check, "_run", lambda *_: marks)
    assert check.show(course, home, NAME) == 0
    answers.write_text("curves: {\n")
    marks = [check.Mark("double-tests", "", 0, 3, by_hand=False, waits=False)]
    assert check.show(course, home, NAME) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "No answer of a form counted. answers.yml, line" in said and "These points are not kept" in said
    points = next(one.exercise.points for one in standings(home, course) if one.exercise)
    assert points.earned == 3 and not points.current
    answers.write_text("curves:\n  first: sideways\n")  # one value that does not fit costs that one
    assert check.show(course, home, NAME) == 0
    assert next(one.exercise.points for one in standings(home, course) if one.exercise).earned == 0


def test_a_cell_pasted_twice_is_put_right_and_said(course, home, capsys):
    answer(home, "def double(x):\n    return x + x", "Twice as much, in my words.")
    path = home / EXERCISE
    notebook = json.loads(path.read_text())
    tests = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "double-tests")
    notebook["cells"].append(json.loads(json.dumps(tests)))
    path.write_text(json.dumps(notebook))
    before = path.read_bytes()
    assert check.show(course, home, None) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Twice as much (double-tests) │ 3 │ 3" in out
    assert "Put right before grading: double-tests was there more than once." in out
    assert path.read_bytes() == before, "the learner's own notebook is not touched"


def test_a_file_that_is_no_notebook_is_refused_with_a_sentence(course, home):
    (home / EXERCISE).write_text("{")
    with pytest.raises(check.GradeError, match="not a notebook that can be read"):
        check.grade(course, home, NAME)
