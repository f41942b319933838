"""What the course promises and where it is kept: outcomes, activities of the definition, and the learners' paths."""

import copy
import re
from pathlib import Path

import fakecourse
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ospolab import course
from ospolab.authoring import outcomes, plan

ROOT = course.root()
PLAN = course.plan()
KEPT = outcomes.kept(ROOT)
STEMS = [lesson["stem"] for lesson in PLAN["lessons"]]
WAYS = plan.ways(ROOT)


def stem(kept: outcomes.Kept) -> str:
    return kept.lesson.stem


# ----------------------------------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize("kept", KEPT, ids=stem)
def test_every_outcome_is_taught_assessed_and_asked_about(kept):
    assert [gap for outcome in kept.outcomes for gap in outcomes.gaps(outcome)] == []


def test_there_is_an_outcome_to_look_at():
    assert KEPT
    assert all(kept.outcomes for kept in KEPT)


ID = "advocate.strategy.1"
FORM = {"grade": True, "grade_id": "fork-cost", "points": 2, "locked": True, "solution": False}


def lesson():
    """A lesson of one outcome, as small as can be."""
    cells = [
        new_markdown_cell(f"# A title\n\n## You will be able to\n\n1. count the cost of a fork. `{ID}`"),
        new_markdown_cell("## A look\n\nText."),
        new_markdown_cell("Still text.", metadata={"ospolab": {"teaches": [ID]}}),
    ]
    return new_notebook(cells=cells)


def exercise():
    """An exercise of one graded cell, as small as can be."""
    cells = [
        new_markdown_cell("# Exercise\n\n## 1. Count it *(2 points, form)*"),
        new_code_cell("result()", metadata={"nbgrader": FORM, "ospolab": {"by": "form", "assesses": [ID]}}),
    ]
    return new_notebook(cells=cells)


QUIZ = [{"id": "q1", "outcome": "advocate.strategy.2"}, {"id": "q2", "outcome": ID}]


def test_an_outcome_is_followed_to_its_section_its_task_and_its_question():
    (outcome,) = outcomes.outcomes(lesson(), exercise(), QUIZ)
    assert outcome.words == "count the cost of a fork."
    assert [place.words for place in outcome.taught] == ["A look"]
    (mark,) = outcome.assessed
    assert (mark.grade_id, mark.points, mark.by, mark.place.words) == ("fork-cost", 2, "form", "1. Count it")
    assert mark.place.anchor == "1-count-it-2-points-form"
    assert outcome.asked == (2,)
    assert outcomes.gaps(outcome) == []


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda lesson, exercise, quiz: lesson.cells[2].metadata.clear(), "no section teaches it"),
        (lambda lesson, exercise, quiz: lesson.cells[2].metadata.ospolab.update(teaches=[]), "no section teaches it"),
        (lambda lesson, exercise, quiz: exercise.cells[1].metadata.ospolab.update(assesses=[]), "no graded cell"),
        (lambda lesson, exercise, quiz: exercise.cells[1].metadata.nbgrader.update(grade=False), "no graded cell"),
        (lambda lesson, exercise, quiz: quiz.pop(), "no quiz question"),
    ],
)
def test_a_broken_promise_is_noticed(damage, says):
    parts = lesson(), exercise(), copy.deepcopy(QUIZ)
    damage(*parts)
    (outcome,) = outcomes.outcomes(*parts)
    (gap,) = outcomes.gaps(outcome)
    assert gap.startswith(ID)
    assert says in gap


def test_a_cell_stands_under_its_own_heading_or_the_nearest_above():
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Title"),
            new_markdown_cell("## First\n\ntext\n\n### Second"),
            new_code_cell("1"),
            new_markdown_cell("```sh\n# no heading\n## no heading\n```\n\n> ## nor this"),
            new_markdown_cell("## First"),
            new_markdown_cell("#### too deep for an anchor"),
        ]
    )
    anchors = [place and place.anchor for place in outcomes.places(notebook)]
    assert anchors == [None, "first", "second", "second", "first-1", "first-1"]


def test_the_page_says_where_each_outcome_is_kept_and_what_is_missing(tmp_path):
    root = fakecourse.make(tmp_path)
    (root / fakecourse.LESSON).write_text(fakecourse.notebook(*lesson().cells), encoding="utf-8")
    text = outcomes.page(root)
    assert f"[A look](../notebooks/{fakecourse.STEM}.ipynb#a-look)" in text
    assert "**Assessed:** *nowhere yet*" in text
    assert "**Asked:** *nowhere yet*" in text


