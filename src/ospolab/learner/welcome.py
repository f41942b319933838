"""`welcome.md`: the first page a learner sees, made anew from what the course has and what they have done."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from ospolab import course as the_course
from ospolab.learner import MARKER, files, progress
from ospolab.learner.standing import Standing, standings

NAME = "welcome.md"


def refresh(home: Path, course: Path | None = None) -> None:
    """Write the page of the copy `home`, if it says something else than before. Raises OSError."""
    text = page(standings(home, course), broken=progress.broken(home))
    path = home / NAME
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, ValueError):
        pass
    files.write(path, text)


def page(found: list[Standing], broken: list[str] = ()) -> str:
    """The page as Markdown. broken: names of damaged progress files that were laid aside."""
    parts = [
        "# Welcome\n",
        "This course is for people who run an Open Source Program Office, or are about to: you work on real cases, "
        "and at the end you hold the papers your office needs. Each lab is a lesson to read and run, a quiz, and an "
        "exercise that is checked by tests.\n",
        f"**Next: {next_step(found)}**\n",
    ]
    for name in broken:
        parts.append(
            f"> Part of your progress file could not be read and counts as not done. The file as it was: "
            f"`{MARKER}/{name}`. Your notebooks, answers and papers are not affected.\n"
        )
    parts.extend(_roles(found))
    parts.append(
        "## Good to know\n\n"
        "- **Your work** is in this folder and nowhere else: notebooks, `answers.yml`, `portfolio/`. Nothing is sent "
        "anywhere. An update of the course never overwrites a file you have changed.\n"
        "- **Start a file over:** delete it, stop JupyterLab, and run `make learn` again.\n"
        "- **Check your exercise** with *Validate* in the notebook's toolbar; for points, run "
        "`make grade ASSIGNMENT=<name of the exercise>` in a terminal.\n"
        "- **Stuck?** *Kernel > Restart Kernel and Run All Cells* is always safe: what a form has saved stays. For the "
        "editor, see *Help* in the menu; for the course, open an issue in the repository you cloned.\n"
        "- This page is written anew as you go on; reload it with *File > Reload Markdown File from Disk*.\n"
    )
    return "\n".join(parts)


def summary(home: Path, course: Path | None = None) -> str:
    """The part of the page that changes, for a terminal: what is next, and the tables, without links."""
    found = standings(home, course)
    here = [standing for standing in found if standing.lesson.exists]
    text = "\n".join([f"Next: {next_step(found)}\n", *_roles(here)])
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def _roles(found: list[Standing]) -> list[str]:
    """A section for every role that has a lesson, and one for all that is still to come elsewhere."""
    groups = [(role, list(group)) for role, group in groupby(found, key=lambda standing: standing.lesson.role)]
    sections = [_role(role, group) for role, group in groups if any(one.lesson.exists for one in group)]
    later = [
        f"- {_name(role)}: {_titles(group)}\n" for role, group in groups if not any(one.lesson.exists for one in group)
    ]
    return [*sections, "## Still to come\n\n" + "".join(later)] if later else sections


def next_step(found: list[Standing]) -> str:
    """What to do next, as Markdown: the first thing in the order of the course that is not done."""
    existing = [standing for standing in found if standing.lesson.exists]
    if not existing:
        return "no lesson is here yet; fetch the newest version of the course and start again."
    for standing in existing:
        lesson = standing.lesson
        if not standing.lesson_done and not (standing.quiz_total == 0 and standing.begun):
            verb = "go on with" if standing.begun else "begin with" if standing is existing[0] else "the lesson"
            return f"{verb} [{lesson.title}]({_lesson_link(lesson)})."
        if lesson.assignment_exists and not standing.exercise_done and standing.fields_total:
            verb = "finish" if standing.fields_answered else "do"
            return f"{verb} the exercise of [{lesson.title}]({_exercise_link(lesson)})."
        if lesson.paper and not standing.paper_written and lesson.assignment_exists:
            return (
                f"write the {lesson.paper}, at the end of the exercise of [{lesson.title}]({_exercise_link(lesson)})."
            )
    return "everything that is here is done. `make grade` counts your points; more labs are on their way."


def _role(role: str, group: list[Standing]) -> str:
    plan = the_course.plan()["roles"].get(role)
    text = f"## {_name(role)}: {plan['does']}\n\n" if plan else f"## {_name(role)}\n\n"
    text += "| Lesson | Quiz | Exercise | Paper |\n| :--- | :--- | :--- | :--- |\n"
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
    quiz = f"{standing.quiz_right} of {standing.quiz_total} right" if standing.quiz_total else "-"
    exercise = "-"
    if lesson.assignment_exists:
        count = f": {standing.fields_answered} of {standing.fields_total} answered" if standing.fields_total else ""
        exercise = f"[exercise]({_exercise_link(lesson)}){count}"
    paper = "-"
    if lesson.paper:
        paper = f"{lesson.paper}: {'written' if standing.paper_written else 'not yet'}"
    return f"| [{lesson.title}]({_lesson_link(lesson)}) | {quiz} | {exercise} | {paper} |\n"


def _lesson_link(lesson: the_course.Lesson) -> str:
    return f"notebooks/{lesson.stem}.ipynb"


def _exercise_link(lesson: the_course.Lesson) -> str:
    return f"exercises/{lesson.assignment}/{lesson.assignment}.ipynb"
