"""`welcome.md`: the first page a learner sees, made anew from what the course has and what they have done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from ospolab import course as the_course
from ospolab.learner import MARKER, copy, files, progress
from ospolab.learner.standing import Exercise, Points, Standing, standings

NAME = "welcome.md"
KEPT = f"{MARKER}/{progress.NAME}"
FIRST_TIME = (
    "Your first time here? 1. Open the lesson: a click on its name above. 2. *Run > Run All Cells*, in the menu at the "
    "top: quizzes, forms and explorers come alive. 3. Read.\n"
)


def refresh(home: Path, course: Path | None = None) -> None:
    """Write the page of the copy `home`, if it says something else than before. Raises OSError."""
    text = page(standings(home, course), broken=progress.broken(home), beside=copy.beside(home))
    path = home / NAME
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    files.write(path, text)


def page(found: list[Standing], broken: Sequence[str] = (), beside: Sequence[tuple[str, str]] = ()) -> str:
    """The page as Markdown. broken: names of damaged progress files that were laid aside. beside: see `copy.beside`."""
    parts = [
        "# Welcome\n",
        *([f"**So far:** {totals(found)}\n"] if totals(found) else []),
        "*Not up to date? File > Reload Markdown File from Disk.*\n",
        f"**Next: {next_step(found)}**\n",
        *([FIRST_TIME] if totals(found) and not any(one.begun or _exercise_begun(one) for one in found) else []),
        "This course is for people who run an Open Source Program Office, or are about to: you work on real cases, "
        "and at the end you hold the papers your office needs. Each lab is a lesson to read and run, a quiz, and an "
        "exercise that is checked by tests.\n",
    ]
    for name in broken:
        parts.append(
            f"> Part of your progress file could not be read and counts as not done. The file as it was: "
            f"`{MARKER}/{name}`. Your notebooks, answers and papers are not affected.\n"
        )
    if beside:
        lines = "".join(f"- [{mine}]({mine}): the new one is [{new}]({new})\n" for mine, new in beside)
        parts.append(
            "**Changed in the course, and you have worked in it.** Yours is kept, and the new one lies beside it. Take "
            f"over what you like, then delete the new one.\n\n{lines}"
        )
    parts.extend(_roles(found))
    parts.append(
        "## Good to know\n\n"
        "- **Your work** is in this folder and nowhere else: notebooks, `answers.yml`, `portfolio/`. Nothing is sent "
        "anywhere. An update of the course never overwrites a file you have changed.\n"
        "- **The tables** count what you ticked, answered, had graded and wrote. Ticks, quiz answers and points are "
        f"kept in this folder too, in `{KEPT}`; delete that file to have them forgotten.\n"
        "- **A word you do not know** is in the [glossary](glossary.md).\n"
        "- **Start a file over:** delete it, stop JupyterLab, and run `make learn` again.\n"
        "- **Check your exercise** with *Validate* in the notebook's toolbar. For points, in a terminal (*File > New > "
        "Terminal*): `ospolab check <name of the exercise>`. Alone, `ospolab check` lists the names; "
        "`ospolab progress` and `ospolab portfolio` show what you have done and written.\n"
        "- **Stuck?** *Kernel > Restart Kernel and Run All Cells* is always safe: what a form has saved stays. For the "
        "editor, see *Help* in the menu; for the course, open an issue in the repository you cloned.\n"
    )
    return "\n".join(parts)


def summary(home: Path, course: Path | None = None) -> str:
    """The part of the page that changes, for a terminal: how far, what is next, and the tables, without links."""
    found = standings(home, course)
    here = [standing for standing in found if standing.lesson.exists]
    so_far = [f"So far: {totals(found)}\n"] if here else []
    kept = f"Counted from the files in `{home}`; what you ticked, answered and earned is in `{KEPT}` there. "
    text = "\n".join([*so_far, f"Next: {next_step(found)}\n", *_roles(here), f"{kept}Nothing is sent anywhere."])
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def _roles(found: list[Standing]) -> list[str]:
    """A section for every role that has a lesson, and one for all that is still to come elsewhere."""
    groups = [(role, list(group)) for role, group in groupby(found, key=lambda standing: standing.lesson.role)]
    sections = [_role(role, group) for role, group in groups if any(one.lesson.exists for one in group)]
    later = [
        f"- {_name(role)}: {_titles(group)}\n" for role, group in groups if not any(one.lesson.exists for one in group)
    ]
    return [*sections, "## Still to come\n\n" + "".join(later)] if later else sections


def _exercise_begun(standing: Standing) -> bool:
    return standing.exercise is not None and standing.exercise.begun


def totals(found: list[Standing]) -> str:
    """How far the learner is in what exists, in one line; "" where nothing exists."""
    here = [standing for standing in found if standing.lesson.exists]
    if not here:
        return ""
    read = sum(standing.read for standing in here)
    right, questions = sum(standing.quiz_right for standing in here), sum(standing.quiz_total for standing in here)
    counted = [f"{read} of {len(here)} lessons read"]
    if questions:
        counted.append(f"{right} of {questions} quiz questions right")
    exercises = [standing.exercise for standing in here if standing.exercise_follows]
    if exercises:
        counted.append(_points_of_all(exercises))
    return f"{', '.join(counted)}."


def _points_of_all(exercises: list[Exercise]) -> str:
    graded = [exercise.points for exercise in exercises if exercise.points]
    if not graded:
        return "no exercise graded yet"
    notes = []
    if len(graded) < len(exercises):
        notes.append(f"{len(graded)} of {len(exercises)} exercises graded")
    if changed := sum(not points.current for points in graded):
        notes.append(f"{changed} {'exercise' if changed == 1 else 'exercises'} changed since")
    if waiting := sum(points.waiting for points in graded):
        notes.append(f"{waiting:g} more for a human to read")
    points = f"{sum(one.earned for one in graded):g} of {sum(one.of for one in graded):g} points by checks"
    return f"{points} ({'; '.join(notes)})" if notes else points


def next_step(found: list[Standing]) -> str:
    """What to do next, as Markdown: the first thing in the order of the course that is not done.

    Where lessons share an exercise: the lessons first, then the exercise, then the papers of all of them.
    """
    existing = [standing for standing in found if standing.lesson.exists]
    if not existing:
        return "no lesson is here yet; fetch the newest version of the course and start again."
    together: list[Standing] = []
    for standing in existing:
        together.append(standing)
        if step := _lesson_step(standing, first=standing is existing[0]):
            return step
        if standing.exercise is None:
            together.clear()
        elif standing.exercise_follows:
            if step := _exercise_step(standing, together):
                return step
            together.clear()
    if all(one.exercise.points and one.exercise.points.current for one in existing if one.exercise):
        return "everything that is here is done and graded. More labs are on their way."
    return "everything that is here is done. `ospolab check`, in a terminal, counts your points; more labs are to come."


def _lesson_step(standing: Standing, first: bool) -> str | None:
    link = f"[{standing.lesson.title}]({_lesson_link(standing.lesson)})"
    if standing.read and not standing.quiz_done:
        left = standing.quiz_total - standing.quiz_answered
        return f"the quiz at the end of {link} ({left} of {standing.quiz_total} questions open)."
    # Without a quiz there is no tick either: then work on the exercise has to do as a sign.
    if standing.read or (standing.quiz_total == 0 and standing.exercise and standing.exercise.begun):
        return None
    return f"{'go on with' if standing.begun else 'begin with' if first else 'the lesson'} {link}."


def _exercise_step(standing: Standing, together: list[Standing]) -> str | None:
    lesson, exercise = standing.lesson, standing.exercise
    name = f"the exercise of [{_name(lesson.role) if exercise.lessons > 1 else lesson.title}]({_exercise_link(lesson)})"
    if not exercise.done:
        return f"{'finish' if exercise.begun else 'do'} {name}."
    for one in together:
        if one.lesson.paper and not one.paper_written:
            return f"write the {one.lesson.paper}, at the end of {name}."
    return None


def _role(role: str, group: list[Standing]) -> str:
    plan = the_course.plan()["roles"].get(role)
    text = f"## {_name(role)}: {plan['does']}\n\n" if plan else f"## {_name(role)}\n\n"
    text += "| Lesson | Read | Quiz | Exercise | Paper |\n| :--- | :--- | :--- | :--- | :--- |\n"
    text += "".join(_row(standing) for standing in group if standing.lesson.exists)
    to_come = [standing for standing in group if not standing.lesson.exists]
    return text + (f"\n*Still to come: {_titles(to_come)}*\n" if to_come else "")


def _name(role: str) -> str:
    plan = the_course.plan()["roles"].get(role)
    return plan["title"] if plan else role.capitalize()


def _titles(group: list[Standing]) -> str:
    """Titles separated by a dot, because some end in a question mark."""
    return " · ".join(standing.lesson.title for standing in group)


def _row(standing: Standing) -> str:
    lesson = standing.lesson
    state = "not yet" if not standing.paper_written else "written" if standing.paper_holds else "written, not finished"
    paper = f"{lesson.paper}: {state}" if lesson.paper else "-"
    read = "read" if standing.read else "not yet"
    return (
        f"| [{lesson.title}]({_lesson_link(lesson)}) | {read} | {_quiz(standing)} | {_exercise(standing)} | {paper} |\n"
    )


def _quiz(standing: Standing) -> str:
    if not standing.quiz_total:
        return "-"
    if not standing.quiz_answered:
        return f"{standing.quiz_total} questions"
    left = "" if standing.quiz_done else f", {standing.quiz_total - standing.quiz_answered} open"
    return f"{standing.quiz_right} of {standing.quiz_total} right{left}"


def _exercise(standing: Standing) -> str:
    exercise = standing.exercise
    if exercise is None:
        return "-"
    if not standing.exercise_follows:
        return "shared, see below"
    name = f"one exercise for all {exercise.lessons}" if exercise.lessons > 1 else "exercise"
    given = f"{exercise.fields_answered} of {exercise.fields_total} answers given"
    if exercise.points:
        counted = [_points(exercise.points)] if exercise.done else [_points(exercise.points), given]
    elif exercise.fields_total:
        counted = [given, "not graded yet"] if exercise.done else [given]
    else:
        counted = ["not graded yet"]
    return f"[{name}]({_exercise_link(standing.lesson)}): {'; '.join(counted)}"


def _points(points: Points) -> str:
    count = f"{points.earned:g} of {points.of:g}"
    count += " points by checks" if points.current else " by checks, before your last changes"
    return f"{count}; {points.waiting:g} more for a human to read" if points.waiting else count


def _lesson_link(lesson: the_course.Lesson) -> str:
    return f"notebooks/{lesson.stem}.ipynb"


def _exercise_link(lesson: the_course.Lesson) -> str:
    return f"exercises/{lesson.assignment}/{lesson.assignment}.ipynb"
