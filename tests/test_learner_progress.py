"""What a learner has done: remembered whatever happens, and shown on the welcome page."""

from __future__ import annotations

import json
import math
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import fakecourse
import pytest
from fakecourse import EXERCISE, FORMS, LESSON, NAME, QUIZ, STEM

from ospolab import course as the_course
from ospolab.learner import MARKER, copy, find_copy, progress, welcome
from ospolab.learner.standing import standings, work


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


def next_line(home: Path, course: Path) -> str:
    welcome.refresh(home, course)
    return re.search(r"\*\*Next: (.*)\*\*", (home / "welcome.md").read_text())[1]


def so_far(home: Path, course: Path) -> str:
    welcome.refresh(home, course)
    return re.search(r"\*\*So far:\*\* (.*)", (home / "welcome.md").read_text())[1]


def row(home: Path, course: Path, title: str = "The metric that improved") -> list[str]:
    """The cells of a lesson's row: read, quiz, exercise, paper, without links."""
    table = welcome.summary(home, course)
    return [cell.strip() for cell in re.search(rf"^\| {re.escape(title)} \|(.*)\|$", table, re.MULTILINE)[1].split("|")]


def graded(home: Path, points: float, of: float = 18, waiting: float = 0, name: str = NAME) -> None:
    """What grading leaves behind."""
    kept = {"points": points, "of": of, "waiting": waiting, "work": work(home / "exercises" / name)}
    progress.record("points", name, kept, folder=home)


# --- remembering -----------------------------------------------------------------------------------------------------


def test_the_last_value_counts(home, monkeypatch):
    monkeypatch.chdir(home / "notebooks" / "environmentalist")
    progress.record("quiz", f"{STEM}/q1", {"chosen": 0, "correct": False})
    assert progress.record("quiz", f"{STEM}/q1", {"chosen": 1, "correct": True})
    progress.record("note", "ü", None)
    assert progress.read() == {"quiz": {f"{STEM}/q1": {"chosen": 1, "correct": True}}, "note": {"ü": None}}


def test_outside_a_copy_nothing_happens(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not progress.record("quiz", "a", True)
    assert progress.read() == {} and list(tmp_path.iterdir()) == [] and find_copy() is None


@pytest.mark.parametrize("trouble", ["folder", "value"])
def test_nothing_is_ever_raised_into_a_lesson(home, trouble):
    if trouble == "folder":
        (home / MARKER / progress.NAME).mkdir()
    assert not progress.record("quiz", "a", object() if trouble == "value" else 1, folder=home)
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
    assert (standing.exercise.fields_answered, standing.exercise.fields_total) == (
        0,
        2,
    )  # the optional one is not asked for
    assert not standing.paper_written and not standing.begun and not standing.exercise.begun
    assert row(home, course) == ["not yet", "2 questions", "exercise: 0 of 2 answers given", "health report: not yet"]
    assert so_far(home, course) == "0 of 1 lessons read, 0 of 2 quiz questions right, no exercise graded yet."


def test_what_is_done_is_counted(home, course):
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)
    progress.record("quiz", f"{STEM}/q2", {"correct": False}, folder=home)
    progress.record("quiz", f"{STEM}/gone", {"correct": True}, folder=home)  # a question of an earlier edition
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n")
    (home / "portfolio" / "health-report.md").write_text("# Health report\n")
    standing = one(home, course)
    assert (standing.quiz_answered, standing.quiz_right, standing.quiz_total) == (2, 1, 2)
    assert (standing.exercise.fields_answered, standing.exercise.fields_total) == (1, 2)
    assert standing.paper_written and standing.quiz_done and not standing.exercise.done


@pytest.mark.parametrize("content", ["curves: [", "curves: {first: sideways, second: up}", "\x00", "- 1"])
def test_odd_answers_are_not_done_and_not_an_error(home, course, content):
    (home / "exercises" / NAME / "answers.yml").write_text(content)
    assert one(home, course).exercise.fields_total == 2
    assert one(home, course).exercise.fields_answered <= 1


@pytest.mark.parametrize("content", ["questions: 3", "{", "- no id", ""])
def test_odd_quizzes_and_forms_are_nothing_to_do(home, course, content):
    (home / QUIZ).write_text(content)
    (home / FORMS).write_text(content)
    standing = one(home, course)
    assert (standing.quiz_total, standing.exercise.fields_total) == (0, 0)
    assert row(home, course) == ["not yet", "-", "exercise: not graded yet", "health report: not yet"]
    assert next_line(home, course).startswith("begin with")
    graded(home, 3)  # without a quiz there is nowhere to say that the lesson is read
    assert next_line(home, course).startswith("write the health report")


