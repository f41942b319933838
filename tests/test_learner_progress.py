"""What a learner has done: remembered whatever happens, and shown on the welcome page."""

from __future__ import annotations

import json
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import fakecourse
import pytest
from fakecourse import EXERCISE, FORMS, LESSON, NAME, QUIZ, STEM

from ospolab import course as the_course
from ospolab.learner import MARKER, copy, find_copy, progress, welcome
from ospolab.learner.standing import standings


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = fakecourse.make(tmp_path / "course")
    monkeypatch.setattr(the_course, "root", lambda: made)
    return made


@pytest.fixture
def home(course: Path) -> Path:
    copy.sync(course, course / "my-course")
    return course / "my-course"


def one(home: Path, course: Path):
    return next(standing for standing in standings(home, course) if standing.lesson.stem == STEM)


# --- remembering -----------------------------------------------------------------------------------------------------


def test_the_last_value_counts(home, monkeypatch):
    monkeypatch.chdir(home / "notebooks" / "environmentalist")
    progress.record("quiz", f"{STEM}/q1", {"chosen": 0, "correct": False})
    progress.record("quiz", f"{STEM}/q1", {"chosen": 1, "correct": True})
    progress.record("note", "ü", None)
    assert progress.read() == {"quiz": {f"{STEM}/q1": {"chosen": 1, "correct": True}}, "note": {"ü": None}}


def test_outside_a_copy_nothing_happens(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    progress.record("quiz", "a", True)
    assert progress.read() == {} and list(tmp_path.iterdir()) == [] and find_copy() is None


@pytest.mark.parametrize("trouble", ["folder", "value"])
def test_nothing_is_ever_raised_into_a_lesson(home, trouble):
    if trouble == "folder":
        (home / MARKER / progress.NAME).mkdir()
    progress.record("quiz", "a", object() if trouble == "value" else 1, folder=home)
    assert progress.read(home) == {}


def write_many(home: Path, writer: int) -> None:
    for number in range(40):
        progress._append(
            home / MARKER / progress.NAME, json.dumps({"kind": "k", "key": f"{writer}-{number}", "value": 1})
        )


def test_kernels_that_write_at_once_lose_nothing(home):
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(write_many, [home] * 4, range(4)))
    assert len(progress.read(home)["k"]) == 160


def test_a_damaged_line_costs_that_line_only(home, course):
    path = home / MARKER / progress.NAME
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)
    with path.open("ab") as file:
        file.write(b'{"kind": "quiz", "key": "half')  # the machine went down here
    progress.record("quiz", f"{STEM}/q2", {"correct": True}, folder=home)
    assert set(progress.read(home)["quiz"]) == {f"{STEM}/q1", f"{STEM}/q2"}
    damaged = path.read_bytes()
    message = progress.mend(home)
    assert "1 line" in message and "progress.jsonl.broken" in message
    assert (home / MARKER / "progress.jsonl.broken").read_bytes() == damaged
    assert set(progress.read(home)["quiz"]) == {f"{STEM}/q1", f"{STEM}/q2"}
    assert progress.mend(home) is None
    welcome.refresh(home, course)
    assert "progress.jsonl.broken" in (home / "welcome.md").read_text()
    path.write_bytes(b"\xff\x00")
    assert "progress.jsonl.broken-2" in progress.mend(home)


# --- counting --------------------------------------------------------------------------------------------------------


def test_counts_start_at_zero(home, course):
    standing = one(home, course)
    assert (standing.quiz_answered, standing.quiz_right, standing.quiz_total) == (0, 0, 2)
    assert (standing.fields_answered, standing.fields_total) == (0, 2)  # the optional one is not asked for
    assert not standing.paper_written and not standing.begun


def test_what_is_done_is_counted(home, course):
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)
    progress.record("quiz", f"{STEM}/q2", {"correct": False}, folder=home)
    progress.record("quiz", f"{STEM}/gone", {"correct": True}, folder=home)  # a question of an earlier edition
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n")
    (home / "portfolio" / "health-report.md").write_text("# Health report\n")
    standing = one(home, course)
    assert (standing.quiz_answered, standing.quiz_right, standing.quiz_total) == (2, 1, 2)
    assert (standing.fields_answered, standing.fields_total) == (1, 2)
    assert standing.paper_written and standing.lesson_done and not standing.exercise_done