@pytest.mark.parametrize("kept", KEPT, ids=stem)
def test_the_page_names_the_graded_cells_under_the_number_of_their_outcome(kept):
    text = outcomes.page(ROOT).split(f"\n## {kept.lesson.title}\n")[1].split("\n## ")[0]
    told, folded = text.split("<details>")
    lines = re.findall(r"^(\d+)\. (.+)$", folded, re.MULTILINE)
    assert lines == [
        (str(number), ", ".join(f"`{mark.grade_id}`" for mark in outcome.assessed))
        for number, outcome in enumerate(kept.outcomes, 1)
    ]
    assert not any(f"`{mark.grade_id}`" in told for outcome in kept.outcomes for mark in outcome.assessed)
    assert re.findall(r'<a id="([^"]+)"></a>', told) == [outcome.id for outcome in kept.outcomes]


def test_a_lesson_without_its_exercise_and_quiz_breaks_no_page(tmp_path):
    root = fakecourse.make(tmp_path)
    (root / fakecourse.QUIZ).unlink()
    (root / "exercises/release" / fakecourse.NAME / f"{fakecourse.NAME}.ipynb").unlink()
    assert "# Outcomes" in outcomes.page(root)
    (root / fakecourse.LESSON).unlink()
    assert "So far 0 of" in outcomes.page(root)


@pytest.mark.parametrize("kept", KEPT, ids=stem)
def test_the_page_shows_the_points_of_every_exercise(kept):
    rows = [row for row in outcomes.page(ROOT).splitlines() if row.startswith("|") and kept.lesson.title in row]
    numbers = rows[0].split("|")[4].split("+")
    assert [float(number) for number in numbers] == [kept.points.get(way, 0) for way in ("form", "code", "human")]
    assert sum(float(number) for number in numbers) == 20


# --------------------------------------------------------------------------------------------------------- activities


def test_every_lab_is_reached_by_an_activity_and_every_activity_leads_to_labs():
    reached = {stem for activity in PLAN["activities"] for stem in activity["labs"]}
    assert reached == set(STEMS)
    assert all(activity["labs"] for activity in PLAN["activities"])


def test_activities_are_told_apart():
    for key in ("id", "words"):
        values = [activity[key] for activity in PLAN["activities"]]
        assert len(values) == len(set(values))
    assert {activity["part"] for activity in PLAN["activities"]} == set(plan.PARTS)
    words = [activity["words"].lower() for activity in PLAN["activities"]]
    assert [one for one in words if any(one in other and one != other for other in words)] == []


def wrong_activities(notebook, stem: str) -> list[str]:
    """Activities of the plan that the lesson should name and does not, or names and should not."""
    said, wanted = plan.said_activities(notebook).lower(), plan.activities_of(stem)
    named = [one["words"] for one in PLAN["activities"] if one["words"].lower() in said]
    if named == wanted:
        return []
    line = f"**Activities of the OSPO definition:** {'; '.join(wanted)}."
    return [f"names {named}; expected {wanted} and no other, as in: {line}"]


@pytest.mark.parametrize("kept", KEPT, ids=stem)
def test_a_lesson_names_its_activities(kept):
    assert wrong_activities(outcomes.read(kept.lesson.path), kept.lesson.stem) == []


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("contributing enhancements back, with figures; sustainable use of\nexisting components.", True),
        ("Sustainable use of existing components; contributing enhancements back", True),
        ("contributing enhancements back.", False),
        ("contributing enhancements back; sustainable use of existing components; InnerSource.", False),
        ("", False),
    ],
)
def test_a_missing_or_foreign_activity_is_noticed(said, right):
    line = f"**Time:** 40 minutes.\n**Activities of the OSPO definition:** {said}"
    notebook = new_notebook(cells=[new_markdown_cell(f"## Prerequisites\n\n{line}\n\n<details></details>")])
    assert bool(wrong_activities(notebook, "advocate/strategy")) != right


def test_the_page_of_activities_leads_to_what_exists_and_names_what_is_to_come():
    text = plan.activities_page(ROOT)
    there, back = text.split("## The other way round")
    for lesson in course.lessons(ROOT):
        link = f"[{lesson.title}](../notebooks/{lesson.stem}.ipynb)"
        for half in (there, back):
            assert (link if lesson.exists else f"{lesson.title} *(to come)*") in half
    for activity in PLAN["activities"]:
        assert activity["means"] in there
        assert activity["words"] in back


# -------------------------------------------------------------------------------------------------------------- paths