# --- read ------------------------------------------------------------------------------------------------------------


def test_read_is_what_the_learner_said_last(home, course):
    for said in (True, False, True):
        progress.record("read", STEM, said, folder=home)
        assert one(home, course).read is said
        assert row(home, course)[0] == ("read" if said else "not yet")


def test_a_whole_quiz_counts_as_read_until_the_learner_says_otherwise(home, course):
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)
    assert not one(home, course).read
    progress.record("quiz", f"{STEM}/q2", {"correct": False}, folder=home)
    assert one(home, course).read
    progress.record("read", STEM, False, folder=home)
    assert not one(home, course).read
    assert next_line(home, course).startswith("go on with")


@pytest.mark.parametrize("kind", ["quiz", "read", "points"])
@pytest.mark.parametrize("value", [None, 3, "yes", [1], {}, {"points": "many", "of": 18, "waiting": 0, "work": ""}])
def test_lines_of_another_edition_do_no_harm(home, course, kind, value):
    for key in (STEM, f"{STEM}/q1", NAME, "counselor/gone"):
        progress.record(kind, key, value, folder=home)
    standing = one(home, course)
    assert not standing.read and standing.quiz_right == 0 and standing.exercise.points is None


@pytest.mark.parametrize("points", [math.nan, -1, math.inf])
def test_points_that_are_no_points_are_none(home, course, points):
    graded(home, points)
    assert one(home, course).exercise.points is None


def test_an_answer_to_a_question_that_has_changed_is_judged_by_the_new_one(home, course):
    options = "options: [{text: a, why: a}, {text: b, correct: true, why: b}]"
    (home / QUIZ).write_text(f"- {{id: q1, {options}}}\n- {{id: q2, {options}}}\n- {{id: q3, {options}}}\n")
    progress.record("quiz", f"{STEM}/q1", {"chosen": 2, "correct": True}, folder=home)  # there were three options
    progress.record("quiz", f"{STEM}/q2", {"chosen": 1, "correct": False}, folder=home)
    progress.record("quiz", f"{STEM}/q3", {"chosen": 1, "correct": False}, folder=home)
    assert row(home, course)[1] == "2 of 3 right, 1 open"


# --- points ----------------------------------------------------------------------------------------------------------


def test_points_are_shown_and_known_to_be_older_than_the_work(home, course):
    answers = home / "exercises" / NAME / "answers.yml"
    answers.write_text("curves:\n  first: up\n  second: down\n")
    assert row(home, course)[2] == "exercise: 2 of 2 answers given; not graded yet"
    graded(home, 12.5, waiting=2)
    assert row(home, course)[2] == "exercise: 12.5 of 18 points by checks; 2 more for a human to read"
    assert so_far(home, course).endswith("12.5 of 18 points by checks (2 more for a human to read).")
    answers.write_text("curves:\n  first: down\n  second: down\n")
    assert (
        row(home, course)[2] == "exercise: 12.5 of 18 by checks, before your last changes; 2 more for a human to read"
    )
    assert so_far(home, course).endswith("points by checks (1 exercise changed since; 2 more for a human to read).")
    answers.write_text("curves:\n  first: up\n  second: down\n")  # taken back: the same work
    assert "before your last changes" not in row(home, course)[2]


def test_running_the_notebook_again_does_not_age_the_points_and_working_in_it_does(home, course):
    graded(home, 18)
    notebook = json.loads((home / EXERCISE).read_text())
    notebook["cells"][2].update(execution_count=7, outputs=[])
    (home / EXERCISE).write_text(json.dumps(notebook))
    assert one(home, course).exercise.points.current
    notebook["cells"][2]["source"] = ["def double(x):\n", "    return 2 * x\n"]
    (home / EXERCISE).write_text(json.dumps(notebook))
    assert not one(home, course).exercise.points.current
    (home / EXERCISE).write_text(json.dumps(notebook)[:100])  # half of it
    assert not one(home, course).exercise.points.current
    (home / EXERCISE).unlink()
    assert not one(home, course).exercise.points.current


def test_who_grades_half_way_still_sees_what_is_missing(home, course):
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n")
    graded(home, 7)
    assert row(home, course)[2] == "exercise: 7 of 18 points by checks; 1 of 2 answers given"


