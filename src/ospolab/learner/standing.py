"""How far a learner is: per lesson, what is answered, right and written, read from the files of their copy.

Whatever cannot be read counts as not done; nothing here raises because of a learner's file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ospolab import course as the_course
from ospolab.learner import progress


@dataclass(frozen=True)
class Standing:
    """One lesson and what is done of it. A total of 0 means there is nothing of the kind to do."""

    lesson: the_course.Lesson
    quiz_answered: int = 0
    quiz_right: int = 0
    quiz_total: int = 0
    fields_answered: int = 0
    fields_total: int = 0
    paper_written: bool = False

    @property
    def begun(self) -> bool:
        return self.quiz_answered > 0 or self.fields_answered > 0

    @property
    def lesson_done(self) -> bool:
        return self.quiz_total > 0 and self.quiz_answered >= self.quiz_total

    @property
    def exercise_done(self) -> bool:
        return self.fields_total > 0 and self.fields_answered >= self.fields_total


def standings(home: Path, course: Path | None = None) -> list[Standing]:
    """One entry for every planned lesson, in order. home: the learner's copy; course: the checkout."""
    done = progress.read(home)
    quizzes, papers = done.get("quiz", {}), done.get("paper", {})
    found = []
    for lesson in the_course.lessons(course):
        if not lesson.exists:
            found.append(Standing(lesson))
            continue
        questions = _quiet(lambda stem=lesson.stem: _questions(home / "notebooks" / f"{stem}.quiz.yml"), [])
        answers = [quizzes[key] for key in (f"{lesson.stem}/{question}" for question in questions) if key in quizzes]
        answered, fields = (0, 0)
        if lesson.assignment_exists:
            answered, fields = _quiet(lambda name=lesson.assignment: _fields(home / "exercises" / name), (0, 0))
        found.append(
            Standing(
                lesson=lesson,
                quiz_answered=len(answers),
                quiz_right=sum(1 for answer in answers if isinstance(answer, dict) and answer.get("correct") is True),
                quiz_total=len(questions),
                fields_answered=answered,
                fields_total=fields,
                paper_written=lesson.stem in papers or _written(home / "portfolio", lesson.paper),
            )
        )
    return found


def _quiet(count: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return count()
    except Exception:  # half-edited, half-downloaded, not what it should be: the lesson itself says what is wrong
        return otherwise


def _questions(path: Path) -> list[str]:
    """The ids of the questions in a quiz file: a list of them, bare or under `questions`."""
    content = the_course.read_yaml(path)
    if isinstance(content, dict):
        content = content["questions"]
    return [str(question["id"]) for question in content]


def _fields(folder: Path) -> tuple[int, int]:
    """(required fields answered, required fields) over all forms of an exercise."""
    from ospolab.forms import definition, store

    answered = total = 0
    for task, form in definition.load(folder).items():
        required = [field for field in form.fields if not field.optional]
        values = _quiet(lambda task=task: store.read(task, folder).values, {})
        total += len(required)
        answered += sum(1 for field in required if field.complete(values.get(field.id)))
    return answered, total


def _written(portfolio: Path, paper: str | None) -> bool:
    """Whether the portfolio holds a paper of this name: "health report" is health-report.md, or any other ending."""
    if not paper or not portfolio.is_dir():
        return False
    slug = re.sub(r"[^a-z0-9]+", "-", paper.lower()).strip("-")
    return any(path.is_file() and path.stem == slug and path.stat().st_size for path in portfolio.iterdir())