def test_there_are_five_paths_and_together_they_use_every_lesson():
    assert [way.id for way in WAYS] == ["engineer", "lawyer", "community-manager", "public-servant", "researcher"]
    assert {step.lesson.stem for way in WAYS for step in way.steps} == set(STEMS)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)
def test_a_path_begins_with_the_foundations_and_ends_with_the_capstone(way):
    stems = [step.lesson.stem for step in way.steps]
    foundations = [stem for stem in STEMS if stem.startswith("foundations/")]
    assert stems[: len(foundations)] == foundations
    assert stems[-1] == "capstone/your-office"
    assert len(stems) == len(set(stems))
    assert {lesson.stem for lesson in way.later} == set(STEMS) - set(stems)


PLANNED = " + ".join("–".join(map(str, PLAN["minutes"][kind])) for kind in ("lesson", "exercise"))


def test_what_is_planned_for_a_lab_is_said_once():
    assert plan.paths_part(ROOT).count(PLANNED) == 1


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)
def test_a_path_says_what_is_here_today(way):
    text = plan.paths_part(ROOT).split(f"### {way.title}\n")[1].split("\n###")[0]
    here, of, minutes = re.search(r"\*\*Here today:\*\* (\d+) of (\d+) lessons, (\d+) minutes\.", text).groups()
    rows = [row for row in text.splitlines() if re.match(r"\| \d+ \|", row)]
    ready = [row for row in rows if "to come" not in row]
    assert (int(here), int(of)) == (len(ready), len(rows))
    assert int(minutes) == sum(int(number) for row in ready for number in re.findall(r"\d+", row.split(" | ")[2]))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)
def test_the_hours_of_a_path_are_the_sum_of_its_minutes(way):
    text = plan.paths_part(ROOT).split(f"### {way.title}\n")[1].split("\n###")[0]
    low = high = 0
    for minutes in re.findall(r"^\| \d+ \| .+? \| ([\d–+ ]*) \| ", text, re.MULTILINE):
        for part in (minutes.strip() or PLANNED).split("+"):
            ends = [int(number) for number in part.split("–")]
            low, high = low + ends[0], high + ends[-1]
    told = re.search(r"\*\*Together:\*\* (?:(\d+) h ?(\d*) to )?(\d+) h ?(\d*)\.", text)
    hours = [int(number or 0) for number in told.groups()]
    assert [hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]] == [low if low != high else 0, high]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)
def test_each_exercise_of_a_path_counts_once_after_its_last_lesson(way):
    last = {step.lesson.assignment: step for step in way.steps}
    assert [step for step in way.steps if step.exercise != plan.NONE] == list(last.values())


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("**Time:** 45 minutes, and 60 for the exercise. **Role:** none.", (45, 60)),
        ("**Time:** 30 minutes. The exercise comes after the third lesson and takes 40.", (30, None)),
        ("A while.", (None, None)),
    ],
)
def test_minutes_are_read_from_the_prerequisites(said, minutes):
    assert plan.said_minutes(new_notebook(cells=[new_markdown_cell(f"## Prerequisites\n\n{said}")])) == minutes


def test_a_lesson_that_exists_counts_as_long_as_it_says():
    for way in WAYS:
        for step in way.steps:
            told = plan.said_minutes(outcomes.read(step.lesson.path))[0] if step.lesson.exists else None
            low, high = PLAN["minutes"]["lesson"]
            assert step.reading == (plan.Minutes(told, told) if told else plan.Minutes(low, high))


# -------------------------------------------------------------------------------------- what the pages tell to be typed

PAGES = [ROOT / "book/how-to-learn.md", ROOT / "book/how-to-teach.md"]


def unknown_commands(text: str) -> list[str]:
    """Targets of make and commands of ospolab that a page names and that do not exist."""
    from ospolab.cli import app

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    named = {f"make {name}": name in targets for name in re.findall(r"(?:`|^|&& )make ([a-z]+)", text, re.MULTILINE)}
    named |= {f"ospolab {name}": name in commands for name in re.findall(r"(?:bin/|-m )ospolab ([a-z]+)", text)}
    return [name for name, there in named.items() if not there]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_only_commands_that_exist(page: Path):
    assert unknown_commands(page.read_text("utf-8")) == []


def test_a_command_that_does_not_exist_is_noticed():
    block = "make dinner\n.venv/bin/ospolab nap\n.venv/bin/ospolab progress"
    text = f"Type `make learn`, or `make lunch`, or\n\n```sh\n{block}\n```"
    assert unknown_commands(text) == ["make lunch", "make dinner", "ospolab nap"]