# --- several lessons, one exercise -----------------------------------------------------------------------------------

SHARED = ["what-an-ospo-does", "a-bridge-with-two-ends", "one-office-many-forms"]


@pytest.fixture
def longer(course: Path) -> Path:
    """The course with the three foundation lessons and the one exercise they share; a copy of it is in my-course."""
    pages = [f"notebooks/foundations/{pillar}" for pillar in SHARED]
    with (course / "_toc.yml").open("a") as toc:
        for page in [*pages, "exercises/release/foundations/foundations"]:
            toc.write(f"      - file: {page}\n")
    for page in pages:
        fakecourse.write(course / f"{page}.ipynb", fakecourse.lesson())
        fakecourse.write(course / f"{page}.quiz.yml", "- {id: q1}\n")
    released = course / "exercises" / "release" / "foundations"
    fakecourse.write(released / "foundations.ipynb", fakecourse.exercise(solved=False))
    fakecourse.write(released / "forms.yml", fakecourse.FORMS_TEXT)
    copy.sync(course, course / "my-course")
    return course


def test_a_shared_exercise_stands_in_the_table_once(home, longer):
    assert row(home, longer, "What an OSPO does")[2:] == ["shared, see below", "-"]
    assert row(home, longer, "A bridge with two ends")[2:] == ["shared, see below", "-"]
    assert row(home, longer, "One office, many forms")[2:] == [
        "one exercise for all 3: 0 of 2 answers given",
        "charter: not yet",
    ]
    graded(home, 15, waiting=2, name="foundations")
    assert row(home, longer, "One office, many forms")[2].startswith("one exercise for all 3: 15 of 18 points")
    assert so_far(home, longer) == (
        "0 of 4 lessons read, 0 of 5 quiz questions right, 15 of 18 points by checks "
        "(1 of 2 exercises graded; 2 more for a human to read)."
    )
    text = (home / "welcome.md").read_text()
    assert text.count("](exercises/foundations/foundations.ipynb)") == 1


def test_a_shared_exercise_follows_its_lessons_and_its_papers_follow_it(home, longer):
    titles = ["What an OSPO does", "A bridge with two ends", "One office, many forms"]
    for number, (pillar, title) in enumerate(zip(SHARED, titles, strict=True)):
        link = f"[{title}](notebooks/foundations/{pillar}.ipynb)"
        assert next_line(home, longer) == f"{'the lesson' if number else 'begin with'} {link}."
        progress.record("read", f"foundations/{pillar}", True, folder=home)
        assert next_line(home, longer) == f"the quiz at the end of {link} (1 of 1 questions open)."
        progress.record("quiz", f"foundations/{pillar}/q1", {"correct": False}, folder=home)
    exercise = "the exercise of [Foundations](exercises/foundations/foundations.ipynb)"
    assert next_line(home, longer) == f"do {exercise}."
    answers = home / "exercises" / "foundations" / "answers.yml"
    answers.write_text("curves:\n  first: up\n")
    assert next_line(home, longer) == f"finish {exercise}."
    answers.write_text("curves:\n  first: up\n  second: down\n")
    assert next_line(home, longer) == f"write the charter, at the end of {exercise}."
    (home / "portfolio" / "charter.md").write_text("# Charter\n")
    assert next_line(home, longer) == f"the lesson [The metric that improved]({LESSON})."


def test_a_charter_that_does_not_hold_is_written_and_not_finished(home, longer, monkeypatch):
    from datetime import date

    from ospolab.portfolio import charter, papers
    from ospolab.portfolio.organisation import INVENTED

    firm = INVENTED["business"]
    facts = {"organisation": firm.name, "written": date(2026, 11, 23), "aim": "Aim.", "results": "Results.", "days": 9}
    facts |= {"is_not": [], "sponsor": next(iter(charter.vocabulary("sponsors"))), "review_in_months": 12}
    facts |= {"home": next(iter(charter.vocabulary("homes"))), "mandate": [next(iter(charter.vocabulary("mandate")))]}
    states = []
    for clauses in ([], charter.required(firm)):
        with monkeypatch.context() as there:
            there.chdir(home)
            papers.write(charter.Charter(clauses=clauses, **facts))
        states.append(row(home, longer, "One office, many forms")[3])
    assert states == ["charter: written, not finished", "charter: written"]