@pytest.mark.parametrize("content", ["curves: [", "curves: {first: sideways, second: up}", "\x00", "- 1"])
def test_odd_answers_are_not_done_and_not_an_error(home, course, content):
    (home / "exercises" / NAME / "answers.yml").write_text(content)
    assert one(home, course).fields_total == 2
    assert one(home, course).fields_answered <= 1


@pytest.mark.parametrize("content", ["questions: 3", "{", "- no id", ""])
def test_odd_quizzes_and_forms_are_nothing_to_do(home, course, content):
    (home / QUIZ).write_text(content)
    (home / FORMS).write_text(content)
    standing = one(home, course)
    assert (standing.quiz_total, standing.fields_total) == (0, 0)
    welcome.refresh(home, course)


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_leads_through_the_course_step_by_step(home, course):
    def next_line() -> str:
        welcome.refresh(home, course)
        return re.search(r"\*\*Next: (.*)\*\*", (home / "welcome.md").read_text())[1]

    assert next_line() == f"begin with [The metric that improved]({LESSON})."
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)
    assert next_line().startswith("go on with")
    progress.record("quiz", f"{STEM}/q2", {"correct": False}, folder=home)
    assert next_line() == f"do the exercise of [The metric that improved]({EXERCISE})."
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n")
    assert next_line().startswith("finish the exercise")
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n  second: down\n")
    assert next_line().startswith("write the health report")
    (home / "portfolio" / "health-report.md").write_text("# Health report\n")
    assert next_line().startswith("everything that is here is done")


def test_the_page_shows_what_is_done_and_what_is_to_come(home, course):
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)  # writes the page as well
    text = (home / "welcome.md").read_text()
    assert "1 of 2 right" in text and "0 of 2 answered" in text and "health report: not yet" in text
    for lesson in the_course.lessons(course):
        assert lesson.title in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links and all((home / link).is_file() for link in links)
    to_come = text[text.index("## Still to come") :]
    assert "Your office" in to_come.split("##")[1]


def test_an_empty_course_has_a_page(course):
    (course / "_toc.yml").unlink()
    home = course / "empty"
    copy.sync(course, home)
    welcome.refresh(home, course)
    assert "no lesson is here yet" in (home / "welcome.md").read_text()


def test_the_page_is_written_only_when_it_changes(home, course):
    welcome.refresh(home, course)
    before = (home / "welcome.md").stat().st_mtime_ns
    welcome.refresh(home, course)
    assert (home / "welcome.md").stat().st_mtime_ns == before


# --- the course as data ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "toc",
    [
        "root: index\nchapters:\n  - file: notebooks/{stem}\n  - file: {exercise}",
        "root: index\nparts:\n- chapters:\n  - file: notebooks/{stem}\n    sections:\n    - file: {exercise}",
        "root: index\nchapters:\n  - {{file: notebooks/{stem}.ipynb, title: T}}\n  - {{file: {exercise}.ipynb}}",
    ],
    ids=["flat", "nested", "with-extension"],
)
def test_what_exists_is_what_the_table_of_contents_names(course, toc):
    (course / "_toc.yml").write_text(toc.format(stem=STEM, exercise=f"exercises/release/{NAME}/{NAME}"))
    assert [lesson.stem for lesson in the_course.lessons(course) if lesson.exists] == [STEM]
    (assignment,) = the_course.assignments(course)
    assert assignment.name == NAME and assignment.lessons == (STEM,) and assignment.notebook.is_file()


def test_the_plan_has_twenty_labs_and_each_role_its_four():
    lessons = the_course.lessons(Path("/nowhere"))
    assert len(lessons) == 20 and not any(lesson.exists for lesson in lessons)
    for role, about in the_course.plan()["roles"].items():
        assert sum(lesson.role == role for lesson in lessons) == 4
        assert set(about) == {"title", "does"}
    foundations = {lesson.assignment for lesson in lessons if lesson.role == "foundations"}
    assert foundations == {"foundations"}


def test_a_package_without_its_checkout_says_so(tmp_path, monkeypatch):
    lone = tmp_path / "site-packages" / "ospolab" / "course.py"
    monkeypatch.setattr(the_course, "__file__", str(lone))
    with pytest.raises(the_course.CourseNotFound, match="make learn"):
        the_course.root()