def test_a_lesson_that_leaves_the_course_leaves_the_count(home, longer):
    progress.record("read", "foundations/what-an-ospo-does", True, folder=home)
    assert so_far(home, longer).startswith("1 of 4 lessons read")
    toc = (longer / "_toc.yml").read_text()
    (longer / "_toc.yml").write_text(toc.replace("      - file: notebooks/foundations/what-an-ospo-does\n", ""))
    assert so_far(home, longer).startswith("0 of 3 lessons read")
    assert row(home, longer, "One office, many forms")[2].startswith("one exercise for all 2")


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_leads_through_the_course_step_by_step(home, course):
    assert next_line(home, course) == f"begin with [The metric that improved]({LESSON})."
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)
    assert next_line(home, course).startswith("go on with")
    progress.record("quiz", f"{STEM}/q2", {"correct": False}, folder=home)
    assert next_line(home, course) == f"do the exercise of [The metric that improved]({EXERCISE})."
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n")
    assert next_line(home, course).startswith("finish the exercise")
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n  second: down\n")
    assert next_line(home, course).startswith("write the health report")
    (home / "portfolio" / "health-report.md").write_text("# Health report\n")
    assert next_line(home, course).startswith("everything that is here is done. `ospolab check`")
    graded(home, 10)
    assert next_line(home, course).startswith("everything that is here is done and graded.")
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: down\n  second: down\n")
    assert next_line(home, course).startswith("everything that is here is done. `ospolab check`")


def test_the_page_shows_what_is_done_and_what_is_to_come(home, course):
    progress.record("quiz", f"{STEM}/q1", {"correct": True}, folder=home)  # writes the page as well
    text = (home / "welcome.md").read_text()
    assert "| Lesson | Read | Quiz | Exercise | Paper |" in text
    assert row(home, course) == [
        "not yet",
        "1 of 2 right, 1 open",
        "exercise: 0 of 2 answers given",
        "health report: not yet",
    ]
    assert text.index("**So far:**") < text.index("**Next:") < text.index("| Lesson |")
    assert "Nothing is sent anywhere" in text and ".ospolab/progress.jsonl" in text
    for lesson in the_course.lessons(course):
        assert lesson.title in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links and all((home / link).is_file() for link in links)
    to_come = text[text.index("## Still to come") :]
    assert "Your office" in to_come.split("##")[1]


def test_the_page_says_how_to_reload_it_and_a_newcomer_how_to_begin(home, course):
    welcome.refresh(home, course)
    lines = [line for line in (home / "welcome.md").read_text().splitlines() if line]
    assert lines[1].startswith("**So far:**") and "Reload Markdown File from Disk" in lines[2]
    assert lines[3].startswith("**Next:") and "Run > Run All Cells" in lines[4]
    (home / "exercises" / NAME / "answers.yml").write_text("curves:\n  first: up\n")
    welcome.refresh(home, course)
    assert "Your first time here?" not in (home / "welcome.md").read_text()


def test_the_page_names_what_lies_beside_the_learners_work(home, course):
    (home / EXERCISE).write_text(fakecourse.exercise(solved=False, text="My own words."))
    for text in ("Second edition.", "Third edition."):
        fakecourse.write(fakecourse.released(course, EXERCISE), fakecourse.exercise(solved=False, text=text))
        copy.sync(course, home)
    new = EXERCISE.replace(".ipynb", ".new.ipynb")
    welcome.refresh(home, course)
    assert f"[{EXERCISE}]({EXERCISE}): the new one is [{new}]({new})" in (home / "welcome.md").read_text()
    (home / new).unlink()  # the learner has taken over what they like
    welcome.refresh(home, course)
    assert ".new." not in (home / "welcome.md").read_text()


def test_the_terminal_shows_the_same_and_where_it_is_kept(home, course):
    graded(home, 12.5)
    said = welcome.summary(home, course)
    assert "12.5 of 18 points by checks" in said and so_far(home, course) in said
    assert str(home) in said and ".ospolab/progress.jsonl" in said and "Nothing is sent anywhere" in said
    assert "](" not in said


def test_an_empty_course_has_a_page(course):
    (course / "_toc.yml").unlink()
    home = course / "empty"
    copy.sync(course, home)
    welcome.refresh(home, course)
    text = (home / "welcome.md").read_text()
    assert "no lesson is here yet" in text and "So far" not in text
    said = welcome.summary(home, course)
    assert "no lesson is here yet" in said and "So far" not in said


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
